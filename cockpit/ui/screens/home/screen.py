"""The home screen: agents, board, VMs, feed, and the output of the selected agent with its composer."""

from __future__ import annotations

from pathlib import Path

from textual import events, on
from textual.screen import Screen

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.command import Command
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.marks import AgentMarks
from cockpit.model.sub_agents import owner_of
from cockpit.ui.actions.action import PANES, Action
from cockpit.ui.actions.needs_you import act_about, give_answer
from cockpit.ui.actions.talk import submit
from cockpit.ui.bridge import Rates
from cockpit.ui.look.states import Mode
from cockpit.ui.places.history import ScreenPlace
from cockpit.ui.screens.home.flushing import HomeFlushing
from cockpit.ui.transcript.paging import turn_page
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.undo import order
from cockpit.ui.widgets.filter_line import FilterLine
from cockpit.ui.widgets.needs_you.card import QuestionCard
from cockpit.ui.widgets.needs_you.sight import Painted
from cockpit.ui.widgets.needs_you.strip import NeedsYou
from cockpit.ui.widgets.pane import Pane
from cockpit.ui.widgets.panes import AgentsTree
from cockpit.ui.widgets.row_list import RowList
from cockpit.ui.writing.composer import Composer


class HomeScreen(Painted, HomeFlushing):
    """One screen for everything: it answers what its parts say, and does the actions."""

    def __init__(self, engine: CockpitPort, *, read_only: bool, rates: Rates, layout_file: Path | None = None) -> None:
        super().__init__(engine, read_only=read_only, rates=rates, layout_file=layout_file)
        self._before_composer = "agents"

    def on_mount(self) -> None:
        self.composer.read_only = self.read_only
        self.bridge.start()
        self.call_after_refresh(self.bridge.flush)

    # --- where to go ---------------------------------------------------------------------------------

    def write(self, mode: Mode | None) -> None:
        """Go to the composer in a mode."""
        composer = self.composer
        self._before_composer = self.pane if self.pane in PANES else self._before_composer
        self.flush_composer()
        if mode is not None or not composer.holds_text:
            composer.choose(mode)
        self.bring_into_view("composer")
        composer.focus()

    def made(self, place: ScreenPlace) -> Screen[None]:
        """Make the screen of a place that stands over this one."""
        return self.others[place.screen](self, place.key)

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

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Keys, titles and the visible pane follow the focus."""
        if event.widget.id in (*PANES, "composer"):
            self.bring_into_view(event.widget.id)
        self.call_after_refresh(self.bridge.flush)

    @on(events.Resize)
    def _resized(self) -> None:
        """Fill panes that a new width brought into view."""
        self.call_after_refresh(self.bridge.flush)

    @on(RowList.Highlighted, "#agents")
    def _agent_highlighted(self, message: RowList.Highlighted) -> None:
        # The cursor is painted first: another agent's output takes longer to draw.
        self.call_after_refresh(self._follow_cursor, message.key)

    def _follow_cursor(self, key: str) -> None:
        if self.query_one(AgentsTree).cursor_key == key:
            self.select(owner_of(key), key)

    @on(RowList.Highlighted, "#vms")
    def _vm_highlighted(self, message: RowList.Highlighted) -> None:
        self.call_after_refresh(self._follow_vm, VmId(message.key))

    def _follow_vm(self, vm_id: VmId) -> None:
        if self.list_pane("vms").cursor_key == vm_id:
            if (agent := self.fleet.agent_on(vm_id)) is not None:
                self.select(agent.id)
            self.bridge.flush()

    @on(RowList.Highlighted, "#board")
    def _task_highlighted(self, message: RowList.Highlighted) -> None:
        self.call_after_refresh(self.bridge.flush)

    @on(RowList.Chosen)
    def _row_chosen(self, message: RowList.Chosen) -> None:
        if message.twice or self.pane == "board":
            self.try_action("move.open")
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
        self._join_cursor()

    def _join_cursor(self) -> None:
        tree = self.query_one(AgentsTree)
        if self.selected is None or not tree.point_at(self.selected):
            self.select(owner_of(tree.cursor_key) if tree.cursor_key else self.selected)

    # --- what waits for the operator -----------------------------------------------------------------

    @property
    def strip(self) -> NeedsYou:
        """Where it stands."""
        return self.query_one(NeedsYou)

    def frame_painted(self, at: float) -> None:
        """Tell the strip that what it drew is in a frame."""
        if self.is_mounted:
            self.strip.frame_painted(at)

    @on(events.ScreenResume)
    def _came_back(self) -> None:
        """Tell the engine whom the operator looks at: a screen that stood over this one may have shown another."""
        self.engine.focus(self.selected)

    @on(events.ScreenSuspend)
    def _other_screen(self) -> None:
        """Take that another screen stands over this one: what waits is to be read again afterwards."""
        self.strip.card.hide()

    @on(NeedsYou.Pointed)
    def _pointed(self, message: NeedsYou.Pointed) -> None:
        """Show what the agent that waits did before it asked."""
        if message.item.agent is not None and self.fleet.agent(message.item.agent) is not None:
            self.select(message.item.agent)
        self.flush_footer()

    @on(NeedsYou.Left)
    def _strip_left(self) -> None:
        self.focus_pane("agents")

    @on(QuestionCard.Answered)
    def _answered(self, message: QuestionCard.Answered) -> None:
        give_answer(self, message, self.strip)

    @on(QuestionCard.Wanted)
    def _wanted(self, message: QuestionCard.Wanted) -> None:
        act_about(self, message.item, message.act)

    # --- actions -------------------------------------------------------------------------------------

    def command(self, command: Command) -> CommandId:
        """Hand a command to the engine and show its receipt at once."""
        command_id = order(self.app, self.engine, command)
        self.bridge.flush()
        return command_id

    def perform(self, action: Action) -> None:
        """Do an action of the registry; what can be done to several is done to the marked ones, if any are."""
        marked = self.marks.among(self.fleet)
        if action.many is not None and marked:
            action.many.handler(self, marked)
        else:
            action.handler(self)

    def narrow(self, needle: str) -> None:
        """Show what matches, in the pane with the keys."""
        pane = self.list_pane(self.pane if self.pane not in ("output", "composer") else "agents")
        pane.needle = needle
        self.bridge.flush()
        self._join_cursor()

    def action_back_out(self) -> None:
        """Undo the last narrowing: zoom, then filter, then go to the tree; marks go last."""
        pane = self.query(Pane).filter(f"#{self.pane}").first() if self.pane not in ("output", "composer") else None
        if self.zoomed:
            self.zoomed = False
        elif pane is not None and pane.needle:
            pane.needle = ""
            self.bridge.flush()
        elif self.pane != "agents":
            self.focus_pane("agents")
        elif self.marks.agents:
            self.mark(AgentMarks())
