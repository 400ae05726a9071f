"""What the handlers of the actions may ask of the home screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from textual.app import App
from textual.content import Content
from textual.screen import Screen

from cockpit.engine.port import CockpitPort
from cockpit.model.board import FeedItem, Task
from cockpit.model.commands.command import Command
from cockpit.model.fleet import Agent, Fleet, Vm
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.marks import AgentMarks
from cockpit.model.operation import Operation
from cockpit.model.sub_agents import SubAgent
from cockpit.text.clean import Clean
from cockpit.ui.actions.travel_port import TravelPort
from cockpit.ui.bridge import Rates
from cockpit.ui.look.states import Mode
from cockpit.ui.outcomes import Outcomes
from cockpit.ui.places.history import PlaceHistory
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.undo import LastActs
from cockpit.ui.widgets.filter_line import FilterLine
from cockpit.ui.widgets.pane import Pane
from cockpit.ui.writing.composer import Composer

Chosen = TypeVar("Chosen")


class HomePort(TravelPort, Protocol):
    """The home screen as its actions see it; the screen knows the actions, and they know no screen."""

    @property
    def app(self) -> App[object]:
        """The application: its theme, its palette, its end."""

    @property
    def engine(self) -> CockpitPort:
        """Where commands go."""

    @property
    def fleet(self) -> Fleet:
        """The newest snapshot."""

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""

    @property
    def selected(self) -> AgentId | None:
        """The id of the selected agent."""

    @property
    def agent(self) -> Agent | None:
        """The selected agent."""

    @property
    def pane(self) -> str:
        """The focused pane's name, `composer` while writing."""

    @property
    def output(self) -> TranscriptView:
        """The output of the selected agent."""

    @property
    def composer(self) -> Composer:
        """Where texts to the selected agent are written."""

    @property
    def filter_line(self) -> FilterLine:
        """Where a pane's filter is typed."""

    def list_pane(self, name: str) -> Pane:
        """Return a list pane by its name."""

    @property
    def sub_agent(self) -> SubAgent | None:
        """The sub-agent of the selected agent on which the cursor stands."""

    def selected_vm(self) -> Vm | None:
        """Return the VM under the cursor of its pane, else the selected agent's."""

    def selected_task(self) -> Task | None:
        """Return the task under the board's cursor, while the board is in view."""

    def selected_event(self) -> FeedItem | None:
        """Return the event of the feed under the cursor."""

    @property
    def marks(self) -> AgentMarks:
        """The agents that are marked."""

    def mark(self, marks: AgentMarks) -> None:
        """Put other marks in place."""

    def narrow(self, needle: str) -> None:
        """Show what matches, in the pane with the keys."""

    def select(self, agent_id: AgentId | None) -> None:
        """Look at an agent."""

    def focus_pane(self, name: str) -> None:
        """Bring a pane into view and give it the keys."""

    def cycle_pane(self, step: int) -> None:
        """Focus the next pane in the order of the number keys."""

    def go_to(self, place: str) -> None:
        """Go to `agent:ID`, `task:ID` or `vm:ID`."""

    def zoom(self) -> None:
        """Give the focused area the whole screen, or take it back."""

    def resize_area(self, step: int) -> None:
        """Make the focused area larger or smaller by some steps."""

    def hide_area(self) -> None:
        """Hide the focused area until its number is pressed."""

    def write(self, mode: Mode | None) -> None:
        """Go to the composer in a mode; None for the one that fits what the agent does."""

    @property
    def rates(self) -> Rates:
        """How often is drawn what changes."""

    @property
    def last_acts(self) -> LastActs:
        """What was done that can be undone."""

    @property
    def outcomes(self) -> Outcomes:
        """What is said of what became of commands."""

    def show(self, name: str, needle: str = "") -> None:
        """Go to a screen that stands over the home screen, narrowed to what matches."""

    @property
    def history(self) -> PlaceHistory:
        """Those places."""

    def command(self, command: Command) -> CommandId:
        """Hand a command to the engine and show its receipt at once."""

    def promise(self, command: CommandId, text: Clean) -> None:
        """Have a text shown when a command is done."""

    def otherwise(self, command: CommandId, ask: Callable[[Operation], None]) -> None:
        """Have something asked if a command fails; it gets the steps that were done."""

    def foremost(self) -> HomePort:
        """Return the screen of the operator that is in view."""

    def try_action(self, action_id: str, *, alone: bool = False) -> None:
        """Do an action, or say why not.

        Args:
            action_id: which.
            alone: it is done to what is selected, whoever is marked.
        """

    def open_dialog(self, dialog: Screen[Chosen], finish: Callable[[Chosen | None], None] | None = None, /) -> None:
        """Open a dialog; `finish` gets what was chosen, or None."""

    def warn(self, text: Clean, *, title: Clean) -> None:
        """Show for a while why something was not done."""

    def key_of(self, action_id: str) -> str:
        """Return the keys of an action for people, the operator's own if there are any."""

    def key_help(self, needle: str = "") -> Content:
        """Return all actions with their keys that hold some words, those that count here first."""
