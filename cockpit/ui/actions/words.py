"""The words of the command line: every action that is offered where one is, and the names of all there is."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.board import TASK_STATUSES
from cockpit.model.fleet import Fleet
from cockpit.ui.actions.offered import OfferedAction
from cockpit.ui.command_line.grammar import Command, Kind, LineWords

GO = "move.go_to"
"""The action of the command line itself: typed as a word it goes to a place."""

AGENT_GROUPS = ("Talk", "Agents")
TEXTS = ("talk.prompt", "talk.steer", "talk.follow_up")
ARGUMENTS: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(TEXTS, (Kind.AGENT, Kind.TEXT)),
    GO: (Kind.PLACE,),
    "board.open": (Kind.TASK,),
    "board.move": (Kind.TASK, Kind.STATUS),
    "board.assign": (Kind.TASK, Kind.PERSON),
    "board.handover": (Kind.TASK, Kind.AGENT),
    "board.note": (Kind.TASK, Kind.TEXT),
    "app.theme": (Kind.THEME,),
    "move.open": (Kind.AGENT,),
}
"""What follows a word, where it is more than the agent that actions upon agents take."""

SCREENS = {"fleet": "home", "board": "board", "feed": "feed", "grid": "grid", "timeline": "timeline"}
"""The screens one can go to, by what they are called."""


def word_of(action: OfferedAction) -> str:
    """Return the word that an action is typed by."""
    return "go" if action.id == GO else "-".join(action.label.lower().split())


def vocabulary(offered: Iterable[OfferedAction], fleet: Fleet, themes: Iterable[str]) -> LineWords:
    """Gather what can be typed.

    Args:
        offered: actions, each with the reason why it cannot be done now; of two with one word the first has it, the
            other is typed by its id.
        fleet: what has names.
        themes: their names.
    """
    commands: dict[str, Command] = {}
    for action in offered:
        word = word_of(action)
        word = action.id if word in commands else word
        usual = (Kind.AGENT,) if action.group in AGENT_GROUPS else ()
        commands[word] = Command(word, action.id, action.description, ARGUMENTS.get(action.id, usual), action.reason)
    return LineWords(tuple(sorted(commands.values(), key=lambda one: one.word)), _names(fleet, themes))


def _names(fleet: Fleet, themes: Iterable[str]) -> dict[Kind, list[tuple[str, str]]]:
    agents = [(agent.name, str(agent.id)) for agent in fleet.agents]
    tasks = [(task.title, str(task.id)) for task in fleet.tasks]
    screens = [(name, f"screen:{screen}") for name, screen in SCREENS.items()]
    people = dict.fromkeys([name for name, _ in agents] + [task.assignee for task in fleet.tasks if task.assignee])
    return {
        Kind.AGENT: agents,
        Kind.TASK: tasks,
        Kind.STATUS: [(status, status) for status in TASK_STATUSES],
        Kind.PERSON: [(name, name) for name in people],
        Kind.THEME: [(name, name) for name in themes],
        Kind.PLACE: [
            *((name, f"agent:{key}") for name, key in agents),
            *screens,
            *((title, f"task:{key}") for title, key in tasks),
            *((vm.label or str(vm.id), f"vm:{vm.id}") for vm in fleet.orphans()),
        ],
    }
