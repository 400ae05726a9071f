"""What the board's actions do. The task is the one under the cursor when the key is pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.model.commands import AssignTask, CreateTask, MoveTask, NoteTask
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.form import FormDialog, Values
from cockpit.ui.dialogs.tasks import assign_form, create_form, move_form, note_form, split_tags
from cockpit.ui.dialogs.texts import task_text

if TYPE_CHECKING:
    from cockpit.ui.screens.home import HomeScreen


def create_task(home: HomeScreen) -> None:
    """Ask for a new task."""

    def finish(values: Values | None) -> None:
        if values is not None:
            home.command(
                CreateTask(values["title"], values["description"], values["assignee"], split_tags(values["tags"]))
            )

    home.app.push_screen(create_form(home.fleet), finish)


def open_task(home: HomeScreen) -> None:
    """Show the task under the cursor."""
    task = home.selected_task()
    if task is not None:
        titles = {str(other.id): other.title for other in home.fleet.tasks}
        home.app.push_screen(TextDialog("Task", task_text(task, titles, home.engine.now())))


def _ask(home: HomeScreen, form: FormDialog, command: Callable[[Values], MoveTask | AssignTask | NoteTask]) -> None:
    """Run a form about a task that was frozen when the key was pressed."""

    def finish(values: Values | None) -> None:
        if values is not None:
            home.command(command(values))

    home.app.push_screen(form, finish)


def move_task(home: HomeScreen) -> None:
    """Ask for the task's next status."""
    task = home.selected_task()
    if task is not None:
        target = task.id
        _ask(home, move_form(task), lambda values: MoveTask(target, values["status"]))


def assign_task(home: HomeScreen) -> None:
    """Ask whom the task goes to."""
    task = home.selected_task()
    if task is not None:
        target = task.id
        _ask(home, assign_form(task, home.fleet), lambda values: AssignTask(target, values["assignee"]))


def note_task(home: HomeScreen) -> None:
    """Ask for a note on the task."""
    task = home.selected_task()
    if task is not None:
        target = task.id
        _ask(home, note_form(task), lambda values: NoteTask(target, values["content"], values["kind"]))
