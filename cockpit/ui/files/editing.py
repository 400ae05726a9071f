"""Edits a file of a VM with the operator's editor: the screen steps aside, and nothing that was written is lost."""

from __future__ import annotations

from pathlib import Path

from textual.app import App

from cockpit.errors import Refused
from cockpit.model.files.editing import CheckedOut, WriteBack, WrittenBack
from cockpit.model.files.place import name_of
from cockpit.model.files.port import FilePort
from cockpit.model.ids import AgentId
from cockpit.text.clean import Clean
from cockpit.text.sanitize import our_line, our_text
from cockpit.ui.terminal.operator_editor import edit_files


async def edited(app: App[object], files: FilePort, agent: AgentId, path: str) -> WrittenBack:
    """Fetch a file, open it in the editor, and write it back unless somebody changed it meanwhile.

    Raises:
        CockpitError: it cannot be fetched, edited or written; what was edited stays here, and the error says where.
    """
    checked_out = await files.check_out(agent, path)
    await _open(app, checked_out, checked_out.local)
    return await _written(files, checked_out)


async def merged(app: App[object], files: FilePort, conflict: WrittenBack) -> WrittenBack:
    """Open both versions after a conflict, and write the operator's, unless it changed on the VM once more.

    Raises:
        CockpitError: as `edited`.
    """
    checked_out = conflict.checked_out
    theirs = (conflict.theirs,) if conflict.theirs is not None else ()
    await _open(app, checked_out, checked_out.local, *theirs)
    return await _written(files, checked_out)


async def _written(files: FilePort, checked_out: CheckedOut) -> WrittenBack:
    try:
        return await files.write_back(checked_out)
    except Exception as error:
        raise Refused(f"not written: {error}", hint=f"your version is {checked_out.local}") from error


async def _open(app: App[object], checked_out: CheckedOut, *paths: Path) -> None:
    await edit_files(app, *paths, kept=f"your version is {checked_out.local}")


def words_on(ended: WrittenBack) -> Clean:
    """Say how an edit ended."""
    path = name_of(ended.checked_out.path)
    match ended.outcome:
        case WriteBack.UNCHANGED:
            return our_line("{}: nothing was changed", path)
        case WriteBack.WRITTEN:
            return our_line("{}: written", path)
    theirs = str(ended.theirs) if ended.theirs is not None else "gone there"
    return our_text(
        "{} was changed there meanwhile, so nothing was written.\n\nyours   {}\ntheirs  {}\n",
        path,
        str(ended.checked_out.local),
        theirs,
    )
