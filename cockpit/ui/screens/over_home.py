"""A screen that stands over the home screen: it has keys of its own, and hands on what is the home screen's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import BindingType
from textual.screen import Screen

from cockpit.engine.port import CockpitPort
from cockpit.model.board import Task
from cockpit.model.commands.command import Command
from cockpit.model.fleet import Agent, Fleet, Vm
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.marks import AgentMarks
from cockpit.model.sub_agents import SubAgent
from cockpit.text.sanitize import our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.footer import FILTER_KEYS, foot, typed_keys
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.bridge import Bridge
from cockpit.ui.look.cells import Piece, content, cut, pieces_width
from cockpit.ui.look.states import Mode
from cockpit.ui.places.history import ScreenPlace
from cockpit.ui.screens.action_screen import ActionScreen
from cockpit.ui.screens.travelling import Traveller
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.undo import order
from cockpit.ui.widgets.filter_line import FilterLine
from cockpit.ui.widgets.pane import Pane
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.writing.composer import Composer

COMMON = (
    "see.oldest_ask",
    "see.newest_unseen",
    "move.back",
    "move.jump",
    "move.go_to",
    "move.grid",
    "move.forward",
    "move.lanes",
    "move.events",
    "app.help",
    "app.palette",
    "app.theme",
    "app.motion",
    "app.quit",
    "see.attention",
    "see.next_waiting",
    "see.filter",
    "see.acts",
    "see.away",
    "agent.undo",
)
"""Actions of the home screen that mean the same on each of these."""


class OverHome(Traveller):
    """Satisfies `HomePort` for the actions: what only the home screen has is done there, after this one has gone."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "back_out", "back")]
    OF_AGENTS: ClassVar[bool] = False
    """Whether it is agents that are shown, so that one goes to an agent here."""
    GROUPS: ClassVar[tuple[str, ...]] = ()
    """The groups of actions that are offered here."""
    FOOT: ClassVar[tuple[str, ...]] = ()
    """The actions whose keys stand at the bottom, those that count most first."""

    def __init__(self, home: HomePort, needle: str = "") -> None:
        super().__init__()
        self.home = home
        self.needle = needle
        """What it is narrowed to."""
        self.outcomes = home.outcomes
        self.last_acts = home.last_acts
        self.rates = home.rates
        if isinstance(home, ActionScreen):
            self.tallies = home.tallies
            self.keys, self.others, self.history = home.keys, home.others, home.history
            self.own = home.own
        self.bridge = Bridge(home.engine, self, home.rates)

    def on_mount(self) -> None:
        self.bridge.start()
        self.call_after_refresh(self.bridge.flush)

    def offers(self, action: Action) -> bool:
        """Offer its own groups, and what means the same everywhere."""
        return action.group in self.GROUPS or action.id in COMMON

    def situation(self) -> Situation:
        """What an action is judged by."""
        fleet = self.fleet
        wanted = self.tallies.lately(fleet, self.engine.now(), self.engine.urgency)
        return Situation(
            self.engine,
            fleet,
            self.agent,
            self.selected_vm(),
            self.selected_task(),
            self.pane,
            wanted,
            self.read_only,
            self.selected_event(),
            undoes=self.last_acts.newest.said if self.last_acts.newest is not None else "",
        )

    # --- what it shows -------------------------------------------------------------------------------

    def flush_transcript(self) -> None:
        """There is no transcript here."""

    def list_steps(self) -> Iterator[None]:
        """Take in the newest snapshot; each screen says how."""
        raise NotImplementedError  # a screen has Textual's own metaclass, which no abstract class can share

    def show_foot(self) -> None:
        """Show the keys that count."""
        footer = self.query_one("#footer", Plain)
        if self.filter_line.is_open:
            footer.show(content(typed_keys(FILTER_KEYS, footer.size.width)))
            return
        now = self.engine.now()
        self.last_acts.flush(self.fleet, now)
        said = self.last_acts.line(now)
        # What was done is named by words of others, as long as they like; the keys must be seen.
        words: list[Piece] = [(cut(our_line(" ✓ {} ·", said), footer.size.width // 2), "")] if said else []
        keys = ("agent.undo", *self.FOOT) if said else self.FOOT
        room = footer.size.width - pieces_width(words)
        footer.show(content([*words, *foot(keys, self.situation(), self.keys, room)]))

    def age_steps(self) -> Iterator[None]:
        """Let what is in sight grow older."""
        return self.list_steps()

    def perform(self, action: Action) -> None:
        """Do an action of the registry; narrowing is done here."""
        if action.id == "see.filter":
            self.filter_line.open(self.NAME, self.needle)
        else:
            action.handler(self)

    def take_in(self) -> None:
        """Show what an action changed, unless that was to leave: then what would show it is gone already."""
        if self.is_attached:
            self.bridge.flush()

    # --- what the actions ask ------------------------------------------------------------------------

    @property
    def engine(self) -> CockpitPort:
        """Where commands go."""
        return self.home.engine

    @property
    def fleet(self) -> Fleet:
        """The newest snapshot."""
        return self.engine.fleet

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""
        return self.home.read_only

    @property
    def agent(self) -> Agent | None:
        """The agent that is meant here."""
        return None

    @property
    def selected(self) -> AgentId | None:
        """The id of the agent that is meant here."""
        return self.agent.id if self.agent is not None else None

    @property
    def pane(self) -> str:
        """How the footers call it."""
        return self.NAME

    @property
    def marks(self) -> AgentMarks:
        """The marks of the home screen: nobody is marked here."""
        return self.home.marks

    def mark(self, marks: AgentMarks) -> None:
        """Put other marks in place."""
        self.home.mark(marks)

    @property
    def output(self) -> TranscriptView:
        """The output of the home screen."""
        return self.home.output

    @property
    def composer(self) -> Composer:
        """The composer of the home screen."""
        return self.home.composer

    @property
    def filter_line(self) -> FilterLine:
        """Where its filter is typed."""
        return self.query_one(FilterLine)

    def list_pane(self, name: str) -> Pane:
        """Return a list pane of the home screen."""
        return self.home.list_pane(name)

    @property
    def sub_agent(self) -> SubAgent | None:
        """None: what is shown here are agents."""
        return None

    def selected_vm(self) -> Vm | None:
        """Return the VM of the agent that is meant here."""
        return self.fleet.vm(self.agent.vm_id) if self.agent is not None else None

    def selected_task(self) -> Task | None:
        """Return the task under the cursor."""
        return None

    def select(self, agent_id: AgentId | None) -> None:
        """Look at an agent, once this screen has gone."""
        self.home.select(agent_id)

    def focus_pane(self, name: str) -> None:
        """Go to a pane of the home screen."""
        self.show("home")
        self.home.focus_pane(name)

    def cycle_pane(self, step: int) -> None:
        """There is one pane."""

    def go_to(self, place: str) -> None:
        """Go to `agent:ID`, `task:ID` or `vm:ID`: to an agent here, if agents are shown, else on the home screen."""
        kind, _, key = place.partition(":")
        if kind == "agent" and self.OF_AGENTS:
            self.select(AgentId(key))
            return
        self.show("home")
        self.home.go_to(place)

    def zoom(self) -> None:
        """It has the whole screen."""

    def resize_area(self, step: int) -> None:
        """There is one area here."""

    def hide_area(self) -> None:
        """There is one area here."""

    def write(self, mode: Mode | None) -> None:
        """Write to the agent that is meant here, on the home screen."""
        agent = self.selected
        self.show("home")
        if agent is not None:
            self.home.select(agent)
        self.home.write(mode)

    def made(self, place: ScreenPlace) -> Screen[None]:
        """Make the screen of a place."""
        return self.others[place.screen](self.home, place.key)

    def command(self, command: Command) -> CommandId:
        """Hand a command to the engine and show its receipt at once."""
        command_id = order(self.app, self.engine, command)
        self.bridge.flush()
        return command_id

    def action_back_out(self) -> None:
        """Drop the filter, then go back."""
        if self.needle:
            self.narrow("")
        else:
            self.dismiss(None)

    def narrow(self, needle: str) -> None:
        """Show what matches."""
        self.needle = needle
        self.bridge.flush()
