"""The declarations: every action of the cockpit, once, with the reason why it cannot be done now."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.commands import (
    Abort,
    Branch,
    Command,
    Commit,
    Destroy,
    FollowUp,
    Pause,
    Prompt,
    Relaunch,
    Resume,
    Steer,
)
from cockpit.model.fleet import Vm
from cockpit.model.ids import AgentId
from cockpit.ui.actions.action import PANES, Action, Reason, Situation


def _needs_agent(situation: Situation) -> str:
    return "" if situation.agent is not None else "no agent is selected"


def _needs_agent_or_vm(situation: Situation) -> str:
    return "" if situation.pane == "vms" and situation.vm is not None else _needs_agent(situation)


def _needs_task(situation: Situation) -> str:
    return "" if situation.task is not None else "no task is selected: press 2 and choose one"


def _agent_command(build: Callable[[AgentId], Command]) -> Reason:
    """Ask the engine whether a command to the selected agent would be refused."""

    def reason(situation: Situation) -> str:
        if situation.agent is None:
            return "no agent is selected"
        return situation.engine.disabled_reason(build(situation.agent.id))

    return reason


def _vm_command(build: Callable[[Vm], Command]) -> Reason:
    """Ask the engine whether a command to the selected VM would be refused."""

    def reason(situation: Situation) -> str:
        if situation.vm is None:
            return "no VM is selected"
        return situation.engine.disabled_reason(build(situation.vm))

    return reason


def _relaunch(situation: Situation) -> str:
    if situation.agent is None:
        return "no agent is selected"
    return situation.engine.disabled_reason(Relaunch(situation.agent.id))


def _needs_question(situation: Situation) -> str:
    if situation.agent is None:
        return "no agent is selected"
    return "" if situation.agent.activity.dialogs else f"{situation.agent.name} asks nothing"


def _needs_waiting(situation: Situation) -> str:
    return "" if situation.wanted.total else "nothing waits for you"


def _probe(build: Callable[[AgentId, str], Command]) -> Callable[[AgentId], Command]:
    """Fill the text of a message whose words are not written yet."""
    return lambda agent: build(agent, "…")


_LISTS = ("agents", "vms")

ACTIONS: tuple[Action, ...] = (
    Action(
        "talk.prompt",
        "p",
        "prompt",
        "Talk",
        "Write a prompt that starts a run",
        _agent_command(_probe(Prompt)),
        ("agents", "output"),
        writes=True,
    ),
    Action(
        "talk.steer",
        "s",
        "steer",
        "Talk",
        "Interrupt the run: the agent reads it before its next step",
        _agent_command(_probe(Steer)),
        ("agents", "output"),
        writes=True,
    ),
    Action(
        "talk.follow_up",
        "f",
        "follow-up",
        "Talk",
        "Queue a text for the end of the run",
        _agent_command(_probe(FollowUp)),
        ("agents", "output"),
        writes=True,
    ),
    Action(
        "talk.compose",
        "i,enter",
        "write",
        "Talk",
        "Write in the mode that fits what the agent does",
        _needs_agent,
        writes=True,
    ),
    Action(
        "talk.answer",
        "a",
        "answer",
        "Talk",
        "Answer the question the agent waits with",
        _needs_question,
        ("agents", "output"),
        writes=True,
    ),
    Action(
        "talk.abort",
        "x",
        "abort",
        "Talk",
        "End the current run",
        _agent_command(Abort),
        ("agents", "output"),
        writes=True,
    ),
    Action(
        "agent.spawn",
        "n",
        "spawn",
        "Agents",
        "Make a VM and start a lieutenant or workers",
        panes=("agents", "vms", "feed"),
        writes=True,
    ),
    Action("agent.why", "w", "why", "Agents", "Say why this agent is shown as it is", _needs_agent_or_vm, _LISTS),
    Action(
        "vm.pause",
        "z",
        "pause",
        "Agents",
        "Freeze the VM",
        _vm_command(lambda vm: Pause(vm.id)),
        _LISTS,
        writes=True,
    ),
    Action(
        "vm.resume",
        "r",
        "resume",
        "Agents",
        "Continue a paused VM",
        _vm_command(lambda vm: Resume(vm.id)),
        _LISTS,
        writes=True,
    ),
    Action(
        "agent.relaunch",
        "R",
        "relaunch",
        "Agents",
        "Start the agent again after its process died",
        _relaunch,
        writes=True,
    ),
    Action(
        "agent.change_program",
        "",
        "relaunch with what is installed now",
        "Agents",
        "Relaunch with another version of its program",
        _relaunch,
        writes=True,
        dangerous=True,
    ),
    Action(
        "vm.commit",
        "C",
        "commit",
        "Agents",
        "Take a snapshot of the VM",
        _vm_command(lambda vm: Commit(vm.id)),
        ("vms",),
        writes=True,
    ),
    Action(
        "vm.branch",
        "B",
        "branch",
        "Agents",
        "Copy the VM and start the copies",
        _vm_command(lambda vm: Branch(vm.id)),
        ("vms",),
        writes=True,
    ),
    Action(
        "vm.destroy",
        "D",
        "destroy",
        "Agents",
        "Delete the VM and everything on it",
        _vm_command(lambda vm: Destroy(vm.id)),
        _LISTS,
        writes=True,
        dangerous=True,
    ),
    Action("board.create", "t", "new task", "Board", "Put a task on the board", panes=("board",), writes=True),
    Action(
        "board.open",
        "v",
        "view",
        "Board",
        "Show the task with its notes",
        _needs_task,
        ("board",),
    ),
    Action(
        "board.move",
        "m",
        "move",
        "Board",
        "Change the task's status",
        _needs_task,
        ("board",),
        writes=True,
    ),
    Action(
        "board.assign",
        "A",
        "assign",
        "Board",
        "Give the task to an agent or a person",
        _needs_task,
        ("board",),
        writes=True,
    ),
    Action(
        "board.note",
        "c",
        "note",
        "Board",
        "Add a note to the task",
        _needs_task,
        ("board",),
        writes=True,
    ),
    Action(
        "see.next_waiting",
        "exclamation_mark",
        "next waiting",
        "See",
        "Go to the next thing that waits for you, then to what is done",
        _needs_waiting,
        PANES,
    ),
    Action("see.attention", "I", "inbox", "See", "List what waits for you, what nobody read, what is done"),
    Action("see.zoom", "o", "zoom", "See", "Give the output the whole screen, or take it back", panes=("output",)),
    Action("see.follow", "end,G", "follow", "See", "Go to the newest line and stay there", panes=("output",)),
    Action(
        "see.expand",
        "e",
        "expand",
        "See",
        "Show tool output and thinking in full, or short",
        panes=("output",),
    ),
    Action(
        "see.previous_turn",
        "left_square_bracket",
        "earlier turn",
        "See",
        "Go to the message before",
        panes=("output",),
    ),
    Action("see.next_turn", "right_square_bracket", "later turn", "See", "Go to the message after"),
    Action(
        "see.filter",
        "slash",
        "filter",
        "See",
        "Narrow the list to what matches",
        panes=("agents", "board", "vms", "feed"),
    ),
    Action("move.go_to", "colon", "go to", "Move", "Jump to an agent, a task or a VM by name"),
    Action("move.agents", "1", "lieutenants", "Move", "Focus the tree of agents"),
    Action("move.board", "2", "board", "Move", "Focus the board"),
    Action("move.vms", "3", "VMs", "Move", "Focus the VMs"),
    Action("move.output", "4", "output", "Move", "Focus the output of the selected agent"),
    Action("move.feed", "5", "feed", "Move", "Focus the feed"),
    Action("move.next_pane", "tab", "next pane", "Move", "Focus the next pane"),
    Action("move.previous_pane", "shift+tab", "previous pane", "Move", "Focus the pane before"),
    Action("app.help", "question_mark", "help", "Cockpit", "Show all keys", panes=(*PANES, "composer")),
    Action("app.palette", "ctrl+p", "palette", "Cockpit", "Find any action by name", panes=PANES),
    Action("app.theme", "", "theme", "Cockpit", "Wear the next theme"),
    Action("app.quit", "q,ctrl+q", "detach", "Cockpit", "Leave the cockpit; every agent goes on", panes=PANES),
)
