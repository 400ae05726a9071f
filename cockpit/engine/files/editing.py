"""Fetches a file of a VM to be edited here, and writes it back only if nobody changed it there meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from cockpit.engine.files.course import TransferCourse
from cockpit.engine.files.local import open_regular
from cockpit.engine.files.putting import carry
from cockpit.engine.files.reach import Reached
from cockpit.errors import Refused
from cockpit.model.files.content import encoding_of
from cockpit.model.files.editing import MOST_EDITED, CheckedOut, WriteBack, WrittenBack
from cockpit.model.files.entries import size_words
from cockpit.model.files.place import name_of
from cockpit.model.ids import AgentId
from cockpit.remote.errors import FileChanged, FileUnusable
from cockpit.remote.files.pace import Pace, pieces
from cockpit.remote.files.port import FileAccess, Status

NEW_MODE = 0o644
"""Permissions of a file that did not exist."""

_PLAIN = re.compile(r"[^A-Za-z0-9._-]")


async def check_out(reached: Reached, agent: AgentId, path: str) -> CheckedOut:
    """Fetch a file into a private directory here; one that does not exist is empty.

    Raises:
        CockpitError: it is no file, too large, no text, or changes again and again.
    """
    real = await reached.real(path)
    content, status = await _content(reached.files, real)
    if status is not None and content and not encoding_of(content):
        raise Refused(f"{path} is binary: {size_words(status.size)}", hint="`cockpit get` brings it here")
    directory = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="cockpit-edit-"))
    # The name is for the editor, which tells the kind of a file by its end; it begins with no dash.
    shown = _PLAIN.sub("_", name_of(os.fsdecode(real)))[-100:].lstrip("-") or "file"
    local = directory / shown
    await asyncio.to_thread(_write_private, local, content)
    size, modified, mode = (status.size, status.modified, status.mode) if status else (0, 0, NEW_MODE)
    digest = hashlib.sha256(content).hexdigest() if status is not None else ""
    return CheckedOut(agent, os.fsdecode(real), local, size, float(modified), digest, mode & 0o777)


async def write_back(reached: Reached, checked_out: CheckedOut, course: TransferCourse) -> WrittenBack:
    """Write an edited file back, if size, time and digest there are as they were fetched.

    What was edited stays here unless it was written; after a conflict the VM's newer version stands beside it.

    Raises:
        CockpitError: it cannot be written; what was edited stays here.
    """
    path = os.fsencode(checked_out.path)
    with await asyncio.to_thread(open_regular, checked_out.local) as file:
        mine = await asyncio.to_thread(file.digest)
        if mine.digest == (checked_out.digest or hashlib.sha256(b"").hexdigest()):
            await asyncio.to_thread(discard, checked_out)
            return WrittenBack(WriteBack.UNCHANGED, checked_out)
        try:
            if not await _is_as_fetched(reached.files, path, checked_out):
                raise FileChanged(f"{checked_out.path} was changed there")
            await carry(reached.files, course, file, mine, checked_out.path, path, checked_out.digest)
        except FileChanged:
            return await _conflict(reached, checked_out, mine.digest)
    await asyncio.to_thread(discard, checked_out)
    return WrittenBack(WriteBack.WRITTEN, checked_out)


def discard(checked_out: CheckedOut) -> None:
    """Delete the copies here."""
    shutil.rmtree(checked_out.local.parent, ignore_errors=True)


async def _is_as_fetched(files: FileAccess, path: bytes, checked_out: CheckedOut) -> bool:
    """Compare size and time; the digest is compared where it is replaced, at that moment."""
    try:
        status = await files.status(path)
    except FileUnusable:
        return not checked_out.digest
    return bool(checked_out.digest) and (status.size, float(status.modified)) == (
        checked_out.size,
        checked_out.modified_at,
    )


async def _conflict(reached: Reached, checked_out: CheckedOut, mine: str) -> WrittenBack:
    """Bring the VM's newer version here, beside the edited one."""
    content, status = await _content(reached.files, os.fsencode(checked_out.path))
    theirs = checked_out.local.with_name(f"{checked_out.local.name}.on-the-vm")
    if status is None:
        return WrittenBack(WriteBack.CONFLICT, replace(checked_out, digest="", size=0, modified_at=0.0))
    digest = hashlib.sha256(content).hexdigest()
    newer = replace(checked_out, digest=digest, size=status.size, modified_at=float(status.modified))
    if digest == mine:  # somebody did the same
        await asyncio.to_thread(discard, checked_out)
        return WrittenBack(WriteBack.WRITTEN, newer)
    await asyncio.to_thread(_write_private, theirs, content)
    return WrittenBack(WriteBack.CONFLICT, newer, theirs)


async def _content(files: FileAccess, path: bytes) -> tuple[bytes, Status | None]:
    """Return all of a file and what was said of it; nothing, and None, if there is none.

    Raises:
        Refused: it is too large, or changes again and again.
        FileUnusable: it is no file.
    """
    for _ in range(3):
        try:
            await files.status(path)
        except FileUnusable:
            return b"", None
        source = await files.open(path)
        try:
            if source.status.size > MOST_EDITED:
                size, most = size_words(source.status.size), size_words(MOST_EDITED)
                raise Refused(
                    f"{os.fsdecode(path)} has {size}; up to {most} can be edited", hint="`cockpit get` brings it here"
                )
            content = b"".join([piece async for piece in pieces(source, 0, source.status.size, Pace())])
            whole = await files.status(path) == source.status
            if whole and await files.digest(path) == hashlib.sha256(content).hexdigest():
                return content, source.status
        except FileChanged:
            continue
        finally:
            await source.close()
    raise Refused(
        f"{os.fsdecode(path)} changed while it was read, again and again", hint="try again when it is at rest"
    )


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
