"""The first process of a sandbox without a control group: it starts commands on request and adopts every orphan.

Run as `python -I -S init.py SOCKET`; it prints its pid once it listens, and stays behind. It is a child subreaper
(prctl(2), PR_SET_CHILD_SUBREAPER), so whatever its commands start remains its descendant, even a process that cleared
its environment, began a session of its own and lost its parents. It needs the standard library only.

A request is one connection: four bytes of length, big-endian, and JSON (`arguments`, `environment`), with three
descriptors for standard input, output and error. The answers are lines of JSON: `pid`, and `exit` when it ended: the
exit code, or minus the number of the signal. A connection that closes ends nothing.

With a second argument, `walled`, standard input holds JSON (`members`, `root`, `steps`): it joins the control groups,
puts itself behind walls (`walls/raise_walls.py`) and is the process number 1 there. A command says then by itself that
it runs, so that the kernel tells the server which number it has on the host; `terminal` (columns and rows) gives it a
terminal of the sandbox, whose other end goes to the server; and `files` asks for no command but for a process that
reads and writes files for the server (`walls/file_calls.py`).
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
import termios
from typing import Any, NoReturn

PR_SET_CHILD_SUBREAPER = 36
LENGTH = 4
"""Bytes before a request that say how long it is."""
MAX_REQUEST = 8_000_000
"""Bytes; the kernel's own limit for arguments and environment together is lower."""
REQUEST_TIMEOUT = 5.0
"""Seconds a request may take to arrive."""
LOOK_INTERVAL = 30.0
"""Seconds between two looks whether the sandbox still exists."""
IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE)
"""What is meant for the sandbox's processes does not end the one that keeps them together."""
DEFAULTS = (*IGNORED, signal.SIGXFSZ, signal.SIGCHLD)
"""Signals that a command finds as any new process does."""


def receive(connection: socket.socket) -> tuple[bytes, list[int]]:
    """Return a request and its descriptors, none of which a command inherits by accident.

    Raises:
        OSError, ValueError: it was cut short, too long or too slow.
    """
    connection.settimeout(REQUEST_TIMEOUT)
    data, descriptors, _flags, _address = socket.recv_fds(connection, 65_536, 3)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    try:
        while len(data) < LENGTH or len(data) < LENGTH + int.from_bytes(data[:LENGTH], "big"):
            more = connection.recv(65_536)
            if not more or len(data) > MAX_REQUEST:
                raise ValueError("a request was cut short")
            data += more
    except BaseException:
        close_all(descriptors)
        raise
    return data[LENGTH:], descriptors


def close_all(descriptors: list[int]) -> None:
    """Close descriptors."""
    for descriptor in descriptors:
        os.close(descriptor)


def start(request: bytes, descriptors: list[int]) -> int:
    """Start a command at the head of a session of its own; return its pid.

    Raises:
        OSError, ValueError, KeyError, TypeError: it could not be started.
    """
    asked = json.loads(request)
    if len(descriptors) != 3:
        raise ValueError("a request needs three descriptors")
    actions = [(os.POSIX_SPAWN_DUP2, descriptor, target) for target, descriptor in enumerate(descriptors)]
    return os.posix_spawn(
        asked["arguments"][0],
        asked["arguments"],
        asked["environment"],
        file_actions=actions,
        setsid=True,
        setsigdef=DEFAULTS,
        setsigmask=(),
    )


def start_behind_walls(connection: socket.socket, request: bytes, descriptors: list[int]) -> int:
    """Start what is asked for as a child that says itself that it runs; return its pid behind the walls.

    Raises:
        OSError, ValueError, KeyError, TypeError, struct.error: it could not be started.
    """
    asked = json.loads(request)
    if len(descriptors) != (0 if "files" in asked or "terminal" in asked else 3):
        raise ValueError("a request needs three descriptors, or a terminal")
    master, streams = -1, descriptors
    if "terminal" in asked:
        columns, rows = asked["terminal"]
        size = struct.pack("HHHH", rows, columns, 0, 0)
        master, slave = os.openpty()
        streams = [slave] * 3
        fcntl.ioctl(master, termios.TIOCSWINSZ, size)
    try:
        pid = os.fork()
        if pid == 0:
            be_command(connection, asked, streams, master)
    finally:
        close_all(list({master, *streams} - {-1, *descriptors}))
    return pid


def be_command(connection: socket.socket, asked: dict[str, Any], streams: list[int], master: int) -> NoReturn:
    """Become a command, or the process that serves files."""
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in DEFAULTS:
            signal.signal(number, signal.SIG_DFL)
        for target, descriptor in enumerate(streams):
            os.dup2(descriptor, target)
        if master >= 0:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        socket.send_fds(connection, [b"{}\n"], [master] if master >= 0 else [])
    except BaseException as error:
        say(connection, {"error": str(error)})
        os._exit(126)
    try:
        if "files" in asked:
            importlib.import_module("walls.file_calls").serve(connection)
            os._exit(0)
        os.execve(asked["arguments"][0], asked["arguments"], asked["environment"])
    except BaseException as error:
        # Who asked counts it as started by now and reads but its end: whoever reads its errors is told.
        hint = "put it back by SFTP, or branch an earlier commit"
        with contextlib.suppress(Exception):
            os.write(2, f"{asked['arguments'][0]} cannot be started in this VM: {error}; {hint}\n".encode())
    os._exit(126)


def say(connection: socket.socket, answer: dict[str, object]) -> None:
    """Answer; a server that is gone reads nothing."""
    with contextlib.suppress(OSError):
        connection.sendall(json.dumps(answer).encode() + b"\n")


def take(listener: socket.socket, commands: dict[int, socket.socket], *, walled: bool) -> None:
    """Serve one connection."""
    connection, _address = listener.accept()
    try:
        request, descriptors = receive(connection)
    except (OSError, ValueError) as error:
        say(connection, {"error": str(error)})
        connection.close()
        return
    try:
        pid = start_behind_walls(connection, request, descriptors) if walled else start(request, descriptors)
    except Exception as error:  # whatever it is: the end of this process would be the end of all that it keeps
        say(connection, {"error": str(error)})
        connection.close()
        return
    finally:
        close_all(descriptors)
    commands[pid] = connection
    if not walled:
        say(connection, {"pid": pid})


def reap(commands: dict[int, socket.socket]) -> None:
    """Take leave of every child that ended, and tell who asked for it."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        connection = commands.pop(pid, None)
        if connection is not None:
            say(connection, {"exit": os.waitstatus_to_exitcode(status)})
            connection.close()


def has_children() -> bool:
    """Say whether anything of the sandbox lives."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def enter_walls(walls: dict[str, Any]) -> None:
    """Go behind walls, as the first process there.

    Raises:
        OSError: the kernel does not allow something of it.
    """
    raise_walls = importlib.import_module("walls.raise_walls")
    raise_walls.raise_walls(walls["root"], walls["steps"])


def fork_first(walls: dict[str, Any]) -> None:
    """Return as the first process behind new walls; the one that forked tells its pid, or why not, and ends."""
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - as below
    for members in walls["members"].splitlines():
        with open(members, "w", encoding="ascii") as file:  # noqa: PTH123 - as below
            file.write("0")
    # Taken in now: behind the walls the file may be gone after an update, or be what an agent made of it.
    importlib.import_module("walls.file_calls")
    importlib.import_module("walls.raise_walls").leave_host()
    reading, writing = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid:
        os.close(writing)
        complaint = b""
        while more := os.read(reading, 4096):
            complaint += more
        if complaint:
            os.waitpid(pid, 0)
            sys.exit(complaint.decode(errors="replace"))
        print(pid, flush=True)
        os._exit(0)
    os.close(reading)
    try:
        enter_walls(walls)
    except BaseException as error:
        os.write(writing, f"{type(error).__name__}: {error}".encode(errors="replace")[:4000])
        os._exit(1)
    os.close(writing)


def still_wanted(path: str, walled: bool) -> bool:
    """Say whether the sandbox's directory still exists: behind walls its home is seen, and has no name left if not."""
    if walled:
        return os.stat("/root").st_nlink > 0  # noqa: PTH116 - as below
    return os.path.exists(path)  # noqa: PTH110 - as below


def serve(path: str, walls: dict[str, Any] | None = None) -> None:
    """Serve requests until the sandbox is gone."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 - pathlib would be half of this process's memory
    listener.bind(path)
    listener.listen(64)
    if walls is not None:
        fork_first(walls)
    else:
        pid = os.fork()
        if pid:
            print(pid, flush=True)
            os._exit(0)
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for target in (0, 1, 2):
        os.dup2(nowhere, target)
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        os._exit(1)
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    commands: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        while still_wanted(path, walls is not None) or has_children():
            for key, _events in selector.select(LOOK_INTERVAL):
                if key.fileobj is listener:
                    take(listener, commands, walled=walls is not None)
                else:
                    with contextlib.suppress(BlockingIOError):
                        os.read(wake, 4096)
            reap(commands)


if __name__ == "__main__":
    serve(sys.argv[1], json.load(sys.stdin) if sys.argv[2:] == ["walled"] else None)
