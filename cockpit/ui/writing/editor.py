"""A text in the operator's editor: it comes back as it was left there, and stays if anything goes wrong."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from textual.app import App

from cockpit.errors import Refused
from cockpit.model.sendable import unsendable
from cockpit.ui.terminal.operator_editor import edit_files


async def edited_text(app: App[object], text: str) -> str:
    """Return a text as the operator left it in the editor.

    Raises:
        Refused: it cannot be edited, or what was left there is no text; the error says where that is.
    """
    directory = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="cockpit-text-"))
    path = directory / "message.md"
    before = text.encode("utf-8", "surrogatepass")
    await asyncio.to_thread(path.write_bytes, before)
    try:
        await edit_files(app, path, kept="the text is as it was", undone="its text was not taken")
    except Refused as refused:
        if await asyncio.to_thread(_is_unchanged, path, before):
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
            raise
        raise Refused(str(refused), hint=f"what it wrote is {path}") from refused
    try:
        written = (await asyncio.to_thread(path.read_bytes)).decode("utf-8")
    except FileNotFoundError as error:
        raise Refused(f"{path} is gone: the text is as it was") from error
    except UnicodeDecodeError as error:
        raise Refused(f"what you wrote is no UTF-8 at byte {error.start}", hint=f"it is {path}") from error
    if reason := unsendable(written):
        raise Refused(reason, hint=f"it is {path}")
    await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
    # Editors end the last line; the one that wrote it did not mean a new one.
    return written if text.endswith("\n") else written.removesuffix("\n")


def _is_unchanged(path: Path, before: bytes) -> bool:
    try:
        return path.read_bytes() == before
    except FileNotFoundError:
        return True
