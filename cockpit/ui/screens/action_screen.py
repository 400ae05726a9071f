"""A screen whose keys are the registry's actions: it does them, dims what cannot be done now, and says why not."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen

from cockpit.errors import CockpitError
from cockpit.model.board import FeedItem
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.operation import Operation
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.help import help_text
from cockpit.ui.actions.home_port import Chosen, HomePort
from cockpit.ui.actions.keys import key_labels
from cockpit.ui.actions.registry import BY_ID, bindings, disabled_reason, hidden
from cockpit.ui.bridge import Rates
from cockpit.ui.drawn_at_once import DrawnAtOnce
from cockpit.ui.outcomes import Outcomes
from cockpit.ui.places.history import PlaceHistory, ScreenPlace
from cockpit.ui.tallies import Tallies
from cockpit.ui.terminal.clipboard import copied
from cockpit.ui.terminal.driver import TerminalDriver
from cockpit.ui.undo import HasLastActs, LastActs
from cockpit.ui.widgets.notice import notice


class ActionScreen(HasLastActs, DrawnAtOnce[None]):
    """Subclasses say in which situation an action is judged, and what takes it in afterwards."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    NAME: ClassVar[str] = "home"
    """How the actions call it whose keys count here."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, str] = {}
        """The operator's own keys by action id."""
        self.rates = Rates()
        self.outcomes = Outcomes(self)
        """What is said of what became of commands."""
        self.last_acts = LastActs()
        """What was done here that can be undone."""
        self.tallies = Tallies()
        """What wants the operator; screens over this one share it."""
        self.others: Mapping[str, Callable[[HomePort, str], Screen[None]]] = {}
        """The screens that stand over the home screen, by name: each is made of it, and of what narrows it."""
        self.own: Mapping[str, Action] = {}
        """The operator's own commands by id."""
        self.history = PlaceHistory()
        """The places where the operator was, on whatever screen."""

    # The framework's metaclass leaves no room for `ABCMeta`: the type checker refuses a screen without these.

    @abstractmethod
    def situation(self) -> Situation:
        """Return what an action is judged by."""

    @abstractmethod
    def perform(self, action: Action) -> None:
        """Do an action of the registry."""

    @abstractmethod
    def take_in(self) -> None:
        """Show what an action changed."""

    @abstractmethod
    def made(self, place: ScreenPlace) -> Screen[None]:
        """Make the screen of a place that stands over the home screen."""

    @property
    def place(self) -> ScreenPlace:
        """Where the operator is while this screen is in view."""
        return ScreenPlace(self.NAME)

    def steps(self) -> list[tuple[Clean, ScreenPlace]]:
        """Return what this screen adds to the way from the fleet: names with the places they lead to."""
        return [(clean_line("fleet" if self.NAME == "home" else self.NAME), self.place)]

    def arrive(self, key: str) -> None:
        """Show what was come here for."""

    def in_sight(self) -> bool:
        """Tell whether anything of this screen is seen: the terminal reads, and no other screen hides all of it."""
        if isinstance(self.app._driver, TerminalDriver) and self.app._driver.stalls:
            return False
        for screen in reversed(self.app.screen_stack):
            if screen is self or screen.styles.background.a == 1:
                return screen is self
        return False

    def shows_agents(self) -> tuple[AgentId, ...]:
        """Return the agents whose output can be read on this screen now: nobody is called about these."""
        return ()

    def offers(self, action: Action) -> bool:
        """Say whether an action of the registry makes sense here, by its key or from the palette."""
        return True

    def on_screen_resume(self) -> None:
        """Show what changed while another screen stood over this one."""
        if self.is_mounted:
            self.call_after_refresh(self.take_in)
        if self.app.screen is self:
            self.history.visit(self.place)

    def selected_event(self) -> FeedItem | None:
        """Return the event of the feed under the cursor, where there is such a one."""
        return None

    def narrow(self, needle: str) -> None:
        """Show what matches, where there is something to narrow."""

    def _declared(self, action_id: str) -> Action:
        """Return an action of the registry, or a command of the operator's own."""
        return self.own.get(action_id) or BY_ID[action_id]

    def promise(self, command: CommandId, text: Clean) -> None:
        """Have a text shown when a command is done."""
        self.outcomes.promise(command, text)

    def otherwise(self, command: CommandId, ask: Callable[[Operation], None]) -> None:
        """Have something asked if a command fails."""
        self.outcomes.otherwise(command, ask)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide what a read-only cockpit has not; dim what cannot be done now."""
        if action != "act":
            return True
        declared = self._declared(str(parameters[0]))
        situation = self.situation()
        if hidden(declared, situation) or not self.offers(declared):
            return False
        return None if disabled_reason(declared, situation) else True

    def action_act(self, action_id: str) -> None:
        """Do what the registry declares."""
        self._do(self._declared(action_id))

    def _do(self, action: Action) -> None:
        self.perform(action)
        self.call_after_refresh(self._take_in_seen)

    def _take_in_seen(self) -> None:
        """Show what an action changed, unless it led to a screen that hides this one."""
        if self.is_attached and self.in_sight():
            self.take_in()

    def try_action(self, action_id: str, *, alone: bool = False) -> None:
        """Do an action from elsewhere than its key, or say why not; `alone` leaves the marked agents out of it."""
        action = self._declared(action_id)
        if alone:
            action = replace(action, many=None)
        if reason := disabled_reason(action, self.situation()):
            self._explain(action_id, reason)
        else:
            self._do(action)

    def action_try_action(self, action_id: str) -> None:
        """Do an action whose key was clicked, or say why not."""
        self.try_action(action_id)

    def explain_key(self, key: str) -> None:
        """Say why a key does nothing, if it belongs to an action that is disabled now."""
        for action in (*BY_ID.values(), *self.own.values()):
            if key not in self.keys.get(action.id, action.keys).split(","):
                continue
            if action.screen != self.NAME and not (action.screen == "home" and self.offers(action)):
                continue
            if reason := disabled_reason(action, self.situation()):
                self._explain(action.id, reason)
                return

    def _explain(self, action_id: str, reason: str) -> None:
        label = self._declared(action_id).label
        text = our_line("{}{}: {}", label[:1].upper(), label[1:], reason)
        notice(self, text, severity="warning", timeout=4)

    def warn(self, text: Clean, *, title: Clean) -> None:
        """Show for a while why something was not done."""
        notice(self, text, title=title, severity="warning")

    def open_dialog(self, dialog: Screen[Chosen], finish: Callable[[Chosen | None], None] | None = None, /) -> None:
        """Open a dialog over this screen; `finish` gets what was chosen, or None."""
        self.app.push_screen(dialog, finish)

    def on_text_selected(self) -> None:
        """Copy what was selected with the mouse, and say so."""
        self._copy_selection()

    def action_copy_text(self) -> None:
        """Copy what is selected."""
        if not self._copy_selection():
            raise SkipAction

    def _copy_selection(self) -> bool:
        text = self.get_selected_text()
        if not text:
            return False
        try:
            notice(self, copied(self.app, clean_text(text), ours("what is selected")), timeout=3)
        except CockpitError as error:
            self.warn(clean_text(str(error)), title=ours("Not copied"))
        return True

    def key_of(self, action_id: str) -> str:
        """Return the keys of an action for people, the operator's own if there are any."""
        return key_labels(self.keys.get(action_id, self._declared(action_id).keys))

    def key_help(self, needle: str = "") -> Content:
        """Return all actions with their keys that hold some words, those that count here first."""
        own = tuple(self.own.values())
        return help_text(self.keys, self.app.size.width, here=self.situation().pane, needle=needle, own=own)


def give_own(screen: ActionScreen, actions: Mapping[str, Action]) -> None:
    """Give a screen commands of the operator's own, with their keys."""
    screen.own = actions
    for action in actions.values():
        if action.keys:
            screen._bindings.bind(action.keys, f"act('{action.id}')", action.label, show=False)
