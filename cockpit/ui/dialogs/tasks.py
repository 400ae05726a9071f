"""Forms of the board: create, move, assign, note."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.board import NOTE_KINDS, TASK_STATUSES, Task
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import TaskId
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.dialogs.form import Field, FormDialog, Values, listed
from cockpit.ui.look.states import STATUS_STYLES
from cockpit.ui.widgets.choice_field import Choice


def assignees(fleet: Fleet) -> tuple[Choice, ...]:
    """Return nobody, every agent, and whoever else has a task as choices."""
    names = dict.fromkeys(agent.name for agent in fleet.agents)
    others = dict.fromkeys(sorted({task.assignee for task in fleet.tasks if task.assignee} - names.keys()))
    return (Choice("", ours("nobody")), *(Choice(name, clean_line(name)) for name in names | others))


def create_form(fleet: Fleet) -> FormDialog:
    """Ask for a new task."""
    return FormDialog(
        ours("New task"),
        (
            Field("title", ours("title"), placeholder=ours("what is to be done")),
            Field(
                "description",
                ours("details"),
                "area",
                placeholder=ours("context, limits, how to tell that it is done"),
                for_agents=True,
            ),
            Field("assignee", ours("assignee"), "choice", choices=assignees(fleet)),
            Field("tags", ours("tags"), placeholder=ours("area, feature bugfix test refactor docs, p0 p1 p2")),
            Field("needs", ours("waits for"), placeholder=ours("ids, or words of titles, with commas between them")),
        ),
        lambda values: "a task needs a title" if not values["title"].strip() else needs_of(fleet, values["needs"])[1],
    )


def needs_of(fleet: Fleet, text: str) -> tuple[tuple[TaskId, ...], str]:
    """Return the tasks that are meant by a line, and what is wrong with it if one of them is none, or several."""
    found: list[TaskId] = []
    for wanted in listed(text):
        exact = [task for task in fleet.tasks if task.id == wanted]
        near = exact or [
            task
            for task in fleet.tasks
            if task.id.upper().startswith(wanted.upper()) or wanted.casefold() in task.title.casefold()
        ]
        if len(near) != 1:
            titles = ", ".join(task.title[:30] for task in near[:3])
            return (), f"{wanted}: {len(near)} tasks are called so: {titles}" if near else f"{wanted}: no such task"
        found.append(near[0].id)
    return tuple(dict.fromkeys(found)), ""


def move_form(task: Task) -> FormDialog:
    """Ask for a task's next status."""
    choices = tuple(Choice(status, STATUS_STYLES[status].word) for status in TASK_STATUSES)
    return FormDialog(
        ours("Move task"),
        (Field("status", ours("status"), "choice", task.status, choices=choices),),
        intro=clean_line(task.title),
    )


def assign_form(task: Task, fleet: Fleet) -> FormDialog:
    """Ask whom a task goes to."""
    return FormDialog(
        ours("Assign task"),
        (Field("assignee", ours("assignee"), "choice", task.assignee, choices=assignees(fleet)),),
        intro=clean_line(task.title),
    )


def hand_over_form(task: Task, agents: Sequence[Agent]) -> FormDialog:
    """Ask which agent gets a task to work on."""
    choices = tuple(Choice(agent.id, clean_line(agent.name)) for agent in agents)
    chosen = next((agent.id for agent in agents if agent.name == task.assignee), agents[0].id if agents else "")
    return FormDialog(
        ours("Hand task over"),
        (Field("agent", ours("agent"), "choice", chosen, choices=choices),),
        lambda values: "" if values["agent"] else "no agent can take it now",
        intro=clean_line(task.title),
    )


def note_form(task: Task) -> FormDialog:
    """Ask for a note on a task."""

    def check(values: Values) -> str:
        return "" if values["content"].strip() else "a note needs words"

    return FormDialog(
        ours("Note on task"),
        (
            Field("kind", ours("kind"), "choice", choices=tuple(Choice(kind, clean_line(kind)) for kind in NOTE_KINDS)),
            Field("content", ours("note"), "area", placeholder=ours("what the others should know"), for_agents=True),
        ),
        check,
        intro=clean_line(task.title),
    )
