"""What the home screen is made of, and which of it is in view and has the keys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.reactive import reactive

from cockpit.engine.port import CockpitPort
from cockpit.ui.actions.action import PANES
from cockpit.ui.screens.travelling import Traveller
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.bars import HeaderBar, ReceiptsBar, StandingBar
from cockpit.ui.widgets.filter_line import FilterLine
from cockpit.ui.widgets.panes import AgentsTree, BoardPane, FeedPane, Pane, VmsTable
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.writing.composer import Composer
from cockpit.ui.writing.offers import OfferList
from cockpit.ui.writing.sources import choosable


class HomeLayout(Traveller):
    """The panes and bars; width decides how many panes stand side by side."""

    AUTO_FOCUS = "#agents"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "back_out", "back")]

    zoomed: reactive[bool] = reactive(False, toggle_class="-zoomed", repaint=False)
    """Whether the output has the whole screen."""

    def __init__(self, engine: CockpitPort, *, read_only: bool) -> None:
        super().__init__()
        self.engine = engine
        self.read_only = read_only
        self._slot = ""

    def compose(self) -> ComposeResult:
        yield HeaderBar(id="header")
        yield StandingBar(id="standing")
        with Container(id="body"):
            yield AgentsTree(id="agents")
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

    def list_pane(self, name: str) -> Pane:
        """Return a list pane by its name."""
        return self.query_one(f"#{name}", Pane)

    def show_slot(self, pane: str) -> None:
        """Make a list pane visible where the width has no room for all: CSS decides from the class."""
        if pane in PANES and pane != "output" and pane != self._slot:
            self.remove_class(f"-show-{self._slot}")
            self._slot = pane
            self.add_class(f"-show-{pane}")

    def focus_pane(self, name: str) -> None:
        """Bring a pane into view and give it the keys."""
        if name != "output":
            self.zoomed = False
        self.show_slot(name)
        self.query_one(f"#{name}").focus()

    def cycle_pane(self, step: int) -> None:
        """Focus the next pane in the order of the number keys."""
        at = PANES.index(self.pane) if self.pane in PANES else PANES.index("output")
        self.focus_pane(PANES[(at + step) % len(PANES)])

    def zoom(self) -> None:
        """Give the output the whole screen, or take it back."""
        self.zoomed = not self.zoomed
        if self.zoomed:
            self.output.focus()
