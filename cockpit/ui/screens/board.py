"""The board as a screen: a column for each status, cards in them, and the keys that act upon a card."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from cockpit.model.board import TASK_STATUSES, Task
from cockpit.model.filters.language import filter_of
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.health import kind_of_service
from cockpit.model.tasks.filters import TASKS, filtered
from cockpit.text.clean import Clean, joined, ours, repeated
from cockpit.text.sanitize import our_line
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.registry import bindings
from cockpit.ui.board.lanes import Lane, Lanes
from cockpit.ui.look.cards import PRIORITIES, card_context, lanes_of
from cockpit.ui.look.cells import Piece, age, content, cut, pieces_width
from cockpit.ui.look.rows.tasks import doubts_note
from cockpit.ui.screens.over_home import OverHome
from cockpit.ui.widgets.bars import HeaderBar
from cockpit.ui.widgets.filter_line import FilterLine
from cockpit.ui.widgets.plain import Plain

LOW = 30
"""Lines of the screen below which nothing is left blank around the columns."""

STALE = 30.0
"""Seconds after which a board that is read every few has grown old."""

FOOT = (
    "task.back",
    "task.on",
    "board.open",
    "board.handover",
    "board.assign",
    "board.create",
    "task.edit",
    "board.note",
    "task.approve",
    "task.reject",
    "task.submit",
    "task.output",
    "task.artifacts",
    "see.filter",
    "task.bump",
    "task.delete",
    "app.help",
)


class BoardScreen(OverHome):
    """Tasks as cards in columns."""

    NAME: ClassVar[str] = "board"
    GROUPS: ClassVar[tuple[str, ...]] = ("Board", "Board screen")
    FOOT = FOOT
    AUTO_FOCUS = "#lanes"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("board")]

    def __init__(self, home: HomePort, needle: str = "") -> None:
        super().__init__(home, needle)
        self._folded = {TASK_STATUSES[-1]}

    def compose(self) -> ComposeResult:
        yield HeaderBar(id="header")
        yield Plain(id="where")
        yield Plain(id="trouble")
        yield Lanes(id="lanes")
        yield Plain(id="notes")
        yield FilterLine(id="filter", hint=ours("words · #tag · @assignee · by:creator · is:column · esc clears"))
        yield Plain(id="footer")

    @property
    def lanes(self) -> Lanes:
        """The columns."""
        return self.query_one(Lanes)

    @property
    def pane(self) -> str:
        """How the footers call it."""
        return "lanes"

    def selected_task(self) -> Task | None:
        """Return the task under the cursor."""
        key = self.lanes.cursor_key
        return next((task for task in self.fleet.tasks if task.id == key), None) if key else None

    @property
    def agent(self) -> Agent | None:
        """The agent that has the task under the cursor."""
        task = self.selected_task()
        if task is None or not task.assignee:
            return None
        return next((agent for agent in self.fleet.agents if agent.name == task.assignee), None)

    # --- what it shows -------------------------------------------------------------------------------

    def list_steps(self) -> Iterator[None]:
        """Take in the newest snapshot, and say to the engine that somebody looks at the board."""
        if not (self.is_mounted and self.is_attached):
            return
        self.engine.coordination.board.look()
        fleet, now = self.fleet, self.engine.now()
        self.set_class(self.size.height < LOW, "-low")
        tasks = filtered(fleet.tasks, self.needle) if self.needle else list(fleet.tasks)
        self.filter_line.tell(len(tasks), filter_of(self.needle, TASKS).faults)
        around = card_context(fleet, now)
        self.lanes.set_words("no task matches" if self.needle else "no task")
        self.lanes.set_lanes(self._lanes_of(fleet, tasks, now), around)
        yield
        self.outcomes.flush(fleet)
        self._show_frame(fleet, tasks, now)
        note = content(doubts_note(around.doubts, self.size.width - 2))
        self.query_one("#notes", Plain).show(note)
        yield
        self.show_foot()

    def _lanes_of(self, fleet: Fleet, tasks: list[Task], now: float) -> list[Lane]:
        counts: dict[str, int] = {}
        for task in fleet.tasks:
            counts[task.status] = counts.get(task.status, 0) + 1
        members: dict[str, list[Task]] = {}
        for task in tasks:
            members.setdefault(task.status, []).append(task)
        today = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        lanes = []
        for status in lanes_of(set(counts)):
            found = sorted(members.get(status, ()), key=_order)
            fresh = sum(task.updated_at >= today for task in found) if status == TASK_STATUSES[-1] else 0
            note = f"+{fresh} today" if fresh else ""
            lanes.append(Lane(status, tuple(found), counts.get(status, 0), status in self._folded, note))
        return lanes

    def _show_frame(self, fleet: Fleet, tasks: list[Task], now: float) -> None:
        self.query_one(HeaderBar).flush(fleet, now, self.tallies.of(fleet, now), read_only=self.read_only)
        width = self.size.width
        left = self.way_pieces(width // 2)
        total, found = len(fleet.tasks), len(tasks)
        left.append((our_line("   {} task{}", total, "" if total == 1 else "s"), "$muted"))
        if self.needle:
            left += [(our_line("   /{}", self.needle), "bold $accent"), (our_line(" {} match", found), "$muted")]
        as_of = self.engine.coordination.board.as_of
        old = bool(as_of) and now - as_of > STALE
        right: Piece = (
            our_line("as of {} ago ", age(now - as_of)) if as_of else ours("not read yet "),
            "$link-degraded" if old else "$muted",
        )
        room = width - pieces_width([right]) - 1
        left = [(cut(text, max(0, room)), style) for text, style in left] if pieces_width(left) > room else left
        gap = repeated(ours(" "), max(1, width - pieces_width(left) - pieces_width([right])))
        self.query_one("#where", Plain).show(content([*left, (gap, ""), right]))
        self.show_trouble("board", now)

    def show_trouble(self, service: str, now: float) -> None:
        """Say what is wrong with a service, since when, and how it is mended."""
        lines: list[Clean] = []
        for health in self.fleet.services(service):
            if not health.ok:
                refused = any(code in health.reason for code in (" 401 ", " 403 "))
                what = "the token is refused" if refused else "it does not answer"
                lines.append(
                    our_line("✗ {}: {} since {}: {}", health.name, what, age(now - health.since), health.reason)
                )
                if health.hint:
                    lines.append(our_line("  → {}; what is shown is the last known", health.hint))
            elif health.unreadable:
                lines.append(our_line("! {}: {} entries cannot be read", health.name, health.unreadable))
        if self.fleet.awaited and service not in map(kind_of_service, self.fleet.awaited):
            lines.append(our_line("✗ no {} is configured: `cockpit infra` makes it", service))
        bar = self.query_one("#trouble", Plain)
        bar.set_class(bool(lines), "-said")
        bar.show(content([(joined(lines, ours("\n")), "$link-down")]) if lines else content([]), layout=True)

    # --- acts ----------------------------------------------------------------------------------------

    def go_to(self, place: str) -> None:
        """Go to a task here, to all else on the home screen."""
        kind, _, key = place.partition(":")
        if kind != "task":
            super().go_to(place)
        elif not self.lanes.point_at(key):
            self.narrow("")
            self.lanes.point_at(key)

    @on(Lanes.Highlighted)
    def _highlighted(self) -> None:
        self.show_foot()

    @on(Lanes.Chosen)
    def _chosen(self) -> None:
        self.try_action("board.open")

    @on(Lanes.FoldToggled)
    def _fold_toggled(self, message: Lanes.FoldToggled) -> None:
        self._folded ^= {message.status}
        self.bridge.flush()

    @on(FilterLine.Changed)
    def _filter_changed(self, changed: FilterLine.Changed) -> None:
        self.narrow(changed.needle)

    @on(FilterLine.Closed)
    def _filter_closed(self) -> None:
        self.lanes.focus()


def _order(task: Task) -> tuple[int, int, float, str]:
    """Order the cards of a column: urgent ones, bumped ones, new ones; of those done, the last."""
    ranks = [list(PRIORITIES).index(tag.lower()) for tag in task.tags if tag.lower() in PRIORITIES]
    when = task.updated_at if task.status == TASK_STATUSES[-1] else task.created_at
    return min(ranks, default=len(PRIORITIES)), -task.score, -when, task.id
