"""The verb that edits a task: by options, or as a text with the operator's editor."""

from __future__ import annotations

import asyncio
import os
import shutil

from cockpit.cli import output
from cockpit.cli.board.acting import BoardManner, Edits, edit_of
from cockpit.cli.board.looking import task_named, whole_object, with_board
from cockpit.cli.courses import carry_out_all, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless
from cockpit.cli.rehearsal import rehearse, would
from cockpit.engine.port import HeadlessPort
from cockpit.errors import Refused, UsageError
from cockpit.model.board import Task
from cockpit.model.commands.board import EditTask
from cockpit.model.files.editor import editor_command
from cockpit.model.tasks.merging import Collision, changed_parts
from cockpit.model.tasks.port import TaskDraft
from cockpit.processes import started
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import ask, input_is_terminal, say, warn


async def edit(headless: Headless, name: str, edits: Edits, manner: BoardManner) -> int:
    """Change a task by options, else as a text in the editor; what others changed meanwhile is kept, or shown."""
    async with with_board(headless) as engine:
        task = task_named(engine.fleet, name)
        if not edits.any and manner.dry_run:
            return would(our_line("open task {} {} in the editor", task.id, task.title), manner.as_json)
        if edits.any:
            command = edit_of(engine, task, edits)
            what = our_line("change {} of task {}", ", ".join(changed_parts(command.before, command.after)), task.id)
            if manner.dry_run:
                return rehearse(engine, command, what, manner.as_json)
        else:
            found = await _edited(engine, task)
            if found is None:
                return ExitCode.FAILED
            command = found
        unchanged = command.before == command.after and not command.note
        if not unchanged and say_failed(await carry_out_all(engine, [command])):
            return ExitCode.FAILED
        now = await engine.coordination.board.read(task.id)
        if manner.as_json:
            output.print_json(whole_object(now))
        else:
            say(our_line("{} {}", now.id, "nothing was changed" if unchanged else now.title))
    return ExitCode.DONE


async def _edited(engine: HeadlessPort, task: Task) -> EditTask | None:
    """Let the operator edit a task until the text can be read and collides with nobody; None if he gives it up."""
    board = engine.coordination.board
    draft = await board.draft(task.id)
    while True:
        await _open(draft)
        try:
            edit = board.drafted(draft)
        except UsageError as problem:
            warn(our_text("cockpit: {}", str(problem)))
            if not await _again():
                return None
            continue
        if edit is None:
            board.discard(draft)
            return EditTask(task.id, draft.before, draft.before)
        collisions = await board.collisions(edit)
        if not collisions:
            board.discard(draft)
            return edit
        _say_collisions(collisions)
        if not await _again():
            warn(our_text("cockpit: nothing was changed; your text is {}", str(draft.path)))
            return None
        fresh = await board.draft(task.id, edit.after)
        board.discard(draft)
        draft = fresh


def _say_collisions(collisions: tuple[Collision, ...]) -> None:
    warn(ours("cockpit: somebody else changed the same meanwhile"))
    for one in collisions:
        warn(our_text("--- {} · yours\n{}\n--- {} · theirs\n{}", one.part, one.mine, one.part, one.theirs))


async def _again() -> bool:
    """Ask whether the editor is to be opened again."""
    if not input_is_terminal():
        return False
    return (await asyncio.to_thread(ask, ours("open the editor again? [y/N] "))).lower() in ("y", "yes")


async def _open(draft: TaskDraft) -> None:
    editor = editor_command(os.environ, shutil.which)
    if not editor:
        raise UsageError("there is no editor", hint="set VISUAL or EDITOR")
    try:
        process = await started(*editor, str(draft.path))
    except OSError as error:
        raise Refused(f"{editor[0]} cannot be started: {error.strerror}", hint="set VISUAL or EDITOR") from error
    if (code := await process.wait()) != 0:
        raise Refused(f"{editor[0]} ended with {code}: nothing was changed", hint=f"your text is {draft.path}")
