"""The screen of one agent: every act upon an agent works here as on the home screen, and goes to this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.reactive import reactive

from cockpit.errors import CockpitError
from cockpit.model.changes.report import Base, Changes
from cockpit.model.family import ancestors_of, parents_of
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.footer import foot, footer_pieces
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.registry import BY_ID, bindings, disabled_reason
from cockpit.ui.actions.talk import submit
from cockpit.ui.dialogs.dialog import key_line
from cockpit.ui.look.cells import content
from cockpit.ui.look.states import Mode
from cockpit.ui.places.history import ScreenPlace
from cockpit.ui.screens.agent.heading import heading
from cockpit.ui.screens.agent.side import Beside, side_content, tasks_of
from cockpit.ui.screens.agent.tabbed import Tabbed
from cockpit.ui.screens.agent.tabs import TabBar
from cockpit.ui.screens.over_home import COMMON
from cockpit.ui.screens.recipient import hand_back, take_over
from cockpit.ui.screens.talk_view import TalkView
from cockpit.ui.transcript.paging import turn_page
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.bars import HeaderBar
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.writing.composer import Composer

RULED = 30
"""Lines of the screen from which the chosen tab has a line of its own below it."""

READING = ("move.next_pane", "move.previous_pane", "see.zoom")
"""Actions about the output that mean the same here."""

FOOT = (
    "talk.answer",
    "talk.prompt",
    "talk.steer",
    "talk.follow_up",
    "talk.abort",
    "agent.commands",
    "read.fold",
    "see.filter",
    "see.previous_turn",
    "see.follow",
    "vm.pause",
    "vm.resume",
    "agent.why",
    "see.zoom",
    "app.help",
)


class AgentScreen(Tabbed):
    """Shows one agent; another one takes its place here rather than a place above it."""

    NAME: ClassVar[str] = "agent"
    OF_AGENTS = True
    GROUPS: ClassVar[tuple[str, ...]] = ("Talk", "Agents", "Agent screen", "Read")
    FOOT = FOOT
    AUTO_FOCUS = "#output"
    CSS_PATH: ClassVar = ["agent.tcss", "../../files/files.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("agent")]

    zoomed: reactive[bool] = reactive(False, toggle_class="-zoomed", repaint=False)
    """Whether nothing stands beside what is said."""

    def __init__(self, home: HomePort, needle: str = "") -> None:
        super().__init__(home)
        self._agent_id = AgentId(needle)
        self._called: Clean = clean_line(needle)
        self._changes: Changes | None = None
        """What stands beside the talk of what the agent changed."""
        self._counted = (0, 0, 0)
        """Files and lines when that was looked at."""

    def compose(self) -> ComposeResult:
        yield HeaderBar(id="header")
        yield Plain(id="where")
        yield TabBar(id="tabs")
        with Container(id="body"), Horizontal(id="chat", classes="tab-body -shown"):
            yield TalkView(self.engine, read_only=self.read_only, id="conversation")
            yield Plain(id="side")
        yield Plain(id="footer")

    def on_mount(self) -> None:
        take_over(self, self.composer)
        self._look_at(self._agent_id)

    # --- whom it shows -------------------------------------------------------------------------------

    @property
    def agent(self) -> Agent | None:
        """The agent that is shown, unless it is gone."""
        return self.fleet.agent(self._agent_id)

    @property
    def selected(self) -> AgentId | None:
        """The id of the agent that is shown."""
        return self._agent_id

    @property
    def place(self) -> ScreenPlace:
        """Where the operator is while this screen is in view."""
        return ScreenPlace(self.NAME, self._agent_id)

    def steps(self) -> list[tuple[Clean, ScreenPlace]]:
        """Return those whom the agent works for, and the agent."""
        fleet = self.fleet
        above = [*ancestors_of(self._agent_id, parents_of(fleet.agents))]
        known = [agent for one in reversed(above) if (agent := fleet.agent(one)) is not None]
        way = [(clean_line(agent.name), ScreenPlace(self.NAME, agent.id)) for agent in known]
        return [*way, (self._called, self.place)]

    def shows_agents(self) -> tuple[AgentId, ...]:
        """Return the agent while its output is in view."""
        return (self._agent_id,) if self.tab == "chat" else ()

    def arrive(self, key: str) -> None:
        """Show an agent here."""
        self.select(AgentId(key))

    def select(self, agent_id: AgentId | None) -> None:
        """Show another agent; the draft to the one before is kept."""
        if agent_id is not None and agent_id != self._agent_id:
            self._look_at(agent_id)
            self.forget_panels()
            self.history.visit(self.place)
            self.bridge.flush()

    def _look_at(self, agent_id: AgentId) -> None:
        self._agent_id, self._changes, self._counted = agent_id, None, (0, 0, 0)
        self.engine.focus(agent_id)
        self.conversation.show(agent_id)

    def hand_back(self) -> None:
        """Give what is written and not sent to the screens below, and have home show whom this one showed."""
        hand_back(self, self.composer)
        self.home.select(self._agent_id if self.agent is not None else None)

    # --- its parts -----------------------------------------------------------------------------------

    @property
    def conversation(self) -> TalkView:
        """What is said."""
        return self.query_one(TalkView)

    @property
    def output(self) -> TranscriptView:
        """The output of the agent."""
        return self.conversation.output

    @property
    def composer(self) -> Composer:
        """Where texts to the agent are written."""
        return self.conversation.composer

    @property
    def pane(self) -> str:
        """The pane of the home screen that has the same acts."""
        return "composer" if self.focused is self.composer else "output"

    def offers(self, action: Action) -> bool:
        """Offer what is about an agent and its output, and what means the same everywhere."""
        return action.group in self.GROUPS or action.id in (*COMMON, *READING)

    # --- what it shows -------------------------------------------------------------------------------

    def flush_transcript(self) -> None:
        """Take in what was said."""
        if self.is_attached:
            self.conversation.flush_transcript()

    def list_steps(self) -> Iterator[None]:
        """Take in the newest snapshot."""
        if not (self.is_mounted and self.is_attached):
            return
        fleet, now, agent = self.fleet, self.engine.now(), self.agent
        self._called = clean_line(agent.name) if agent is not None else self._called
        self.query_one(HeaderBar).flush(fleet, now, self.tallies.of(fleet, now), read_only=self.read_only)
        vm = fleet.vm(agent.vm_id) if agent is not None else None
        self.query_one("#where", Plain).show(
            heading(self.way_pieces(self.size.width // 2), agent, vm, now, self.size.width)
        )
        ruled = self.size.height >= RULED
        self.set_class(ruled, "-ruled")
        self.query_one(TabBar).flush(self.tab, self._marks(agent), ruled=ruled)
        yield
        self.outcomes.flush(fleet)
        self.conversation.flush(agent, fleet, now)
        self._flush_side(agent)
        self.flush_panel()
        yield
        self.show_foot()

    def _marks(self, agent: Agent | None) -> Mapping[str, int]:
        if agent is None:
            return {}
        files = agent.workspace.files if agent.workspace is not None else 0
        return {"diff": files, "queue": len(self.engine.queues.waiting(agent.id))}

    def _flush_side(self, agent: Agent | None) -> None:
        side = self.query_one("#side", Plain)
        if self.tab != "chat" or agent is None:
            return
        steps = self.engine.transcript(agent.id).steps
        waiting = self.engine.queues.waiting(agent.id)
        self._look_at_changes(agent)
        beside = Beside(steps, tasks_of(agent, self.fleet), self._changes, waiting)
        side.set_class(beside != Beside(), "-has")
        width, height = side.content_size.width, side.content_size.height
        if width > 0 and height > 0:
            side.show(side_content(beside, width, height))

    def _look_at_changes(self, agent: Agent) -> None:
        """Have the files told whenever the counts say that they are others than those that are shown."""
        known = agent.workspace
        counts = (known.files, known.added, known.removed) if known is not None else (0, 0, 0)
        if counts == self._counted:
            return
        self._counted = counts
        if not counts[0]:
            self._changes = None
        elif not self.has_class("-narrow"):
            self.run_worker(self._changes_of(agent.id), group="beside", exclusive=True)

    async def _changes_of(self, agent_id: AgentId) -> None:
        try:
            found = await self.engine.work.changes.look(agent_id, Base())
        except CockpitError as error:
            self.log(error.message)  # the tab of the changes says it
            found = None
        if agent_id == self._agent_id and self.is_attached:
            self._changes = found
            self.bridge.flush()

    def show_foot(self) -> None:
        """Show the keys that count; what cannot be done now is left out."""
        situation, footer = self.situation(), self.query_one("#footer", Plain)
        if situation.pane == "composer":
            footer.show(content(footer_pieces(situation, self.keys, footer.size.width)))
            return
        if self.panel_keys:
            footer.show(content([(ours(" "), "")]) + key_line(self.panel_keys, footer.size.width - 1))
            return
        live = [one for one in self.FOOT if not disabled_reason(BY_ID[one], situation)]
        footer.show(content(foot(live, situation, self.keys, footer.size.width)))

    # --- acts ----------------------------------------------------------------------------------------

    def perform(self, action: Action) -> None:
        """Do an action of the registry, here."""
        action.handler(self)

    def focus_pane(self, name: str) -> None:
        """Give the output the keys; other panes are the home screen's."""
        if name in ("output", "agents"):
            self.show_tab("chat")
        else:
            super().focus_pane(name)

    def zoom(self) -> None:
        """Give what is said all of the width, or take it back."""
        self.zoomed = not self.zoomed

    def write(self, mode: Mode | None) -> None:
        """Go to the composer in a mode."""
        if self.tab != "chat":
            self.show_tab("chat")
        composer = self.composer
        self.conversation.address(self.agent, self.fleet)
        if mode is not None or not composer.holds_text:
            composer.choose(mode)
        composer.focus()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Leave; nothing that is written is lost."""
        self.hand_back()
        return super().dismiss(result)

    # --- messages ------------------------------------------------------------------------------------

    @on(events.ScreenResume)
    def _came_into_view(self) -> None:
        self.engine.focus(self._agent_id)

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        self.call_after_refresh(self.take_in)

    @on(TranscriptView.FollowChanged)
    @on(Composer.ModeChanged)
    def _frame_changed(self) -> None:
        self.bridge.flush()

    @on(TranscriptView.PageRequested)
    def _wished(self, message: TranscriptView.PageRequested) -> None:
        turn_page(self.engine, self._agent_id, message.page_request, message.place)

    @on(Composer.Submitted)
    def _submitted(self, submitted: Composer.Submitted) -> None:
        submit(self, submitted)
        self.output.follow()

    @on(Composer.Left)
    def _composer_left(self) -> None:
        self.output.focus()
