"""The parent of every first process of a fleet's sandboxes: it forks one (`init.py`) whenever the server asks for it.

Run as `python -I -S fork_server.py ROOM`, a child of the server. What it forks has the memory of an interpreter in
common with it, and with the others, as far as none of them changes it: that is three quarters of a first process. It
knows nothing of any sandbox, and ends when the server closes its standard input. It needs the standard library only.

A request is a message on standard input, words that end in a null byte: `walled` or nothing, where the first process
listens, and the files by which its control groups are joined. With it comes a descriptor: a connection on which walls
are described as JSON (`root`, `steps`), to its end, and on which the answer goes, to its end as well: the pid of the
first process, or why there is none. `ROOM` is an argument in which a process that is forked writes what it is, so that
whoever lists processes tells them apart.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import select
import socket
import sys
from typing import Any

ROOM = 600
"""Letters of the argument that is overwritten."""
LONGEST = 65_536
"""Bytes of a message."""


class Label:
    """The command line of this process, as others see it, for a process that is forked to be known by its own."""

    def __init__(self) -> None:
        """Find it: the kernel shows what stands between two addresses, fields 48 and 49 of proc_pid_stat(5)."""
        with open("/proc/self/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123
            fields = file.read().rpartition(")")[2].split()
        self._start = int(fields[45])
        self._length = int(fields[46]) - self._start
        held = ctypes.string_at(self._start, self._length) if self._start else b""
        self._program = held[: held.find(b"\0-S\0") + 4]

    def write(self, words: bytes) -> None:
        """Write other words after the interpreter and its options, as far as there is room; the last byte stays null.

        Args:
            words: each ends in a null byte.
        """
        if not self._start:
            return  # the kernel does not say where it is
        said = (self._program + words)[: self._length - 1]
        ctypes.memmove(self._start, said.ljust(self._length, b"\0"), self._length)


def main() -> None:
    """Fork until the server is gone."""
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib is half of its memory
    # Taken in now: behind the walls the files may be gone after an update, or be what an agent made of them.
    init, *_ = [importlib.import_module(name) for name in ("init", "walls.file_calls", "walls.raise_walls")]
    init.prepare()
    control = socket.socket(fileno=0)
    label = Label()
    wake = init.woken_by_signals()
    waiting = select.poll()
    waiting.register(0, select.POLLIN)
    waiting.register(wake, select.POLLIN)
    # A look for garbage writes to every object that it passes, and what is written to is shared no more.
    gc.collect()
    gc.freeze()
    while True:
        ready = [descriptor for descriptor, _events in waiting.poll()]
        if wake in ready:
            os.read(wake, 4096)
        if 0 in ready:
            order, descriptors, _flags, _address = socket.recv_fds(control, LONGEST, 1)
            if not order:
                return
            for connection in descriptors:
                fork(init, label, order, connection)
                os.close(connection)
        init.reap({})


def fork(init: Any, label: Label, order: bytes, connection: int) -> None:
    """Fork whoever forks a first process."""
    try:
        forked = os.fork()
    except OSError as error:
        with contextlib.suppress(OSError):
            os.write(connection, f"no process can be made: {error.strerror}".encode())
        return
    if forked == 0:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for target, stream in enumerate((connection, connection, nowhere)):
            os.dup2(stream, target)
        os.close(connection)
        os.close(nowhere)
        with init.told():
            walled, path, *members = os.fsdecode(order).split("\0")[:-1]
            label.write(os.fsencode(f"{init.__file__}\0{path}\0{walled}\0"))
            init.serve(path, members if walled else None)


if __name__ == "__main__":
    main()
