"""Moving: from pane to pane, and to an agent, a task or a VM by name."""

from __future__ import annotations

from cockpit.text.clean import ours
from cockpit.ui.actions.action import PANE_WORDS, Action, Handler, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.pick import PickDialog, places


def _go_to(home: HomePort) -> None:
    def finish(place: str | None) -> None:
        if place is not None:
            home.go_to(place)

    dialog = PickDialog(ours("Go to"), places(home.fleet, home.engine.now()), ours("Nothing has this name."))
    home.open_dialog(dialog, finish)


def _focus(name: str) -> Handler:
    return lambda home: home.focus_pane(name)


def _cycle(step: int) -> Handler:
    return lambda home: home.cycle_pane(step)


def _resize(step: int) -> Handler:
    return lambda home: home.resize_area(step)


def _needs_another_area(situation: Situation) -> str:
    if situation.pane in ("board", "vms", "feed"):
        return ""
    return "the agents and the output are always there; the other areas can be hidden"


ACTIONS: tuple[Action, ...] = (
    Action("move.go_to", "colon", "go to", "Move", "Jump to an agent, a task or a VM by name", _go_to),
    *(
        Action(f"move.{pane}", str(number), label, "Move", f"Focus {what}", _focus(pane))
        for number, (pane, (label, what)) in enumerate(PANE_WORDS.items(), 1)
    ),
    Action("move.smaller", "less_than_sign", "smaller", "Move", "Make the focused area smaller", _resize(-1)),
    Action("move.larger", "greater_than_sign", "larger", "Move", "Make the focused area larger", _resize(1)),
    Action(
        "move.hide",
        "vertical_line",
        "hide",
        "Move",
        "Hide the focused area until its number is pressed",
        lambda home: home.hide_area(),
        _needs_another_area,
    ),
    Action("move.next_pane", "tab", "next pane", "Move", "Focus the next pane", _cycle(1)),
    Action("move.previous_pane", "shift+tab", "previous pane", "Move", "Focus the pane before", _cycle(-1)),
)
