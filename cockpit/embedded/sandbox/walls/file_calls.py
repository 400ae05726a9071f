"""Reads and writes files behind the walls for the gateway, which is outside: a call a line, an answer a line.

It is a child of the sandbox's first process and sees what every command sees, links included; so nothing that an agent
lays out can lead the server itself anywhere. An opened file goes to the server as a descriptor. It needs the standard
library only.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
from collections.abc import Callable
from typing import Any

HOME = "/root"
LINE_LIMIT = 1_000_000
"""Bytes of a call."""


def serve(connection: socket.socket) -> None:
    """Answer calls until the server closes the connection."""
    os.chdir(HOME)
    os.umask(0o022)
    connection.setblocking(True)
    held = b""
    while len(held) < LINE_LIMIT:
        line, mark, rest = held.partition(b"\n")
        if not mark:
            more = connection.recv(65_536)
            if not more:
                return
            held += more
            continue
        held = rest
        _answer(connection, line)


def _answer(connection: socket.socket, line: bytes) -> None:
    opened = -1
    try:
        asked = json.loads(line)
        value = CALLS[asked["call"]](*asked["arguments"])
        if asked["call"] == "open":
            opened, value = value, None
        answer = {"value": value}
    except OSError as error:
        answer = {"errno": error.errno or 0, "text": error.strerror or str(error)}
    except (ValueError, OverflowError) as error:
        # A name with a null byte, or a number larger than the system's: the next call may be a good one.
        answer = {"errno": errno.EINVAL, "text": str(error)}
    said = json.dumps(answer).encode() + b"\n"
    try:
        sent = socket.send_fds(connection, [said], [opened] if opened >= 0 else [])
        connection.sendall(said[sent:])
    finally:
        if opened >= 0:
            os.close(opened)


def _facts(status: os.stat_result) -> list[float]:
    """Return what `os.stat_result` is made of again."""
    times = (status.st_atime, status.st_mtime, status.st_ctime)
    return [*status, *times, status.st_atime_ns, status.st_mtime_ns, status.st_ctime_ns]


def _open(path: str, flags: int, mode: int) -> int:
    """Open a regular file; a FIFO or device would block whoever reads it."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY, mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is no regular file")
    return descriptor


def _list(path: str) -> list[tuple[str, list[float]]]:
    with os.scandir(path) as entries:
        found = [(entry.name, _facts(entry.stat(follow_symlinks=False))) for entry in entries]
    own = _facts(os.stat(path))  # noqa: PTH116 - pathlib would be half of this process's memory
    return [(".", own), ("..", own), *found]


def _rename(old: str, new: str) -> None:
    """Rename; what has that name already stays."""
    if os.path.lexists(new):
        raise FileExistsError(17, "it exists")
    os.rename(old, new)  # noqa: PTH104


def _change(path: str, wanted: dict[str, Any]) -> None:
    """Change size, owner, mode and times, each if it is given."""
    follow = bool(wanted["follow"])
    if wanted.get("size") is not None:
        if not follow:
            raise OSError(22, "a link has no size of its own")
        os.truncate(path, wanted["size"])
    if wanted.get("owner") is not None:
        os.chown(path, *wanted["owner"], follow_symlinks=follow)
    if wanted.get("mode") is not None and (follow or not os.path.islink(path)):  # noqa: PTH114
        os.chmod(path, wanted["mode"])  # noqa: PTH101
    times = wanted.get("times")
    if times is not None:
        before = os.stat(path, follow_symlinks=follow)  # noqa: PTH116
        known = (before.st_atime_ns, before.st_mtime_ns)
        accessed, changed = (known[place] if given is None else given for place, given in enumerate(times))
        os.utime(path, ns=(accessed, changed), follow_symlinks=follow)


CALLS: dict[str, Callable[..., Any]] = {
    "open": _open,
    "stat": lambda path: _facts(os.stat(path)),  # noqa: PTH116
    "lstat": lambda path: _facts(os.lstat(path)),
    "list": _list,
    "remove": os.unlink,
    "mkdir": os.mkdir,
    "rmdir": os.rmdir,
    "realpath": os.path.realpath,
    "rename": _rename,
    "replace": os.rename,
    "readlink": os.readlink,
    "symlink": os.symlink,
    "link": os.link,
    "change": _change,
    "statvfs": lambda path: list(os.statvfs(path)),
}
