"""The operator's own editor on files of this machine: the screen steps aside, and comes back when it ends."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from textual.app import App

from cockpit.errors import Refused
from cockpit.model.files.editor import editor_command
from cockpit.processes import started
from cockpit.ui.terminal.lending import lent


async def edit_files(app: App[object], *paths: Path, kept: str, undone: str = "nothing was written") -> None:
    """Open files in the editor and return when it has ended well.

    Args:
        app: steps aside.
        paths: what is opened.
        kept: says where the operator's version is, for the error.
        undone: says what did not happen, for an editor that ends with an error.

    Raises:
        Refused: there is no editor, it cannot be started, or it ended with an error.
    """
    editor = editor_command(os.environ, shutil.which)
    if not editor:
        raise Refused(f"there is no editor; {kept}", hint="set VISUAL or EDITOR")
    try:
        with lent(app):
            process = await started(*editor, *map(str, paths))
            code = await process.wait()
    except OSError as error:
        raise Refused(
            f"{editor[0]} cannot be started: {error.strerror}; {kept}", hint="set VISUAL or EDITOR"
        ) from error
    if code != 0:
        raise Refused(f"{editor[0]} ended with {code}: {undone}", hint=kept)
