"""The board's tasks. The task is the one under the cursor when the key is pressed."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.commands.board import AssignTask, CreateTask, HandOverTask, MoveTask, NoteTask
from cockpit.model.ids import AgentId
from cockpit.model.row_doubts import doubts
from cockpit.text.clean import ours
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import needs_task
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.form import FormDialog, Values, listed
from cockpit.ui.dialogs.tasks import assign_form, create_form, hand_over_form, move_form, needs_of, note_form
from cockpit.ui.dialogs.texts import task_text


def _create(home: HomePort) -> None:
    """Ask for a new task."""

    def finish(values: Values | None) -> None:
        if values is not None:
            needs, _ = needs_of(home.fleet, values["needs"])
            tags = listed(values["tags"])
            home.command(
                CreateTask(values["title"], values["description"], values["assignee"], tags, dependencies=needs)
            )

    home.open_dialog(create_form(home.fleet), finish)


def open_task(home: HomePort) -> None:
    """Show the task under the cursor."""
    task = home.selected_task()
    if task is not None:
        titles = {str(other.id): other.title for other in home.fleet.tasks}
        now = home.engine.now()
        home.open_dialog(TextDialog(ours("Task"), task_text(task, titles, now, doubts(task, home.fleet, now))))


def _ask(
    home: HomePort, form: FormDialog, command: Callable[[Values], MoveTask | AssignTask | NoteTask | HandOverTask]
) -> None:
    """Run a form about a task that was frozen when the key was pressed."""

    def finish(values: Values | None) -> None:
        if values is not None:
            home.command(command(values))

    home.open_dialog(form, finish)


def _move(home: HomePort) -> None:
    """Ask for the task's next status."""
    task = home.selected_task()
    if task is not None:
        target, seen = task.id, task.status
        _ask(home, move_form(task), lambda values: MoveTask(target, values["status"], seen))


def _assign(home: HomePort) -> None:
    """Ask whom the task goes to."""
    task = home.selected_task()
    if task is not None:
        target, seen = task.id, task.assignee
        _ask(home, assign_form(task, home.fleet), lambda values: AssignTask(target, values["assignee"], seen))


def _hand_over(home: HomePort) -> None:
    """Ask which of the agents that can take it gets the task to work on."""
    task = home.selected_task()
    if task is not None:
        target = task.id
        free = [agent for agent in home.fleet.agents if not home.engine.disabled_reason(HandOverTask(target, agent.id))]
        _ask(home, hand_over_form(task, free), lambda values: HandOverTask(target, AgentId(values["agent"])))


def _can_be_handed_over(situation: Situation) -> str:
    """Ask the engine whether any agent can take the task."""
    task = situation.task
    if task is None:
        return needs_task(situation)
    reasons = [situation.engine.disabled_reason(HandOverTask(task.id, agent.id)) for agent in situation.fleet.agents]
    if "" in reasons:
        return ""
    return reasons[0] if reasons else "there is no agent"


def _note(home: HomePort) -> None:
    """Ask for a note on the task."""
    task = home.selected_task()
    if task is not None:
        target = task.id
        _ask(home, note_form(task), lambda values: NoteTask(target, values["content"], values["kind"]))


_PANES = ("board",)

ACTIONS: tuple[Action, ...] = (
    Action("board.create", "t", "new task", "Board", "Put a task on the board", _create, panes=_PANES, writes=True),
    Action("board.open", "v", "view", "Board", "Show the task with its notes", open_task, needs_task, _PANES),
    Action("board.move", "m", "move", "Board", "Change the task's status", _move, needs_task, _PANES, writes=True),
    Action(
        "board.assign",
        "A",
        "assign",
        "Board",
        "Write down whose the task is, an agent's or a person's; nothing is sent",
        _assign,
        needs_task,
        _PANES,
        writes=True,
    ),
    Action(
        "board.handover",
        "H",
        "hand over",
        "Board",
        "Give an agent the task to work on: it gets the prompt, and has the task once it has accepted that",
        _hand_over,
        _can_be_handed_over,
        _PANES,
        writes=True,
    ),
    Action("board.note", "c", "note", "Board", "Add a note to the task", _note, needs_task, _PANES, writes=True),
)
