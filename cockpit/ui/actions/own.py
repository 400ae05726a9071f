"""The operator's own commands as actions: on keys of theirs and in the palette, for the selected agent."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.keys import Keys

from cockpit.model.own.declared import OwnCommand
from cockpit.model.own.port import Printed
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_text, our_line
from cockpit.ui.actions.action import Action, Handler
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import needs_agent
from cockpit.ui.dialogs.live import LiveText
from cockpit.ui.look.cells import Piece, content

PREFIX = "own."
"""What the ids of these actions begin with; behind it stands the number of the command."""

FREE = ("f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12")
"""Keys that no action of the cockpit has: they are offered where one is taken."""


def own_actions(commands: Sequence[OwnCommand], taken: Mapping[str, str]) -> tuple[dict[str, Action], tuple[str, ...]]:
    """Return the actions of own commands by id, and what is wrong with their keys: those are in the palette only.

    Args:
        commands: as config.toml declares them.
        taken: the keys of the home screen, and the action each belongs to.
    """
    actions: dict[str, Action] = {}
    problems: list[str] = []
    for number, command in enumerate(commands):
        problem = _fault_of_key(command, taken)
        if problem:
            problems.append(problem)
        about = command.description or f"Run {command.command}"
        action_id = f"{PREFIX}{number}"
        actions[action_id] = Action(
            action_id, "" if problem else command.key, command.name, "Cockpit", about, _run(command), needs_agent
        )
    return actions, tuple(problems)


def _fault_of_key(command: OwnCommand, taken: Mapping[str, str]) -> str:
    free = next((key for key in FREE if key not in taken), "none")
    if not command.key:
        return ""
    if command.key in taken:
        return f"commands: {command.name}: {command.key} already means {taken[command.key]}; free is {free}"
    known = {key.value for key in Keys}
    is_written = len(command.key) == 1 and command.key.isalnum()
    if not is_written and command.key not in known and command.key not in _SIGNS:
        near = difflib.get_close_matches(command.key, [*known, *_SIGNS], n=1, cutoff=0.4)
        advice = f"did you mean {near[0]!r}?" if near else f"free is {free}"
        return f"commands: {command.name}: no key is called {command.key!r}; {advice}"
    return ""


_SIGNS = ("percent_sign", "at", "circumflex_accent", "underscore", "grave_accent", "semicolon", "full_stop")
"""Names of keys that write signs, which the framework's list of keys lacks."""


def _run(command: OwnCommand) -> Handler:
    def handler(home: HomePort) -> None:
        agent = home.agent
        if agent is None:
            return
        target, own = agent.id, home.engine.coordination.own

        async def load() -> Content:
            return printed_text(await own.run(command.name, target))

        home.open_dialog(LiveText(our_line("{} · {}", command.name, agent.name), load))

    return handler


def printed_text(printed: Printed) -> Content:
    """Return what a command printed, and how it ended if that was not well."""
    pieces: list[Piece] = []
    wrong = printed.trouble or (f"it ended with {printed.code}" if printed.code else "")
    if wrong:
        pieces.append((our_line("✗ {}", wrong), "bold $agent-failed"))
        pieces.append((ours("\n\n"), ""))
    text = clean_text(printed.text.rstrip("\n"))
    pieces.append((text, "") if text else (ours("It printed nothing."), "$muted"))
    if printed.is_cut:
        pieces.append((ours("\n… it printed more"), "$muted"))
    return content(pieces)
