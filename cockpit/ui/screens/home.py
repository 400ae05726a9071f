"""The home screen: agents, board, VMs, feed, and the output of the selected agent with its composer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.reactive import reactive

from cockpit.engine.port import CockpitPort
from cockpit.model.board import Task
from cockpit.model.commands.command import Command
from cockpit.model.fleet import Agent, Fleet, Vm
from cockpit.model.ids import AgentId, CommandId
from cockpit.ui.actions.action import PANES, Action, Situation
from cockpit.ui.actions.footer import footer_pieces
from cockpit.ui.actions.talk import UNWRITTEN, message, order, submit
from cockpit.ui.bridge import Bridge, Rates
from cockpit.ui.look.bars import open_receipts
from cockpit.ui.look.cells import content
from cockpit.ui.look.states import Mode
from cockpit.ui.look.tree import agent_tree
from cockpit.ui.screens.action_screen import ActionScreen
from cockpit.ui.screens.output_frame import frame_output
from cockpit.ui.tallies import Tallies
from cockpit.ui.transcript.paging import turn_page
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.bars import HeaderBar, ReceiptsBar, StandingBar
from cockpit.ui.widgets.composer import Composer
from cockpit.ui.widgets.filter_line import FilterLine
from cockpit.ui.widgets.panes import AgentsTree, BoardPane, FeedPane, Pane, VmsTable
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import RowList
from cockpit.ui.widgets.slash_list import SlashList


class HomeScreen(ActionScreen):
    """One screen for everything; width decides how many panes stand side by side."""

    AUTO_FOCUS = "#agents"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "back_out", "back")]

    zoomed: reactive[bool] = reactive(False, toggle_class="-zoomed", repaint=False)
    """Whether the output has the whole screen."""

    def __init__(self, engine: CockpitPort, *, read_only: bool, rates: Rates) -> None:
        super().__init__()
        self.engine = engine
        self.read_only = read_only
        self.selected: AgentId | None = None
        self.rates = rates
        self.bridge = Bridge(engine, self, rates)
        self._before_composer = "agents"
        self._slot = ""
        self._tallies = Tallies()

    def compose(self) -> ComposeResult:
        yield HeaderBar(id="header")
        yield StandingBar(id="standing")
        with Container(id="body"):
            yield AgentsTree(id="agents")
            with Vertical(id="center"):
                yield TranscriptView(id="output")
                yield ReceiptsBar(id="receipts", classes="-empty")
                slash = SlashList(self.engine, id="slash")
                yield slash
                yield Composer(slash, id="composer")
            yield BoardPane(id="board")
            yield VmsTable(id="vms")
            yield FeedPane(id="feed")
        yield FilterLine(id="filter")
        yield Plain(id="footer")

    def on_mount(self) -> None:
        self._show_slot("agents")
        self.query_one(Composer).read_only = self.read_only
        self.bridge.start()
        self.call_after_refresh(self.bridge.flush)

    # --- what is selected ----------------------------------------------------------------------------

    @property
    def fleet(self) -> Fleet:
        """The newest snapshot."""
        return self.engine.fleet

    @property
    def agent(self) -> Agent | None:
        """The selected agent."""
        return self.fleet.agent(self.selected) if self.selected is not None else None

    @property
    def pane(self) -> str:
        """The focused pane's name, `composer` while writing."""
        focused = self.focused
        return focused.id if focused is not None and focused.id in (*PANES, "composer") else "agents"

    def selected_vm(self) -> Vm | None:
        """The VM under the cursor of its pane, else the selected agent's."""
        if self.pane == "vms":
            key = self.query_one(VmsTable).cursor_key
            return next((vm for vm in self.fleet.vms if vm.id == key), None)
        agent = self.agent
        return self.fleet.vm(agent.vm_id) if agent is not None else None

    def selected_task(self) -> Task | None:
        """The task under the board's cursor, while the board is in view."""
        board = self.query_one(BoardPane)
        if not board.display:
            return None
        return next((task for task in self.fleet.tasks if task.id == board.cursor_key), None)

    def situation(self) -> Situation:
        """What an action is judged by."""
        fleet = self.fleet
        vm, task = self.selected_vm(), self.selected_task()
        wanted = self._tallies.of(fleet, self.engine.now())
        return Situation(self.engine, fleet, self.agent, vm, task, self.pane, wanted, self.read_only)

    def select(self, agent_id: AgentId | None) -> None:
        """Look at an agent: its transcript, its composer, its rows."""
        if agent_id != self.selected:
            self._look_at(agent_id)
        if agent_id is not None:
            self.query_one(AgentsTree).point_at(agent_id)
            agent = self.fleet.agent(agent_id)
            if agent is not None and self.pane != "vms":
                self.query_one(VmsTable).point_at(agent.vm_id)
        self.flush_transcript()
        self._flush_selected(self.fleet, self.engine.now())

    def _look_at(self, agent_id: AgentId | None) -> None:
        """Show another agent's transcript, and tell the engine whom the operator looks at."""
        self.selected = agent_id
        self.engine.focus(agent_id)
        output = self.query_one(TranscriptView)
        output.show(self.engine.transcript(agent_id) if agent_id is not None else None)
        if agent_id is not None:
            self.query_one(AgentsTree).point_at(agent_id)

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

    # --- flushing ------------------------------------------------------------------------------------

    def flush_transcript(self) -> None:
        """Take in the selected agent's transcript."""
        output = self.output
        if output.display and output.size.width:
            output.offer_past(self.engine.past(self.selected) if self.selected is not None else None)
            output.flush()

    def list_steps(self) -> Iterator[None]:
        """Take in the newest snapshot in steps: between two of them others may have their turn."""
        if not self.is_mounted:
            return
        fleet, now = self.fleet, self.engine.now()
        tree = self.query_one(AgentsTree)
        tree.flush(fleet, now)
        self._reselect(fleet)
        for pane in self.query(Pane):
            if pane is not tree:
                yield
                pane.flush(fleet, now)
        yield
        self.outcomes.flush(fleet)
        self._flush_bars(fleet, now)
        yield
        self._flush_selected(fleet, now)

    def age_steps(self) -> Iterator[None]:
        """Let what is in sight grow older, in steps; no list is built for it."""
        if self.is_mounted:
            fleet, now = self.fleet, self.engine.now()
            for pane in self.query(Pane):
                pane.tick(now)
                yield
            self._flush_bars(fleet, now)
            self._flush_frame(fleet, now)

    def _flush_bars(self, fleet: Fleet, now: float) -> None:
        self.query_one(HeaderBar).flush(fleet, now, self._tallies.of(fleet, now), read_only=self.read_only)
        self.query_one(StandingBar).flush(fleet, now)

    def _flush_frame(self, fleet: Fleet, now: float) -> None:
        self.query_one(ReceiptsBar).flush(open_receipts(fleet.receipts, self.selected), now)
        frame_output(self.output, self.agent, fleet, now)

    def _flush_selected(self, fleet: Fleet, now: float) -> None:
        """Show what there is of the selected agent beside its transcript, and what can be done with it."""
        self.output.tell_receipts(fleet.receipts, self.selected)
        self._flush_frame(fleet, now)
        self._flush_composer()
        footer = self.query_one("#footer", Plain)
        footer.show(content(footer_pieces(self.situation(), self.keys, footer.size.width)))

    def _reselect(self, fleet: Fleet) -> None:
        """Hold on to the selected agent; when it is gone the tree's cursor decides."""
        if self.selected is not None and fleet.agent(self.selected) is not None:
            return
        nodes = agent_tree(fleet.agents)
        ids = {node.agent.id for node in nodes}
        key = AgentId(self.query_one(AgentsTree).cursor_key)
        wanted = key if key in ids else nodes[0].agent.id if nodes else None
        if wanted != self.selected:
            self._look_at(wanted)

    def _flush_composer(self) -> None:
        composer, agent = self.query_one(Composer), self.agent
        if agent is None:
            composer.address(None, "", busy=False)
            composer.describe("")
            return
        composer.address(agent.id, agent.name, busy=agent.run_open)
        refusal = "the cockpit is read-only" if self.read_only else ""
        wanted = order(self.fleet, agent, message(composer.mode, agent.id, UNWRITTEN), checkpoint=composer.checkpoint)
        composer.describe(refusal or self.engine.disabled_reason(wanted))

    # --- layout --------------------------------------------------------------------------------------

    def _show_slot(self, pane: str) -> None:
        """Make a list pane visible where the width has no room for all: CSS decides from the class."""
        if pane in PANES and pane != "output" and pane != self._slot:
            self.remove_class(f"-show-{self._slot}")
            self._slot = pane
            self.add_class(f"-show-{pane}")

    def focus_pane(self, name: str) -> None:
        """Bring a pane into view and give it the keys."""
        if name != "output":
            self.zoomed = False
        self._show_slot(name)
        self.query_one(f"#{name}").focus()

    def cycle_pane(self, step: int) -> None:
        """Focus the next pane in the order of the number keys."""
        at = PANES.index(self.pane) if self.pane in PANES else PANES.index("output")
        self.focus_pane(PANES[(at + step) % len(PANES)])

    def write(self, mode: Mode | None) -> None:
        """Go to the composer in a mode."""
        composer = self.query_one(Composer)
        self._before_composer = self.pane if self.pane in PANES else self._before_composer
        self._flush_composer()
        if mode is not None or not composer.text:
            composer.choose(mode)
        composer.focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Keys, titles and the visible pane follow the focus."""
        if event.widget.id in PANES:
            self._show_slot(event.widget.id)
        self.call_after_refresh(self.bridge.flush)

    @on(events.Resize)
    @on(events.ScreenResume)
    def _came_into_view(self) -> None:
        """Fill panes that a new width brought into view, and take in what came while another screen hid this one."""
        self.call_after_refresh(self.bridge.flush)

    def show(self, name: str, needle: str = "") -> None:
        """Go to a screen that stands over this one, narrowed to what matches."""
        self.open_dialog(self.others[name](self, needle))

    def zoom(self) -> None:
        """Give the output the whole screen, or take it back."""
        self.zoomed = not self.zoomed
        if self.zoomed:
            self.output.focus()

    def go_to(self, place: str) -> None:
        """Go to `agent:ID`, `task:ID` or `vm:ID`; filters that hide it are dropped."""
        kind, _, key = place.partition(":")
        pane = self.list_pane({"agent": "agents", "task": "board", "vm": "vms"}[kind])
        pane.needle = ""
        self.focus_pane(str(pane.id))
        self.call_after_refresh(self._arrive, pane, key)

    def _arrive(self, pane: Pane, key: str) -> None:
        self.bridge.flush()
        if isinstance(pane, AgentsTree):
            self.select(AgentId(key))
        else:
            pane.point_at(key)
        self.bridge.flush()

    # --- messages ------------------------------------------------------------------------------------

    @on(RowList.Highlighted, "#agents")
    def _agent_highlighted(self, message: RowList.Highlighted) -> None:
        # The cursor is painted first: another agent's output takes longer to draw.
        self.call_after_refresh(self._follow_cursor, AgentId(message.key))

    def _follow_cursor(self, agent_id: AgentId) -> None:
        if self.query_one(AgentsTree).cursor_key == agent_id:
            self.select(agent_id)

    @on(RowList.Highlighted, "#vms")
    def _vm_highlighted(self, message: RowList.Highlighted) -> None:
        vm = next((vm for vm in self.fleet.vms if vm.id == message.key), None)
        if vm is not None and (agent := self.fleet.agent_on(vm.id)) is not None:
            self.select(agent.id)
        self.bridge.flush()

    @on(RowList.Highlighted, "#board")
    def _task_highlighted(self, message: RowList.Highlighted) -> None:
        self.bridge.flush()

    @on(RowList.Chosen)
    def _row_chosen(self, message: RowList.Chosen) -> None:
        if self.pane == "board":
            self.action_act("board.open")
        elif self.pane in ("agents", "vms"):
            self.focus_pane("output")

    @on(TranscriptView.FollowChanged)
    @on(Composer.ModeChanged)
    def _frame_changed(self) -> None:
        self.bridge.flush()

    @on(TranscriptView.PageRequested)
    def _wished(self, message: TranscriptView.PageRequested) -> None:
        if self.selected is not None:
            turn_page(self.engine, self.selected, message.page_request, message.place)

    @on(Composer.Submitted)
    def _submitted(self, submitted: Composer.Submitted) -> None:
        submit(self, submitted)
        self.query_one(TranscriptView).follow()

    @on(Composer.Left)
    def _composer_left(self) -> None:
        self.focus_pane(self._before_composer)

    @on(FilterLine.Changed)
    def _filter_changed(self, changed: FilterLine.Changed) -> None:
        self.list_pane(changed.pane).needle = changed.needle
        self.bridge.flush()

    @on(FilterLine.Closed)
    def _filter_closed(self, closed: FilterLine.Closed) -> None:
        """Bring cursor and selection together: narrowing moved the cursor, and acts go to what is selected."""
        self.focus_pane(closed.pane)
        tree = self.query_one(AgentsTree)
        if self.selected is None or not tree.point_at(self.selected):
            self.select(AgentId(tree.cursor_key) if tree.cursor_key else self.selected)

    # --- actions -------------------------------------------------------------------------------------

    def command(self, command: Command) -> CommandId:
        """Hand a command to the engine and show its receipt at once."""
        command_id = self.engine.dispatch(command)
        self.bridge.flush()
        return command_id

    def perform(self, action: Action) -> None:
        """Do an action of the registry."""
        action.handler(self)

    def take_in(self) -> None:
        """Show what an action changed, without waiting for the next look at the engine."""
        self.bridge.flush()

    def action_back_out(self) -> None:
        """Undo the last narrowing: zoom, then filter, then go to the tree."""
        pane = self.query(Pane).filter(f"#{self.pane}").first() if self.pane not in ("output", "composer") else None
        if self.zoomed:
            self.zoomed = False
        elif pane is not None and pane.needle:
            pane.needle = ""
            self.bridge.flush()
        else:
            self.focus_pane("agents")
