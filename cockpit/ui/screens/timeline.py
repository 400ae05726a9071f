"""What each agent did minute by minute, and how long it waited for the operator; a minute leads into its output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cockpit.errors import CockpitError
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.model.timeline.folding import standing
from cockpit.model.timeline.minute import MINUTE, AgentMinutes, Timeline
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.footer import typed_keys
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reading import line_under
from cockpit.ui.look.cells import content
from cockpit.ui.look.rows.names import least_room
from cockpit.ui.look.timeline import (
    LEGEND,
    SPANS,
    SUMS,
    all_waiting,
    axis_line,
    beside,
    cell_words,
    cells_of,
    clock,
    room_for,
    timeline_row,
    waiting_words,
)
from cockpit.ui.places.history import ScreenPlace
from cockpit.ui.screens.over_home import OverHome
from cockpit.ui.screens.recorded import RecordedScreen
from cockpit.ui.screens.travelling import visit
from cockpit.ui.transcript.find.search import Archive
from cockpit.ui.widgets.bars import HeaderBar
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

SECONDS = 86_400.0
"""How far back it looks."""

LOOK_EVERY = 2.0
"""Seconds between two looks into the history."""

LOW = 30
"""Lines of the screen below which nothing is left blank around the rows."""

KEYS = (
    ("⏎", "read there"),
    ("←→", "minute"),
    ("+ −", "scale"),
    ("w", "longest wait"),
    ("end", "now"),
    ("esc", "back"),
)


class TimelineScreen(OverHome):
    """A row for each agent, a cell for each minute."""

    NAME: ClassVar[str] = "timeline"
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "read", "read there", show=False),
        Binding("left,h", "step(-1)", "earlier", show=False, priority=True),
        Binding("right,l", "step(1)", "later", show=False, priority=True),
        Binding("plus,equals_sign", "scale(-1)", "closer", show=False),
        Binding("minus", "scale(1)", "wider", show=False),
        Binding("w", "longest", "longest wait", show=False),
        Binding("end", "now", "now", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    TimelineScreen #axis { height: 1; margin: 1 1 0 1; }
    TimelineScreen.-low #axis { margin: 0 1; }
    TimelineScreen #legend { height: 1; padding: 0 1; }
    """

    def __init__(self, home: HomePort, needle: str = "") -> None:
        super().__init__(home, needle)
        self._timeline: Timeline | None = None
        self._names: dict[AgentId, str] = {}
        self._trouble: Clean = NOTHING
        self._looked = 0.0
        self._span = 0
        self._cell: int | None = None
        """The cell that is pointed at, counted since 1970; None is the newest, whichever that is."""
        self._last: int | None = None
        """The last cell in sight; None is the newest."""
        self._drawn: dict[str, tuple[object, Row]] = {}

    def compose(self) -> ComposeResult:
        yield HeaderBar(id="header")
        yield Plain(id="where")
        yield Plain(id="axis")
        yield RowList(id="rows")
        yield Plain(id="notes")
        yield Plain(id="legend")
        yield Plain(id="footer")

    @property
    def rows(self) -> RowList:
        """The agents."""
        return self.query_one("#rows", RowList)

    @property
    def agent(self) -> Agent | None:
        """The agent under the cursor, if it is still there."""
        return self.fleet.agent(AgentId(self.rows.cursor_key))

    @property
    def span(self) -> int:
        """Minutes of a cell."""
        return SPANS[self._span]

    @property
    def cell(self) -> int:
        """The cell that is pointed at."""
        return self._newest if self._cell is None else self._cell

    @property
    def _newest(self) -> int:
        return int(self.engine.now() // MINUTE) // self.span

    @property
    def _oldest(self) -> int | None:
        """The first minute of which anything is recorded."""
        rows = self._timeline.rows if self._timeline is not None else ()
        return min((min(row.minutes) for row in rows if row.minutes), default=None)

    @property
    def _known(self) -> int:
        """How many cells there are from the first one of which anything is recorded."""
        return self._newest - self._oldest // self.span + 1 if self._oldest is not None else 1

    def show_foot(self) -> None:
        """Show the keys that count."""
        footer = self.query_one("#footer", Plain)
        footer.show(content(typed_keys(KEYS, footer.size.width)))

    # --- what it shows -------------------------------------------------------------------------------

    def list_steps(self) -> Iterator[None]:
        """Take in the newest snapshot, and look into the history from time to time."""
        if not (self.is_mounted and self.is_attached):
            return
        fleet, now = self.fleet, self.engine.now()
        self.set_class(self.size.height < LOW, "-low")
        if abs(now - self._looked) >= LOOK_EVERY:
            self._looked = now
            self.run_worker(self._look(now), name="look at the minutes", group="timeline")
        self.query_one(HeaderBar).flush(fleet, now, self.situation().wanted, read_only=self.read_only)
        self._show_where()
        yield
        self._show_rows()
        yield
        self._show_notes()
        self.show_foot()

    def _show_where(self) -> None:
        width = self.size.width
        since = our_line("from {} · ", clock(self._oldest)) if self._oldest is not None else NOTHING
        scale = our_line("{}a cell is {} min ", since, self.span)
        waiting = all_waiting(self._timeline) if self._timeline is not None else []
        left = [*self.way_pieces(width // 2), (ours("   "), ""), *waiting]
        self.query_one("#where", Plain).show(beside(left, [(scale, "$muted")], width))

    def _in_order(self) -> list[AgentMinutes]:
        """Return the rows: who is there in the fleet's order, then those that are gone by their names."""
        order = {agent.id: at for at, agent in enumerate(self.fleet.agents)}
        rows = self._timeline.rows if self._timeline is not None else ()
        return sorted(rows, key=lambda row: (order.get(row.agent, len(order)), row.name, row.agent))

    def _show_rows(self) -> None:
        found = self._in_order()
        names = tuple(clean_line(row.name) for row in found)
        room = max(20, self.rows.scrollable_content_region.width)
        wide = least_room(names, 8, max(8, min(24, room // 4))) if names else 8
        shared = room_for(max(1, room - wide - 1 - SUMS), self._known)
        number = shared.cells
        last = self._newest if self._last is None else self._last
        last = max(last, self.cell)
        if self.cell <= last - number:
            last = self.cell + number - 1
        self._last = None if last >= self._newest else last
        first = last - number + 1
        shown: dict[str, tuple[object, Row]] = {}
        for row, name in zip(found, names, strict=True):
            cursor = self.cell - first if row.agent == self.rows.cursor_key else None
            gone = self.fleet.agent(row.agent) is None
            looks = (row, names, first, self.span, shared, cursor, gone)
            known = self._drawn.get(row.agent)
            if known is None or known[0] != looks:
                cells = cells_of(row, first * self.span, self.span, number)
                began = (min(row.minutes) - first * self.span) // self.span if row.minutes else number
                drawn = timeline_row(
                    row,
                    name,
                    names,
                    cells,
                    wide,
                    cursor,
                    began=began,
                    gone=gone,
                    span=self.span,
                    stretch=shared.stretch,
                    blank=shared.blank,
                )
                known = (looks, Row(row.agent, drawn))
            shown[row.agent] = known
        self._drawn = shown
        rows = self.rows
        nothing = ours("Nothing was recorded in the last 24 hours.")
        rows.set_empty((NOTHING, self._trouble or (nothing if self._timeline else ours("Reading what is recorded …"))))
        pointed = rows.cursor_key
        rows.set_rows([row for _, row in shown.values()])
        if rows.cursor_key != pointed:
            self.call_after_refresh(self.bridge.flush)  # the cursor of the minutes goes along
        self.query_one("#axis", Plain).show(
            axis_line(first * self.span, self.span, number, wide, shared.stretch, shared.blank, self.cell - first)
        )

    def _show_notes(self) -> None:
        width = self.size.width - 2
        row = self._row()
        notes, legend = self.query_one("#notes", Plain), self.query_one("#legend", Plain)
        legend.show(beside([*LEGEND], [], width))
        if row is None:
            notes.show(content([]))
            return
        minute = row.cell(self.cell * self.span, self.span)
        first = self.cell * self.span
        known = bool(row.minutes) and min(row.minutes) < first + self.span
        left = cell_words(clean_line(row.name), minute, first, self.span, known=known)
        notes.show(beside(left, waiting_words(row), width))

    def _row(self) -> AgentMinutes | None:
        rows = self._timeline.rows if self._timeline is not None else ()
        return next((row for row in rows if row.agent == self.rows.cursor_key), None)

    async def _look(self, now: float) -> None:
        recorded = self.engine.recorded
        try:
            if not self._names:
                self._names = {one.id: one.name for one in await recorded.agents()}
            names = self._names | {agent.id: agent.name for agent in self.fleet.agents}
            self._timeline = await recorded.timeline(now - SECONDS, now, standing=standing(self.fleet), names=names)
            self._trouble = NOTHING
        except CockpitError as error:
            self._trouble = clean_line(error.message)
        self.bridge.flush()

    # --- moving --------------------------------------------------------------------------------------

    def action_step(self, step: int) -> None:
        """Point at an earlier or a later cell, of those of which anything may be recorded."""
        oldest = int((self.engine.now() - SECONDS) // MINUTE)
        oldest = oldest if self._oldest is None else max(oldest, self._oldest)
        wanted = max(oldest // self.span, self.cell + step)
        self._cell = None if wanted >= self._newest else wanted
        self.bridge.flush()

    def action_now(self) -> None:
        """Point at the newest cell, and stay there."""
        self._cell = self._last = None
        self.bridge.flush()

    def action_scale(self, step: int) -> None:
        """Let a cell stand for more or fewer minutes, around the one that is pointed at."""
        minute = self.cell * self.span
        followed = self._cell is None
        self._span = max(0, min(len(SPANS) - 1, self._span + step))
        self._cell = None if followed else min(self._newest, minute // self.span)
        self._last = None
        self.bridge.flush()

    def action_longest(self) -> None:
        """Point at the beginning of the longest wait of all."""
        waited = [(row.longest, row.agent) for row in self._in_order() if row.longest is not None]
        if not waited:
            self.warn(ours("Nobody waited for you in this time."), title=ours("Longest wait"))
            return
        wait, agent = max(waited, key=lambda one: one[0].seconds)
        self.rows.point_at(agent)
        self._cell = min(self._newest, int(wait.since // MINUTE) // self.span)
        self.bridge.flush()

    def action_read(self) -> None:
        """Read on in the output at the cell that is pointed at."""
        row = self._row()
        place = row.place_at(self.cell * self.span, self.span) if row is not None else None
        if row is None or place is None:
            self.warn(ours("No line of it is recorded."), title=ours("Read there"))
            return
        if self.fleet.agent(row.agent) is None:
            self.open_dialog(RecordedScreen(self.home, row.agent, clean_line(row.name), "", place))
            return
        visit(self, ScreenPlace())
        self.home.select(row.agent)
        self.home.focus_pane("output")
        self.home.output.find_near(Archive(self.engine.recorded, row.agent), line_under, "", place)

    def perform(self, action: Action) -> None:
        """Do an action of the registry; there is nothing to narrow."""
        if action.id != "see.filter":
            action.handler(self)

    def action_back_out(self) -> None:
        """Go back."""
        self.dismiss(None)

    @on(RowList.Highlighted)
    def _highlighted(self, message: RowList.Highlighted) -> None:
        message.stop()
        self.bridge.flush()

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        message.stop()
        self.action_read()

    @on(events.Resize)
    def _resized(self) -> None:
        self.bridge.flush()
