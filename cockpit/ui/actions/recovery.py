"""Taking up again what a crash or a lost agent left behind, and answering what the swarm asks on board and feed."""

from __future__ import annotations

from cockpit.model.commands.board import AssignTask, HandOverTask, MoveTask, NoteTask
from cockpit.model.commands.life import Relaunch, Spawn
from cockpit.model.commands.owed import OwedCommand, SettleOwed
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.hand_over import hand_over_text
from cockpit.model.ids import AgentId
from cockpit.model.names import agents_called
from cockpit.model.owed import Owed
from cockpit.model.proposals import free_name
from cockpit.model.recovery import Abandoned
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.form import Field, GuardedForm, Values
from cockpit.ui.dialogs.owed import OwedDialog
from cockpit.ui.dialogs.recovery import RecoveryDialog, entries
from cockpit.ui.widgets.choice_field import Choice


def answer_owed(home: HomePort, owed: Owed) -> None:
    """Ask for an answer to what stands on the board or in the feed."""
    if home.read_only:
        home.warn(ours("the cockpit is read-only"), title=ours("Not answered"))
        return

    def finish(command: OwedCommand | None) -> None:
        if command is not None:
            home.command(command)

    home.open_dialog(OwedDialog(owed, _asker(home, owed), home.engine.now()), finish)


def _asker(home: HomePort, owed: Owed) -> Agent | None:
    called = agents_called(owed.asker, home.fleet.agents, home.fleet.vms)
    return called[0] if len(called) == 1 and not called[0].elsewhere else None


def _open(home: HomePort) -> None:
    """Show what there is to take up again."""
    recovery = home.engine.coordination.recovery
    found = recovery.report()
    recovery.seen()
    listed = entries(found)

    def finish(chosen: tuple[str, str] | None) -> None:
        if chosen is None:
            return
        act, key = chosen
        entry = listed[key]
        if isinstance(entry, Owed):
            _about_owed(home, entry, act)
        elif isinstance(entry, Abandoned):
            _about_task(home, entry, act)
        elif entry.agent is not None and home.fleet.agent(entry.agent) is not None:
            home.go_to(f"agent:{entry.agent}")
        else:
            home.go_to(f"vm:{entry.vm}")

    home.open_dialog(RecoveryDialog(found, home.engine.now()), finish)


def _about_owed(home: HomePort, owed: Owed, act: str) -> None:
    if act == "resolve" and not home.read_only:
        home.command(SettleOwed(owed.key))
    else:
        answer_owed(home, owed)


def _about_task(home: HomePort, task: Abandoned, act: str) -> None:
    if act == "go":
        home.go_to(f"task:{task.task}")
    elif home.read_only:
        home.warn(ours("the cockpit is read-only"), title=ours("Not done"))
    elif act == "reassign":
        _reassign(home, task)
    elif act == "resolve":
        home.command(AssignTask(task.task, ""))
        home.command(MoveTask(task.task, "open"))
    elif task.dead is not None:
        home.command(Relaunch(task.dead))
    else:
        _respawn(home, task)


def _reassign(home: HomePort, task: Abandoned) -> None:
    """Ask who takes the task over, and hand it to that agent."""

    def reason(agent: Agent) -> str:
        return home.engine.disabled_reason(HandOverTask(task.task, agent.id))

    def finish(values: Values | None) -> None:
        if values is not None:
            home.command(NoteTask(task.task, f"taken from {task.assignee}: {task.evidence}"))
            home.command(HandOverTask(task.task, AgentId(values["agent"])))

    there = (agent for agent in home.fleet.agents if agent.name != task.assignee and not agent.elsewhere)
    choices = tuple(Choice(agent.id, clean_line(agent.name), reason(agent)) for agent in there)
    if not choices:
        home.warn(ours("there is no other agent: r makes one"), title=ours("Not reassigned"))
        return
    field = Field("agent", ours("agent"), "choice", choices=choices)
    home.open_dialog(GuardedForm(ours("Reassign task"), (field,), intro=clean_line(task.title)), finish)


def _respawn(home: HomePort, task: Abandoned) -> None:
    """Make a worker in the place of the one that is gone; the task is its first prompt."""
    known = next((one for one in home.fleet.tasks if one.id == task.task), None)
    name = free_name(task.assignee or "worker-1", home.fleet)
    if known is None:
        return
    others = [other for other in home.fleet.tasks if other.id in known.dependencies]
    left = f"{task.assignee} had it before and left it unfinished: look first at what is there."
    text = f"{hand_over_text(known, others)}\n\n{left}"
    home.command(Spawn(name, AgentKind.WORKER, task=text))
    home.command(AssignTask(task.task, name))


ACTIONS: tuple[Action, ...] = (
    Action(
        "see.recovery",
        "K",
        "take up",
        "See",
        "List tasks that nobody does any more, open questions and what runs, to take them up again",
        _open,
    ),
)
