"""A transcript's text outside of the cockpit: in a file, in the operator's editor, in a pager."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from textual.app import App

from cockpit.errors import Refused
from cockpit.model.files.editor import editor_command
from cockpit.processes import started
from cockpit.text.clean import Clean
from cockpit.ui.terminal.lending import lent

USUAL_PAGERS = ("less", "more")


def pager_command(environment: Mapping[str, str], found: Callable[[str], str | None]) -> tuple[str, ...]:
    """Return the words of the pager's command: PAGER, else a usual one; none if there is none.

    Args:
        environment: the operator's.
        found: returns the path of a program, or None.
    """
    try:
        words = tuple(shlex.split(environment.get("PAGER", "")))
    except ValueError:
        words = (environment["PAGER"],)  # a quote is open: then it is a path as it stands
    return words or next(((program,) for program in USUAL_PAGERS if found(program)), ())


def saved(text: Clean, path: Path) -> Path:
    """Write a text into a new file that only the operator can read; to be called beside the loop.

    Raises:
        Refused: it cannot be written, or there is such a file.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refused(f"{path} exists: nothing was written", hint="choose another name") from error
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    return path


async def opened(app: App[object], text: Clean, name: str, *, editor: bool) -> None:
    """Show a text in the editor or the pager, in a file that goes afterwards; the screen steps aside.

    Raises:
        Refused: there is no such program, it cannot be started, or it ended with an error.
    """
    command = (editor_command if editor else pager_command)(os.environ, shutil.which)
    variable = "VISUAL or EDITOR" if editor else "PAGER"
    if not command:
        raise Refused(f"there is no {'editor' if editor else 'pager'}", hint=f"set {variable}")
    with tempfile.TemporaryDirectory(prefix="cockpit-") as folder:
        path = await asyncio.to_thread(saved, text, Path(folder) / f"{name}.md")
        try:
            with lent(app):
                process = await started(*command, str(path))
                code = await process.wait()
        except OSError as error:
            raise Refused(f"{command[0]} cannot be started: {error.strerror}", hint=f"set {variable}") from error
    if code != 0:
        raise Refused(f"{command[0]} ended with {code}")
