"""What the platform writes into a VM's /etc, for a sandbox that has one of its own: its id, and its variables.

The files lie in what keeps the sandbox's changes, which the kernel shows to everything inside. An agent may have made
anything of them: no link is followed, and what is no file counts as empty.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator

from cockpit.embedded.sandbox.layout import SandboxLayout

IDENTITY = "vm_id"
ENVIRONMENT = "environment"
LIMIT = 1024 * 1024
"""Bytes that are read of the variables."""


def furnish(layout: SandboxLayout) -> None:
    """Write what a new VM finds there, before anything runs in it; one that has no /etc of its own gets none of it.

    A copy has the variables of its original, and an id of its own.

    Raises:
        OSError: the disk refused.
    """
    with _opened(layout) as etc:
        if etc is None:
            return
        _replace(etc, IDENTITY, f"{layout.vm_id}\n")
        if _kind(etc, ENVIRONMENT) is None:
            # Of an original without walls they are kept outside; the host's own variables are none of a VM's.
            with contextlib.suppress(FileNotFoundError):
                _replace(etc, ENVIRONMENT, layout.variables.read_text(encoding="utf-8"))
        if _kind(etc, ENVIRONMENT) is None:
            _replace(etc, ENVIRONMENT, "")
        layout.variables.unlink(missing_ok=True)


def write_variables(layout: SandboxLayout, lines: str) -> bool:
    """Put lines in place of what /etc/environment holds; return False where the sandbox has no /etc of its own.

    Raises:
        OSError: the disk refused.
    """
    with _opened(layout) as etc:
        if etc is None:
            return False
        kind = _kind(etc, ENVIRONMENT)
        if kind is None or not stat.S_ISREG(kind):
            _replace(etc, ENVIRONMENT, lines)
        else:
            # In its place: what runs inside already holds this very file open by its number.
            flags = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(ENVIRONMENT, flags, dir_fd=etc), "w", encoding="utf-8", newline="") as file:
                file.write(lines)
        layout.variables.unlink(missing_ok=True)
        return True


def read_variables(layout: SandboxLayout) -> str | None:
    """Return what /etc/environment of a sandbox holds; None where that is kept outside it."""
    with _opened(layout) as etc:
        if etc is None:
            return None
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(ENVIRONMENT, flags, dir_fd=etc), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return ""
                return file.read(LIMIT).decode(errors="replace").replace("\0", "")
        except FileNotFoundError:
            # One made by an earlier version has its variables outside.
            return None
        except OSError:
            return ""


@contextlib.contextmanager
def _opened(layout: SandboxLayout) -> Iterator[int | None]:
    try:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        directory = os.open(layout.changes / "etc", flags)
    except OSError:
        yield None
        return
    try:
        yield directory
    finally:
        os.close(directory)


def _kind(etc: int, name: str) -> int | None:
    """Return the mode of what has a name, None if nothing has."""
    try:
        return os.stat(name, dir_fd=etc, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None


def _replace(etc: int, name: str, text: str) -> None:
    kind = _kind(etc, name)
    if kind is not None and stat.S_ISDIR(kind):
        shutil.rmtree(name, dir_fd=etc)
    elif kind is not None:
        os.unlink(name, dir_fd=etc)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o644, dir_fd=etc), "w", encoding="utf-8", newline="") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(text)
