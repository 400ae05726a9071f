"""Acts upon the task under the cursor: they have keys on the board's screen, and stand in every palette."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable

from cockpit.errors import CockpitError
from cockpit.model.board import ARTIFACT_KINDS, TASK_STATUSES, Task
from cockpit.model.commands.board import (
    AddArtifacts,
    ApproveTask,
    BoardCommand,
    BumpTask,
    DeleteTask,
    EditTask,
    MoveTask,
    RejectTask,
    SubmitTask,
)
from cockpit.model.ids import CommandId, TaskId
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Handler, Reason, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import needs_task
from cockpit.ui.board.editing import TaskEditor
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.files.screen import FilesScreen
from cockpit.ui.look.cards import status_look
from cockpit.ui.look.cells import content, cut, fit
from cockpit.ui.widgets.choice_field import Choice
from cockpit.ui.widgets.row_list import Row

ADD = "add"
"""The row of the list of artifacts that adds one."""


def _next_status(task: Task, step: int) -> str:
    """Return the column beside a task's, empty text if there is none; from an unknown one, the first."""
    at = TASK_STATUSES.index(task.status) + step if task.status in TASK_STATUSES else 0
    return TASK_STATUSES[at] if 0 <= at < len(TASK_STATUSES) else ""


def _can_move(step: int) -> Reason:
    def reason(situation: Situation) -> str:
        if situation.task is None:
            return needs_task(situation)
        return "" if _next_status(situation.task, step) else "there is no column on that side"

    return reason


def _move(step: int) -> Handler:
    def handler(home: HomePort) -> None:
        task = home.selected_task()
        status = _next_status(task, step) if task is not None else ""
        if task is not None and status:
            said = our_line("{} is {} now", cut(clean_line(task.title), 40), status_look(status).word)
            home.promise(home.command(MoveTask(task.id, status, task.status)), said)

    return handler


def _command(build: Callable[[Task], BoardCommand]) -> Reason:
    """Ask the engine whether a command about the task would be refused."""

    def reason(situation: Situation) -> str:
        return needs_task(situation) or situation.engine.disabled_reason(build(situation.task))  # type: ignore[arg-type]

    return reason


def _bump(home: HomePort) -> None:
    task = home.selected_task()
    if task is not None:
        home.command(BumpTask(task.id))


def _ask(
    title: Clean, fields: tuple[Field, ...], build: Callable[[TaskId, Values], BoardCommand], said: str
) -> Handler:
    """Return a handler that asks for words about the task, which is frozen by the key."""

    def handler(home: HomePort) -> None:
        task = home.selected_task()
        if task is None:
            return
        target = task.id

        def check(values: Values) -> str:
            return home.engine.disabled_reason(build(target, values))

        def finish(values: Values | None) -> None:
            if values is not None:
                home.promise(home.command(build(target, values)), our_line("{}: {}", said, title_of))

        title_of = cut(clean_line(task.title), 60)
        home.open_dialog(FormDialog(title, fields, check, intro=clean_line(task.title)), finish)

    return handler


def _delete(home: HomePort) -> None:
    task = home.selected_task()
    if task is None:
        return
    target, title = task.id, clean_line(task.title)

    def finish(yes: bool | None) -> None:
        if yes:
            home.promise(home.command(DeleteTask(target)), our_line("deleted {}", title))

    lost = our_line("It goes with {} notes and {} artifacts, for good.", len(task.notes), len(task.artifacts))
    home.open_dialog(ConfirmDialog(ours("Delete task"), [title], lost), finish)


def _edit(home: HomePort) -> None:
    task = home.selected_task()
    if task is None:
        return

    def order(edit: EditTask) -> CommandId:
        command = home.command(edit)
        home.promise(command, our_line("changed {}", cut(clean_line(edit.after.title), 60)))
        return command

    editor = TaskEditor(home.app, home.engine, order, lambda text: home.warn(text, title=ours("Edit task")))
    home.app.run_worker(editor.edit(task.id), name="edit a task", exclusive=False)


def _worked_on(home: HomePort) -> None:
    """Go to the output of the task's agent, where it began to work on it."""
    task = home.selected_task()
    if task is None:
        return
    target = task.id

    async def go() -> None:
        try:
            found = await home.engine.coordination.board.worked_on(target)
        except CockpitError as error:
            home.warn(clean_line(str(error)), title=ours("Output"))
            return
        if found is None:
            home.warn(ours("no agent of this fleet has it or wrote on it"), title=ours("Output"))
            return
        home.focus_pane("output")
        home.select(found.agent)
        if found.place is None:
            home.warn(ours("nothing that it wrote then is kept here"), title=ours("Output"))
        else:
            home.output.go_to_place(found.place)

    home.app.run_worker(go(), name="go to where it was worked on", exclusive=False)


def _artifacts(home: HomePort) -> None:
    """List what a task produced: open it where that can be done here, copy its address otherwise; or add something."""
    task = home.selected_task()
    if task is None:
        return
    target, held = task, task.artifacts

    def rows(width: int) -> list[tuple[Row, str]]:
        found = [
            (
                Row(
                    str(at),
                    content(
                        [
                            (our_line(" ▪ {} ", fit(clean_line(kind), 7)), "$muted"),
                            (our_line("{} ", clean_line(label)), "bold"),
                            (cut(clean_line(url), max(8, width - 14 - len(label))), "$accent"),
                        ]
                    ),
                ),
                f"{kind} {label} {url}",
            )
            for at, (kind, label, url) in enumerate(held)
        ]
        if not home.read_only:
            found.append((Row(ADD, content([(ours(" + add one"), "$muted")])), "add one"))
        return found

    def finish(key: str | None) -> None:
        if key == ADD:
            _add_artifact(home, target)
        elif key is not None:
            _open_artifact(home, target, held[int(key)])

    title = our_line("Artifacts of {}", cut(clean_line(task.title), 40))
    home.open_dialog(PickDialog(title, rows, ours("It produced nothing yet.")), finish)


def _open_artifact(home: HomePort, task: Task, artifact: tuple[str, str, str]) -> None:
    kind, label, url = artifact
    agent = next((agent for agent in home.fleet.agents if agent.name == task.assignee), None)
    if kind == "file" and agent is not None and not home.engine.files.refusal(agent.id):
        home.open_dialog(FilesScreen(home.engine, agent.id, clean_line(agent.name), path=url, read_only=home.read_only))
        return
    home.app.copy_to_clipboard(url)
    opened = url.startswith(("http://", "https://")) and _browse(url)
    words = "opened, and copied" if opened else "copied"
    home.warn(our_line("{}: {}", words, url), title=clean_line(label))


def _browse(url: str) -> bool:
    """Open an address where this machine has a browser of its own; none that takes the terminal."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if isinstance(browser, webbrowser.GenericBrowser) and not isinstance(browser, webbrowser.BackgroundBrowser):
        return False
    return browser.open(url)


def _add_artifact(home: HomePort, task: Task) -> None:
    def command(values: Values) -> AddArtifacts:
        return AddArtifacts(task.id, ((values["kind"], values["label"].strip(), values["url"].strip()),))

    def finish(values: Values | None) -> None:
        if values is not None:
            home.promise(home.command(command(values)), our_line("added {}", values["label"]))

    fields = (
        Field("kind", ours("kind"), "choice", choices=tuple(Choice(kind, clean_line(kind)) for kind in ARTIFACT_KINDS)),
        Field("label", ours("label"), placeholder=ours("how people call it")),
        Field("url", ours("address"), placeholder=ours("an address, a branch, a path")),
    )
    form = FormDialog(
        ours("Add artifact"),
        fields,
        lambda values: home.engine.disabled_reason(command(values)),
        intro=clean_line(task.title),
    )
    home.open_dialog(form, finish)


def _tasks_of_agent(home: HomePort) -> None:
    agent = home.agent
    if agent is not None:
        home.show("board", f"@{agent.name}")


def _has_agent(situation: Situation) -> str:
    return "" if situation.agent is not None else "no agent is selected"


_SUMMARY = (Field("text", ours("summary"), "area", placeholder=ours("what was done, and how to see it")),)
_COMMENT = (Field("text", ours("comment"), placeholder=ours("may be empty")),)
_REASON = (Field("text", ours("reason"), "area", placeholder=ours("what is missing"), for_agents=True),)


def _act(
    verb: str, key: str, label: str, description: str, handler: Handler, reason: Reason, *, writes: bool = True
) -> Action:
    return Action(
        f"task.{verb}", key, label, "Board screen", description, handler, reason, ("lanes",), writes, screen="board"
    )


ACTIONS: tuple[Action, ...] = (
    _act("back", "less_than_sign", "move left", "Move the task to the column on its left", _move(-1), _can_move(-1)),
    _act("on", "greater_than_sign", "move right", "Move the task to the column on its right", _move(1), _can_move(1)),
    _act("edit", "e", "edit", "Edit all of the task in $EDITOR", _edit, needs_task),
    _act("bump", "plus", "bump", "Raise the task's score: it stands higher", _bump, needs_task),
    _act(
        "submit",
        "s",
        "submit",
        "Hand the task in for review, with a summary",
        _ask(ours("Submit"), _SUMMARY, lambda task, values: SubmitTask(task, values["text"]), "submitted"),
        needs_task,
    ),
    _act(
        "approve",
        "y",
        "approve",
        "Accept the task: it is done",
        _ask(ours("Approve"), _COMMENT, lambda task, values: ApproveTask(task, values["text"]), "approved"),
        _command(lambda task: ApproveTask(task.id)),
    ),
    _act(
        "reject",
        "x",
        "reject",
        "Hand the task back with a reason",
        _ask(ours("Reject"), _REASON, lambda task, values: RejectTask(task, values["text"]), "rejected"),
        needs_task,
    ),
    _act(
        "artifacts",
        "a",
        "artifacts",
        "List, open and add what it produced",
        _artifacts,
        needs_task,
        writes=False,
    ),
    _act(
        "output",
        "w",
        "its work",
        "Go to where its agent worked on it",
        _worked_on,
        needs_task,
        writes=False,
    ),
    Action(
        "task.delete",
        "D",
        "delete task",
        "Board screen",
        "Take the task off the board, with its notes",
        _delete,
        needs_task,
        ("lanes",),
        writes=True,
        dangerous=True,
        screen="board",
    ),
    Action(
        "move.lanes", "b", "board", "Move", "Go to the board: a column for each status", lambda home: home.show("board")
    ),
    Action(
        "agent.tasks", "W", "its tasks", "Agents", "Go to the tasks that the agent has", _tasks_of_agent, _has_agent
    ),
)
