"""The first process of a sandbox without a control group: it starts commands on request and adopts every orphan.

Forked by `fork_server.py`. It is a child subreaper (prctl(2), PR_SET_CHILD_SUBREAPER), so whatever its commands start
remains its descendant, even a process that cleared its environment, began a session of its own and lost its parents.
It needs the standard library only.

A request is one connection: four bytes of length, big-endian, and JSON (`arguments`, `environment`), with three
descriptors for standard input, output and error. The answers are lines of JSON: an empty one of the command itself,
before it begins, so that the kernel tells the server which number it has on the host, and `exit` when it ended: the
exit code, or minus the number of the signal. Or there is an `error`. A connection that closes ends nothing. A request
may have `terminal` (columns and rows) instead of descriptors: the command gets a terminal of the sandbox, whose other
end goes to the server; and `files` asks for no command but for a process that reads and writes files for the server
(`walls/file_calls.py`).

With walls (`members`, `root`, `steps`) it joins the control groups, puts itself behind walls (`walls/raise_walls.py`)
and is the process number 1 there. Of each sandbox it is the memory that nothing else has, so what can be done by a
child that ends is done by one.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import termios
from collections.abc import Iterator
from typing import NoReturn

PR_SET_CHILD_SUBREAPER = 36
prctl = ctypes.CDLL(None, use_errno=True).prctl
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
    while len(data) < LENGTH or len(data) < LENGTH + int.from_bytes(data[:LENGTH], "big"):
        more = connection.recv(65_536)
        if not more or len(data) > MAX_REQUEST:
            raise ValueError("a request was cut short")
        data += more
    return data[LENGTH:], descriptors


def be_command(connection: socket.socket) -> NoReturn:
    """Become what is asked for on a connection: a command, or the process that serves files.

    It says itself that it runs: the kernel tells the server with it who it is (unix(7), SCM_CREDENTIALS).
    """
    try:
        signal.set_wakeup_fd(-1)
        for number in DEFAULTS:
            signal.signal(number, signal.SIG_DFL)
        request, descriptors = receive(connection)
        asked = json.loads(request)
        if len(descriptors) != (0 if "files" in asked or "terminal" in asked else 3):
            raise ValueError("a request needs three descriptors, or a terminal")
        os.setsid()
        master = take_terminal(*asked["terminal"]) if "terminal" in asked else -1
        for target, descriptor in enumerate(descriptors):
            os.dup2(descriptor, target)
        socket.send_fds(connection, [b"{}\n"], [master] if master >= 0 else [])
    except BaseException as error:
        say(connection, {"error": str(error)})
        os._exit(126)
    try:
        if "files" in asked:
            sys.modules["walls.file_calls"].serve(connection)
            os._exit(0)
        os.execve(asked["arguments"][0], asked["arguments"], asked["environment"])
    except BaseException as error:
        # Who asked counts it as started by now and reads but its end: whoever reads its errors is told.
        hint = "put it back by SFTP, or branch an earlier commit"
        with contextlib.suppress(Exception):
            os.write(2, f"{asked['arguments'][0]} cannot be started in this VM: {error}; {hint}\n".encode())
    os._exit(126)


def take_terminal(columns: int, rows: int) -> int:
    """Make a terminal of the sandbox this session's own; return its other end."""
    master, slave = os.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    for target in (0, 1, 2):
        os.dup2(slave, target)
    os.close(slave)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    return master


def say(connection: socket.socket, answer: dict[str, object]) -> None:
    """Answer; a server that is gone reads nothing."""
    with contextlib.suppress(OSError):
        connection.sendall(json.dumps(answer).encode() + b"\n")


def take(listener: socket.socket, commands: dict[int, socket.socket]) -> None:
    """Serve one connection: a child reads it, so that neither its time nor its memory is this process's."""
    connection, _address = listener.accept()
    try:
        pid = os.fork()
    except OSError as error:
        say(connection, {"error": f"no process can be made: {error.strerror}"})
        connection.close()
        return
    if pid == 0:
        be_command(connection)
    commands[pid] = connection


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


def tell(pid: int) -> NoReturn:
    """Tell the server the pid of a first process, and end; one that nobody knows of does not stay."""
    try:
        os.write(1, str(pid).encode())
    except OSError:
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


def fork_first(members: list[str]) -> None:
    """Return as the first process behind new walls; the one that forked has them built, tells its pid, and ends.

    Args:
        members: the files by which the control groups are joined.

    Raises:
        OSError: the kernel does not allow something of it.
    """
    for file in members:
        descriptor = os.open(file, os.O_WRONLY)
        os.write(descriptor, b"0")
        os.close(descriptor)
    raise_walls = sys.modules["walls.raise_walls"]
    raise_walls.leave_host()
    outside, inside = socket.socketpair()
    pid = os.fork()
    if pid:
        inside.close()
        build_around(pid, outside)
    outside.close()
    if not inside.recv(1):
        os._exit(1)
    # The kernel moved it to the new root with the one that built it: pivot_root(2).
    try:
        os.chdir("/")
        raise_walls.give_up_powers()
    except OSError as error:
        inside.send(str(error).encode()[:4000])
        os._exit(1)
    inside.close()


def build_around(first: int, way: socket.socket) -> NoReturn:
    """Have walls built around a first process, which waits, as standard input says; tell how it went, and end.

    It is done by a child, since only a process behind them can show the processes there.
    """
    builder = os.fork()
    if builder == 0:
        with told():
            with open(0, "rb", closefd=False) as stream:
                walls = json.load(stream)
            sys.modules["walls.raise_walls"].raise_walls(walls["root"], walls["steps"])
            os._exit(0)
    if os.waitpid(builder, 0)[1] == 0:
        way.send(b"1")
        complaint = way.recv(4096)
        if not complaint:
            tell(first)
        os.write(1, complaint)
    os.kill(first, signal.SIGKILL)
    os._exit(1)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """End this process after the block; what fails in it is told to the server."""
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(1, f"{type(error).__name__}: {error}".encode(errors="replace")[:4000])
    finally:
        os._exit(1)


def still_wanted(path: str, walled: bool) -> bool:
    """Say whether the sandbox's directory still exists: behind walls its home is seen, and has no name left if not."""
    if walled:
        return os.stat("/root").st_nlink > 0  # noqa: PTH116 - as below
    return os.path.exists(path)  # noqa: PTH110 - as below


def prepare() -> None:
    """Set what every first process has from the one that forks it: done by each, it would cost each memory."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)


def woken_by_signals() -> int:
    """Return a descriptor of this process that can be read once a child ended."""
    wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    return wake


def serve(path: str, members: list[str] | None) -> None:
    """Serve requests until the sandbox is gone, in a process that is forked here.

    To standard output goes its pid, or why there is none; from standard input comes how its walls are built.

    Args:
        path: where it listens.
        members: behind walls, the files by which its control groups are joined.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 - pathlib would be half of this process's memory
    listener.bind(path)
    listener.listen(64)
    if members is not None:
        fork_first(members)
    else:
        pid = os.fork()
        if pid:
            tell(pid)
    os.setsid()
    for target in (0, 1):
        os.dup2(2, target)
    if prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        os._exit(1)
    wake = woken_by_signals()
    commands: dict[int, socket.socket] = {}
    waiting = select.poll()
    waiting.register(listener.fileno(), select.POLLIN)
    waiting.register(wake, select.POLLIN)
    while still_wanted(path, members is not None) or has_children():
        for descriptor, _events in waiting.poll(LOOK_INTERVAL * 1000):
            if descriptor == wake:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake, 4096)
            else:
                take(listener, commands)
        reap(commands)
