"""Going deeper, back and forward: an agent's screen, its tabs, and the places where the operator was."""

from __future__ import annotations

from cockpit.ui.actions.action import Action, Handler, Reason, Situation
from cockpit.ui.actions.board import open_task
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reach import needs_vm
from cockpit.ui.actions.reasons import needs_agent


def _opens(situation: Situation) -> str:
    if situation.pane == "board" and situation.task is not None:
        return ""
    if situation.pane == "vms" and situation.vm is not None and situation.fleet.agent_on(situation.vm.id) is None:
        return "no agent lives there"
    return needs_agent(situation)


def _open(home: HomePort) -> None:
    """Open the task where the board has the keys, and the agent elsewhere."""
    if home.pane == "board" and home.selected_task() is not None:
        open_task(home)
    elif home.agent is not None:
        home.show("agent", home.agent.id)


def _walk(step: int) -> Handler:
    return lambda home: home.walk(step)


def _watches(situation: Situation) -> str:
    return "" if situation.fleet.agents else "there is no agent"


def _tab(name: str) -> Handler:
    return lambda home: home.show_tab(name)


CELLS = 6
"""Cells of the grid at most."""

TAB_WORDS: dict[str, tuple[str, Reason]] = {
    "chat": ("what is said", lambda situation: ""),
    "files": ("the files where the agent lives", needs_agent),
    "diff": ("what the agent changed", needs_agent),
    "queue": ("what waits in the agent", needs_agent),
    "shell": ("a shell where it lives, in this terminal", needs_vm),
    "vm": ("what it lives on: power, link, lineage, what leads to it", needs_agent),
}
"""The tabs of an agent's screen, in the order of their number keys: what each shows, and why it cannot."""

ACTIONS: tuple[Action, ...] = (
    Action("move.open", "enter", "open", "Move", "Open the agent's own screen", _open, _opens, ("agents", "output")),
    Action("move.grid", "g", "grid", "Move", "Watch several agents at once", lambda home: home.show("grid"), _watches),
    Action("move.back", "left_curly_bracket", "back", "Move", "Go back to the place before", _walk(-1)),
    Action("move.forward", "right_curly_bracket", "forward", "Move", "Go forward again", _walk(1)),
    Action(
        "agent.write",
        "enter",
        "write",
        "Agent screen",
        "Write in the mode that fits what the agent does",
        lambda home: home.write(None),
        needs_agent,
        writes=True,
        screen="agent",
    ),
    *(
        Action(
            f"tab.{name}",
            str(number),
            name,
            "Agent screen",
            f"Show {what}",
            _tab(name),
            reason,
            writes=name == "shell",
            screen="agent",
        )
        for number, (name, (what, reason)) in enumerate(TAB_WORDS.items(), 1)
    ),
    *(
        Action(f"grid.{cell}", cell, f"cell {cell}", "Grid screen", f"Go to cell {cell}", _tab(cell), screen="grid")
        for cell in map(str, range(1, CELLS + 1))
    ),
    Action("grid.merge", "m", "one stream", "Grid screen", "Show all as one stream", _tab("merge"), screen="grid"),
)
