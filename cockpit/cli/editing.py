"""The verb that edits a file of an agent's VM with the operator's editor."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

from cockpit.cli import output
from cockpit.cli.browsing import agent_with_files, place_of
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless
from cockpit.errors import CockpitError, Refused, UsageError
from cockpit.model.files.editing import WriteBack, WrittenBack
from cockpit.model.files.editor import editor_command
from cockpit.model.files.entries import size_words
from cockpit.processes import started
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import ask, input_is_terminal, say, warn


async def edit(headless: Headless, text: str, dry_run: bool, as_json: bool) -> int:
    """Edit a file and write it back, unless somebody changed it meanwhile."""
    place = place_of(text, needs_path=True)
    editor = editor_command(os.environ, shutil.which)
    if not editor:
        raise UsageError("there is no editor", hint="set VISUAL or EDITOR")
    async with agent_with_files(headless, place.name) as (engine, agent):
        edited = await engine.files.check_out(agent.id, place.path)
        if dry_run:
            engine.files.discard(edited)
            what = size_words(edited.size) if edited.digest else "new"
            say(our_line("would open {} ({}) with {}, and write it back", edited.path, what, editor[0]))
            return ExitCode.DONE
        try:
            await _open(editor, edited.local)
            ended = await engine.files.write_back(edited)
            while ended.outcome is WriteBack.CONFLICT and await _merged(editor, ended):
                ended = await engine.files.write_back(ended.checked_out)
        except (CockpitError, asyncio.CancelledError):
            warn(our_text("cockpit: nothing was written; your version is {}", str(edited.local)))
            raise
    if as_json:
        kept = ended.outcome is WriteBack.CONFLICT
        output.print_json(
            {
                "outcome": ended.outcome.value,
                "path": ended.checked_out.path,
                "local": str(ended.checked_out.local) if kept else None,
                "theirs": str(ended.theirs) if ended.theirs is not None else None,
            }
        )
    elif ended.outcome is not WriteBack.CONFLICT:
        say(our_line("{}: {}", ended.checked_out.path, ended.outcome.value))
    return ExitCode.FAILED if ended.outcome is WriteBack.CONFLICT else ExitCode.DONE


async def _merged(editor: tuple[str, ...], ended: WrittenBack) -> bool:
    """Say what happened, and open both versions if the operator wants to merge them."""
    path = ended.checked_out.path
    if ended.theirs is None:
        warn(our_text("cockpit: {} is gone there: nothing was written", path))
    else:
        warn(our_text("cockpit: {} was changed there meanwhile: nothing was written", path))
        warn(our_text("cockpit: its version there is {}", str(ended.theirs)))
    warn(our_text("cockpit: your version is {}", str(ended.checked_out.local)))
    if not input_is_terminal():
        return False
    both = ended.theirs is not None
    question = ours("open both, and write yours then? [y/N] ") if both else ours("write yours all the same? [y/N] ")
    if (await asyncio.to_thread(ask, question)).lower() not in ("y", "yes"):
        return False
    if ended.theirs is not None:
        await _open(editor, ended.checked_out.local, ended.theirs)
    return True


async def _open(editor: tuple[str, ...], *files: Path) -> None:
    """Let the operator edit files.

    Raises:
        Refused: the editor cannot be started, or says that it failed.
    """
    try:
        process = await started(*editor, *map(str, files))
    except OSError as error:
        raise Refused(f"{editor[0]} cannot be started: {error.strerror}", hint="set VISUAL or EDITOR") from error
    if (code := await process.wait()) != 0:
        raise Refused(f"{editor[0]} ended with {code}", hint="nothing is written after an editor that failed")
