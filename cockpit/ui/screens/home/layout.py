"""What the home screen is made of, and which of it is in view and has the keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.reactive import reactive

from cockpit.engine.port import CockpitPort
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.actions.action import PANES
from cockpit.ui.screens.home.arrangement import AGENTS, CENTER, SIDE, HomeView, Wishes, size_class
from cockpit.ui.screens.home.body import AreasBody
from cockpit.ui.screens.home.remembered import WishesFile, recalled
from cockpit.ui.screens.travelling import Traveller
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.undo import UndoBar
from cockpit.ui.widgets.bars import HeaderBar, ReceiptsBar, StandingBar
from cockpit.ui.widgets.filter_line import FilterLine
from cockpit.ui.widgets.needs_you.strip import NeedsYou
from cockpit.ui.widgets.pane import Pane
from cockpit.ui.widgets.panes import AgentsTree, BoardPane, FeedPane, VmsTable
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.writing.composer import Composer
from cockpit.ui.writing.offers import OfferList
from cockpit.ui.writing.sources import choosable

READING = ("output", "composer")
"""What stands in the middle, and is read or written."""

SIDE_STEP = 4
"""Cells by which a key makes an area wider."""


class HomeLayout(Traveller):
    """The areas and bars; the size decides how many areas stand side by side."""

    AUTO_FOCUS = "#agents"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "back_out", "back")]

    zoomed: reactive[bool] = reactive(False, repaint=False)
    """Whether one area has the whole screen."""

    def __init__(self, engine: CockpitPort, *, read_only: bool, layout_file: Path | None = None) -> None:
        super().__init__()
        self.engine = engine
        self.read_only = read_only
        self._wishes_file = WishesFile(layout_file, self._not_kept)
        self._wishes = recalled(layout_file)

    def compose(self) -> ComposeResult:
        yield HeaderBar(id="header")
        yield StandingBar(id="standing")
        yield NeedsYou(self.engine, id="needs-you")
        with AreasBody(id="body"):
            yield AgentsTree(self.engine.coordination.own, id="agents")
            with Vertical(id="center"):
                yield TranscriptView(id="output")
                yield ReceiptsBar(id="receipts", classes="-empty")
                offers = OfferList(choosable(self.engine), id="offers")
                yield offers
                yield Composer(self.engine.notebook, offers, id="composer")
            yield BoardPane(id="board")
            yield VmsTable(id="vms")
            yield FeedPane(id="feed")
        yield FilterLine(id="filter")
        yield UndoBar(id="undo")
        yield Plain(id="footer")

    @property
    def pane(self) -> str:
        """The focused pane's name, `composer` while writing."""
        focused = self.focused
        return focused.id if focused is not None and focused.id in (*PANES, "composer") else "agents"

    @property
    def output(self) -> TranscriptView:
        """The output of the selected agent."""
        return self.query_one(TranscriptView)

    @property
    def composer(self) -> Composer:
        """Where texts to the selected agent are written."""
        return self.query_one(Composer)

    @property
    def filter_line(self) -> FilterLine:
        """Where a pane's filter is typed."""
        return self.query_one(FilterLine)

    @property
    def body(self) -> AreasBody:
        """The areas."""
        return self.query_one(AreasBody)

    def list_pane(self, name: str) -> Pane:
        """Return a list pane by its name."""
        return self.query_one(f"#{name}", Pane)

    # --- what is in view -----------------------------------------------------------------------------

    def bring_into_view(self, name: str) -> None:
        """Make room for an area: one that was hidden is shown again."""
        body, wishes = self.body, self._own_wishes()
        if name in wishes.hidden:
            self._wish(replace(wishes, hidden=wishes.hidden - {name}))
        reading = name in READING
        slot = name if name in SIDE or name == AGENTS else body.view.slot
        self.see(replace(body.view, slot=slot, reading=reading))

    def see(self, view: HomeView) -> None:
        """Share the room out anew where another view asks for it."""
        area = CENTER if view.reading else view.slot
        self.body.see(replace(view, zoomed=area if self.zoomed else "", wishes=self._wishes))

    def watch_zoomed(self) -> None:
        """Give the focused area everything, or take it back."""
        if self.is_mounted:
            self.see(self.body.view)

    def focus_pane(self, name: str) -> None:
        """Bring a pane into view and give it the keys."""
        if self.zoomed and (name in READING) != self.body.view.reading:
            self.zoomed = False
        self.bring_into_view(name)
        self.query_one(f"#{name}").focus()

    def cycle_pane(self, step: int) -> None:
        """Focus the next pane that is not hidden, in the order of the number keys."""
        shown = [name for name in PANES if name not in self._own_wishes().hidden]
        at = shown.index(self.pane) if self.pane in shown else shown.index("output")
        self.focus_pane(shown[(at + step) % len(shown)])

    def zoom(self) -> None:
        """Give the focused area the whole screen, or take it back."""
        self.zoomed = not self.zoomed

    # --- what the operator sets ----------------------------------------------------------------------

    def resize_area(self, step: int) -> None:
        """Make the focused area larger or smaller by a step: the agents by a line, all else by some cells."""
        wishes = self._own_wishes()
        if self.pane == AGENTS:
            self._wish(replace(wishes, agents=wishes.agents + step))
        elif self._class() in ("small", "single"):
            self._wish(replace(wishes, agents=wishes.agents - step))
        else:
            larger = step if self.pane in SIDE else -step
            self._wish(replace(wishes, side=wishes.side + SIDE_STEP * larger))

    def hide_area(self) -> None:
        """Hide the focused area until its number is pressed."""
        wishes, area = self._own_wishes(), self.pane
        self.zoomed = False
        self._wish(replace(wishes, hidden=wishes.hidden | {area}))
        self.focus_pane(AGENTS)

    def _class(self) -> str:
        return size_class(self.size.width, self.size.height)

    def _own_wishes(self) -> Wishes:
        return self._wishes.get(self._class(), Wishes())

    def _wish(self, wishes: Wishes) -> None:
        self._wishes = {**self._wishes, self._class(): wishes}
        self.see(self.body.view)
        self._wishes_file.keep(self._wishes)

    def _not_kept(self, trouble: str) -> None:
        """Say on the loop why the layout is not kept; the thread that wrote it found out."""
        self.call_later(self.warn, clean_line(trouble), title=ours("Layout"))

    async def on_unmount(self) -> None:
        """Have what was set last written."""
        await self._wishes_file.close()
