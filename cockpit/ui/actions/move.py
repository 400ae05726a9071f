"""Moving: from pane to pane, and to an agent, a task or a VM by name."""

from __future__ import annotations

from cockpit.ui.actions.action import PANE_WORDS, Action, Handler, Situation
from cockpit.ui.actions.command import open_line
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.words import GO
from cockpit.ui.jump.screen import JumpScreen
from cockpit.ui.jump.targets import Target, targets_of


def _focus(name: str) -> Handler:
    return lambda home: home.focus_pane(name)


def _cycle(step: int) -> Handler:
    return lambda home: home.cycle_pane(step)


def _resize(step: int) -> Handler:
    return lambda home: home.resize_area(step)


def _jump(home: HomePort) -> None:
    def finish(target: Target | None) -> None:
        if target is not None:
            target.reach()

    below = home.app.screen
    home.open_dialog(JumpScreen(lambda: targets_of(below)), finish)


def _needs_another_area(situation: Situation) -> str:
    if situation.pane in ("board", "vms", "feed"):
        return ""
    return "the agents and the output are always there; the other areas can be hidden"


ACTIONS: tuple[Action, ...] = (
    Action(GO, "colon", "command", "Move", "Type a command with its arguments, or where to go", open_line),
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
    Action("move.jump", "semicolon", "jump", "Move", "Label all that can have the keys, and go where one says", _jump),
    Action("move.next_pane", "tab", "next pane", "Move", "Focus the next pane", _cycle(1)),
    Action("move.previous_pane", "shift+tab", "previous pane", "Move", "Focus the pane before", _cycle(-1)),
)
