"""Columns of cards side by side, drawn line by line: the cursor is a task, and only lines that changed are painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from cockpit.model.board import Task
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line
from cockpit.ui.board.columns import Column, lay_out
from cockpit.ui.look.cards import CardContext, card_lines, heading, hidden_lanes, rule, taught
from cockpit.ui.look.cells import content

HEAD = 2
"""Lines over the cards of a column: its name and a rule."""
TALL = 26
"""Lines of the lanes from which a card has a line more."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One column."""

    status: str
    tasks: tuple[Task, ...]
    all: int
    """How many tasks it has without the filter."""
    folded: bool = False
    note: str = ""
    """What a folded column says below its name."""


Cell = tuple[Content, str]
"""A part of a line: what stands there, and its ground: `card`, `cursor` or nothing."""
EMPTY: Content = content([])


class Lanes(Widget, can_focus=True):
    """The board."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lanes--card", "lanes--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "lane(-1)", "lane left", show=False),
        Binding("right,l", "lane(1)", "lane right", show=False),
        Binding("up,k", "card(-1)", "up", show=False),
        Binding("down,j", "card(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "end(0)", "first", show=False),
        Binding("end,G", "end(-1)", "last", show=False),
        Binding("minus", "fold", "fold", show=False),
        Binding("enter", "choose", "open", show=False),
    ]
    DEFAULT_CSS = """
    Lanes { background: $background; }
    Lanes > .lanes--card { background: $panel; }
    Lanes > .lanes--cursor { background: $row-cursor-blurred; }
    Lanes:focus > .lanes--cursor { background: $row-cursor; }
    """

    @dataclass
    class Highlighted(Message):
        """The cursor went to another task, or to another column, by the operator's hand."""

    @dataclass
    class Chosen(Message):
        """The operator wants to see the task under the cursor."""

    @dataclass
    class FoldToggled(Message):
        """A column is to be folded, or unfolded."""

        status: str

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lanes: tuple[Lane, ...] = ()
        self._around = CardContext()
        self._card = ""
        self._status = ""
        self._first = 0
        self._tops: dict[str, int] = {}
        self._painted: list[tuple[Cell, ...]] = []
        self._columns: list[Column] = []
        self._words = ours("No task here.")

    # --- what is shown -------------------------------------------------------------------------------

    @property
    def cursor_key(self) -> str:
        """The id of the task under the cursor, or empty text."""
        return self._card

    @property
    def status(self) -> str:
        """The column of the cursor."""
        return self._status

    @property
    def card_height(self) -> int:
        """Lines of a card with the blank one below it."""
        return 4 if self.size.height >= TALL else 3

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns that have room now."""
        return tuple(self._lanes[column.at].status for column in self._columns)

    def set_lanes(self, lanes: Sequence[Lane], around: CardContext) -> None:
        """Show these columns; the cursor stays on its task, whichever column it went to."""
        before, self._lanes, self._around = self._lanes, tuple(lanes), around
        self._hold(before)
        self._paint()

    def point_at(self, task: str) -> bool:
        """Put the cursor on a task; False if it is not here."""
        lane = next((lane for lane in self._lanes if any(one.id == task for one in lane.tasks)), None)
        if lane is None:
            return False
        self._card, self._status = task, lane.status
        self._show_cursor()
        self._paint()
        return True

    def _lane(self) -> Lane | None:
        return next((lane for lane in self._lanes if lane.status == self._status), None)

    def _hold(self, before: Sequence[Lane]) -> None:
        """Keep the cursor on its task; where that is gone, on what took its place in the column."""
        for lane in self._lanes:
            if any(task.id == self._card for task in lane.tasks):
                moved, self._status = lane.status != self._status, lane.status
                if moved:
                    self._show_cursor()
                return
        if self._lane() is None:
            filled = next((lane for lane in self._lanes if lane.tasks and not lane.folded), None)
            self._status = (filled or self._lanes[0]).status if self._lanes else ""
        now = self._lane()
        old = next((one for one in before if one.status == self._status), None)
        at = next((n for n, task in enumerate(old.tasks if old else ()) if task.id == self._card), 0)
        there = now.tasks if now is not None and not now.folded else ()
        self._card = there[min(at, len(there) - 1)].id if there else ""

    def _index(self, lane: Lane) -> int:
        return next((n for n, task in enumerate(lane.tasks) if task.id == self._card), 0)

    # --- layout --------------------------------------------------------------------------------------

    def _lay_out(self) -> list[Column]:
        """Give as many columns room as fit, the cursor's among them."""
        chosen = next((n for n, lane in enumerate(self._lanes) if lane.status == self._status), 0)
        self._first, columns = lay_out([lane.folded for lane in self._lanes], self._first, chosen, self.size.width)
        return columns

    def _body(self) -> tuple[int, int]:
        """Return the line where the columns begin, and how many lines their cards have."""
        head = 1 if len(self._columns) < len(self._lanes) else 0
        return head, max(1, self.size.height - head - HEAD)

    def _fitting(self) -> int:
        """Return how many cards a column shows in full."""
        return max(1, (self._body()[1] + 1) // self.card_height)

    def _show_cursor(self) -> None:
        """Scroll the cursor's column so that its card is in sight."""
        lane = self._lane()
        if lane is None or self.size.height == 0:
            return
        self._columns = self._lay_out()
        at, fits = self._index(lane), self._fitting()
        top = self._tops.get(lane.status, 0)
        self._tops[lane.status] = max(0, min(max(top, at - fits + 1), at))

    def _top(self, lane: Lane) -> int:
        top = min(self._tops.get(lane.status, 0), max(0, len(lane.tasks) - self._fitting()))
        self._tops[lane.status] = top
        return top

    # --- painting ------------------------------------------------------------------------------------

    def _paint(self) -> None:
        """Compare what is in sight with what is painted, and paint the lines that differ."""
        if self.size.height == 0:
            return
        self._columns = self._lay_out()
        before, self._painted = self._painted, self._compose_lines()
        if len(before) != len(self._painted):
            self.refresh()
            return
        changed = [
            Region(0, y, self.size.width, 1) for y, line in enumerate(self._painted) if not _same(line, before[y])
        ]
        if changed:
            self.refresh(*changed)

    def _compose_lines(self) -> list[tuple[Cell, ...]]:
        head, _ = self._body()
        lines: list[tuple[Cell, ...]] = []
        if head:
            counts = [(lane.status, len(lane.tasks)) for lane in self._lanes]
            first, last = self._columns[0].at, self._columns[-1].at
            lines.append(((hidden_lanes(counts[:first], counts[last + 1 :], self.size.width), ""),))
        each = [self._column_lines(column, self.size.height - head) for column in self._columns]
        lines += [tuple(cells[y] for cells in each) for y in range(self.size.height - head)]
        return lines

    def _column_lines(self, column: Column, height: int) -> list[Cell]:
        lane, width = self._lanes[column.at], column.width
        chosen = lane.status == self._status
        top = 0 if lane.folded else self._top(lane)
        lines: list[Cell] = [
            (heading(lane.status, len(lane.tasks), lane.all, width, chosen=chosen, above=top), ""),
            (rule(lane.status, width, chosen=chosen), ""),
        ]
        if lane.folded:
            lines += [(taught(our_line("{}", lane.note), width), "")] if lane.note else []
            lines.append((taught(ours("- unfolds") if chosen else ours(""), width), ""))
        elif not lane.tasks:
            lines.append((taught(self._words, width), ""))
        for task in () if lane.folded else lane.tasks[top:]:
            ground = "cursor" if task.id == self._card and chosen else "card"
            lines += [(line, ground) for line in card_lines(task, self._around, width, self.card_height - 1)]
            lines.append((EMPTY, ""))
            if len(lines) >= height:
                break
        del lines[height:]
        below = 0 if lane.folded else len(lane.tasks) - top - self._fitting()
        if below > 0 and len(lines) == height:
            lines[-1] = (taught(our_line("▾ {} more", below), width), "")
        return lines + [(EMPTY, "")] * (height - len(lines))

    def set_words(self, words: str) -> None:
        """Say something else where a column has no card; the words are ours."""
        self._words = our_line("{}", words)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if y >= len(self._painted):
            return Strip.blank(self.size.width, self.visual_style.rich_style)
        whole, cells = self.visual_style, self._painted[y]
        parse = self.app.stylesheet.parse_style
        segments: list[Segment] = []
        spread = len(cells) == 1 and len(self._columns) != 1
        for place, (line, ground) in enumerate(cells):
            width = self.size.width if spread else self._columns[place].width
            style = whole + self.get_visual_style(f"lanes--{ground}") if ground else whole
            if place:
                segments.append(Segment(" ", whole.rich_style))
            fitted = line.truncate(width, ellipsis=True, pad=True)
            segments += [
                Segment(text, (style + piece).rich_style)
                for text, piece in fitted.render(style, end="", parse_style=parse)
            ]
        return Strip(segments).adjust_cell_length(self.size.width, whole.rich_style)

    def on_resize(self) -> None:
        self._painted = []
        self._show_cursor()
        self._paint()

    # --- keys ----------------------------------------------------------------------------------------

    def _moved(self) -> None:
        self._show_cursor()
        self._paint()
        self.post_message(self.Highlighted())

    def action_card(self, step: int) -> None:
        """Move the cursor by cards."""
        lane = self._lane()
        if lane is not None and lane.tasks and not lane.folded:
            at = max(0, min(len(lane.tasks) - 1, self._index(lane) + step))
            if lane.tasks[at].id != self._card:
                self._card = lane.tasks[at].id
                self._moved()

    def action_page(self, direction: int) -> None:
        """Move the cursor by a screenful."""
        self.action_card(direction * self._fitting())

    def action_end(self, at: int) -> None:
        """Move the cursor to the first card, or to the last."""
        lane = self._lane()
        if lane is not None and lane.tasks and not lane.folded:
            self._card = lane.tasks[at].id
            self._moved()

    def action_lane(self, step: int) -> None:
        """Go to the next column, to the card at the same height."""
        statuses = [lane.status for lane in self._lanes]
        if self._status not in statuses:
            return
        old = self._lanes[statuses.index(self._status)]
        row = self._index(old) - self._top(old) if not old.folded else 0
        at = statuses.index(self._status) + step
        if 0 <= at < len(statuses):
            lane = self._lanes[at]
            self._status = lane.status
            place = min(len(lane.tasks) - 1, self._top(lane) + row)
            self._card = lane.tasks[place].id if lane.tasks and not lane.folded else ""
            self._moved()

    def action_fold(self) -> None:
        """Fold the column, or unfold it."""
        if self._status:
            self.post_message(self.FoldToggled(self._status))

    def action_choose(self) -> None:
        """Open the card, or the folded column."""
        lane = self._lane()
        if lane is not None and lane.folded:
            self.action_fold()
        elif self._card:
            self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        """Select by mouse; a click on the selected card opens it."""
        column = next((one for one in self._columns if one.x <= event.x < one.x + one.width), None)
        if column is None:
            return
        lane, head = self._lanes[column.at], self._body()[0]
        at = self._top(lane) + (event.y - head - HEAD) // self.card_height
        if lane.folded or event.y < head + HEAD or not 0 <= at < len(lane.tasks):
            self._status, self._card = lane.status, lane.tasks[0].id if lane.tasks and not lane.folded else ""
            self._moved()
        elif lane.tasks[at].id == self._card:
            self.action_choose()
        else:
            self._status, self._card = lane.status, lane.tasks[at].id
            self._moved()

    def _scrolled(self, x: int, step: int) -> None:
        column = next((one for one in self._columns if one.x <= x < one.x + one.width), None)
        if column is not None and not self._lanes[column.at].folded:
            lane = self._lanes[column.at]
            self._tops[lane.status] = max(0, self._top(lane) + step)
            self._paint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll the column under the pointer."""
        self._scrolled(event.x, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll the column under the pointer."""
        self._scrolled(event.x, -1)


def _same(first: tuple[Cell, ...], second: tuple[Cell, ...]) -> bool:
    return len(first) == len(second) and all(
        one is other or (one[1] == other[1] and one[0].is_same(other[0]))
        for one, other in zip(first, second, strict=True)
    )
