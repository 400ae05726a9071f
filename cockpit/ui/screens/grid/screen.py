"""The grid: two to six agents side by side, or their output as one stream; all goes to the one with the keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from cockpit.model.colours import COLOURS as OWN_COLOURS
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.footer import foot, footer_pieces
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.registry import BY_ID, bindings, disabled_reason
from cockpit.ui.actions.talk import submit
from cockpit.ui.look.bars import open_receipts
from cockpit.ui.look.cells import content
from cockpit.ui.look.states import Mode
from cockpit.ui.screens.grid.cell import GridCell
from cockpit.ui.screens.grid.choosing import shape, watched
from cockpit.ui.screens.grid.merging import COLOURS, AgentStream, Merging
from cockpit.ui.screens.over_home import COMMON, OverHome
from cockpit.ui.screens.recipient import address, hand_back, take_over
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.bars import HeaderBar, ReceiptsBar
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList
from cockpit.ui.writing.composer import Composer
from cockpit.ui.writing.offers import OfferList
from cockpit.ui.writing.sources import choosable

FOOT = (
    "talk.answer",
    "talk.prompt",
    "talk.steer",
    "talk.follow_up",
    "move.open",
    "talk.abort",
    "grid.merge",
    "agent.why",
    "app.help",
)
HERE = ("move.open", "move.next_pane", "move.previous_pane", "see.follow")
"""Actions of other groups that mean the same here."""


class GridScreen(OverHome):
    """Who is shown is chosen when it opens, and stays: cells that jump cannot be read."""

    NAME: ClassVar[str] = "grid"
    OF_AGENTS = True
    GROUPS: ClassVar[tuple[str, ...]] = ("Talk", "Agents", "Grid screen")
    FOOT = FOOT
    AUTO_FOCUS = "#cell-1"
    CSS_PATH = "grid.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("grid")]

    def __init__(self, home: HomePort, needle: str = "") -> None:
        super().__init__(home)
        self._watched = watched(self.fleet, home.marks.agents, self.engine.now())
        self._last = self._watched[0] if self._watched else None
        self._merging = Merging()
        self._merged_at: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield HeaderBar(id="header")
        yield Plain(id="where")
        with Container(id="cells"):
            for number, agent in enumerate(self._watched, 1):
                yield GridCell(number, agent, self.engine)
        yield RowList(nothing=(NOTHING, ours("Nothing was said yet.")), id="stream")
        yield ReceiptsBar(id="receipts", classes="-empty")
        offers = OfferList(choosable(self.engine), id="offers")
        yield offers
        yield Composer(self.engine.notebook, offers, id="composer")
        yield Plain(id="footer")

    def on_mount(self) -> None:
        self.composer.read_only = self.read_only
        take_over(self, self.composer)

    # --- who is meant --------------------------------------------------------------------------------

    @property
    def agent(self) -> Agent | None:
        """The agent of the cell with the keys."""
        focused = self.focused
        if isinstance(focused, GridCell):
            self._last = focused.agent
        return self.fleet.agent(self._last) if self._last is not None else None

    @property
    def composer(self) -> Composer:
        """Where texts to the agent of the cell with the keys are written."""
        return self.query_one(Composer)

    @property
    def pane(self) -> str:
        """The pane of the home screen that has the same acts."""
        return "composer" if self.focused is self.composer else "output"

    @property
    def output(self) -> TranscriptView:
        """The output in the cell with the keys, else of the home screen."""
        return next((cell for cell in self.query(GridCell) if cell.agent == self._last), self.home.output)

    def shows_agents(self) -> tuple[AgentId, ...]:
        """Return all that are shown."""
        return self._watched

    @property
    def merged(self) -> bool:
        """Whether all is one stream."""
        return self.has_class("-merged")

    def offers(self, action: Action) -> bool:
        """Offer what is about an agent, and what means the same everywhere."""
        return action.group in self.GROUPS or action.id in (*COMMON, *HERE)

    # --- what it shows -------------------------------------------------------------------------------

    def flush_transcript(self) -> None:
        """Take in what was said; of what is not shown nothing is laid out."""
        if not self.is_attached:
            return
        if self.merged:
            self._flush_stream()
            return
        for cell in self.query(GridCell):
            if cell.size.width:
                cell.flush()

    def _flush_stream(self) -> None:
        rows = self.query_one("#stream", RowList)
        width = rows.scrollable_content_region.width - 1
        streams = [
            AgentStream(agent.id, clean_line(agent.name), self._colour(place, agent), self.engine.transcript(agent.id))
            for place, one in enumerate(self._watched)
            if (agent := self.fleet.agent(one)) is not None
        ]
        now = (width, *((*stream[:-1], stream.transcript.revision) for stream in streams))
        if width <= 0 or now == self._merged_at:
            return
        follows = not rows.rows or rows.cursor_key == rows.rows[-1].key
        self._merged_at = now
        lines = self._merging.lines(streams, width)
        rows.set_rows([Row(line.key, line.content) for line in lines])
        if follows and lines:
            rows.point_at(lines[-1].key)
            rows.scroll_end(animate=False)

    def _colour(self, place: int, agent: Agent) -> str:
        return f"ansi_{agent.colour}" if agent.colour in OWN_COLOURS else COLOURS[place % len(COLOURS)]

    def list_steps(self) -> Iterator[None]:
        """Take in the newest snapshot."""
        if not (self.is_mounted and self.is_attached):
            return
        fleet, now = self.fleet, self.engine.now()
        self.query_one(HeaderBar).flush(fleet, now, self.tallies.of(fleet, now), read_only=self.read_only)
        note = ours("   one stream · m cells") if self.merged else our_line("   {} agents", len(self._watched))
        where = self.query_one("#where", Plain)
        where.show(content([*self.way_pieces(max(0, self.size.width - 24)), (note, "$muted")]))
        yield
        self.outcomes.flush(fleet)
        for cell in self.query(GridCell) if not self.merged else ():
            cell.frame(fleet, now)
            cell.tell_receipts(fleet.receipts, cell.agent)
        yield
        self.query_one(ReceiptsBar).flush(open_receipts(fleet.receipts, self._last), now)
        self._address()
        self.show_foot()

    def _address(self) -> None:
        """Name in the composer whom it writes to: the agent of the cell with the keys, or that had them last."""
        composer = self.composer
        composer.set_class(bool(composer.text), "-draft")
        address(composer, self.agent, self.fleet, self.engine, read_only=self.read_only)

    def show_foot(self) -> None:
        """Show the keys that count; what cannot be done now is left out."""
        situation, footer = self.situation(), self.query_one("#footer", Plain)
        if situation.pane == "composer":
            footer.show(content(footer_pieces(situation, self.keys, footer.size.width)))
            return
        live = [one for one in self.FOOT if not disabled_reason(BY_ID[one], situation)]
        footer.show(content(foot(live, situation, self.keys, footer.size.width)))

    @on(events.Resize)
    def _lay_out(self, event: events.Resize) -> None:
        columns, rows = shape(len(self._watched), event.size.width, max(1, event.size.height - 3))
        cells = self.query_one("#cells")
        cells.styles.grid_size_columns, cells.styles.grid_size_rows = columns, rows
        self.call_after_refresh(self.take_in)

    # --- what is written -----------------------------------------------------------------------------

    def write(self, mode: Mode | None) -> None:
        """Go to the composer in a mode; its border says to whom."""
        self._address()
        if mode is not None or not self.composer.text:
            self.composer.choose(mode)
        self.composer.focus()

    @on(Composer.Submitted)
    def _submitted(self, submitted: Composer.Submitted) -> None:
        submit(self, submitted)
        self.output.follow()

    @on(Composer.ModeChanged)
    def _mode_changed(self) -> None:
        self.take_in()

    @on(Composer.Left)
    def _composer_left(self) -> None:
        self._shown().focus()

    def _shown(self) -> Widget:
        return self.query_one("#stream") if self.merged else self.output

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Leave; nothing that is written is lost."""
        hand_back(self, self.composer)
        return super().dismiss(result)

    # --- acts ----------------------------------------------------------------------------------------

    def perform(self, action: Action) -> None:
        """Do an action of the registry, upon the agent with the keys."""
        action.handler(self)

    def select(self, agent_id: AgentId | None) -> None:
        """Go to an agent's cell; one that has none is gone to on its own screen."""
        cell = next((one for one in self.query(GridCell) if one.agent == agent_id), None)
        if cell is not None:
            self._last = cell.agent
            cell.focus()
        elif agent_id is not None:
            self.show("agent", agent_id)

    def focus_pane(self, name: str) -> None:
        """The cells are what there is of agents here; other panes are the home screen's."""
        if name not in ("output", "agents"):
            super().focus_pane(name)

    def show_tab(self, name: str) -> None:
        """Go to a cell by its number, or show all as one stream, or as cells again."""
        if name != "merge":
            for cell in self.query(f"#cell-{name}").results(GridCell):
                cell.focus()
            return
        self.toggle_class("-merged")
        self._shown().focus()
        self.call_after_refresh(self.take_in)

    def cycle_pane(self, step: int) -> None:
        """Go to the next cell."""
        cells = [*self.query(GridCell)]
        at = next((place for place, cell in enumerate(cells) if cell.agent == self._last), 0)
        if cells:
            cells[(at + step) % len(cells)].focus()

    def zoom(self) -> None:
        """Show all as one stream, or as cells again."""
        self.show_tab("merge")

    def action_back_out(self) -> None:
        """Leave the stream, then go back to where one was."""
        if self.merged:
            self.show_tab("merge")
        else:
            self.dismiss(None)

    @on(events.DescendantFocus)
    @on(events.ScreenResume)
    def _cell_chosen(self) -> None:
        agent = self.agent
        if agent is not None:
            self.engine.focus(agent.id)
        self.call_after_refresh(self.take_in)
