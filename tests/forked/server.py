"""Loads the headless cockpit once and forks it on request: `python -m tests.forked.server ADDRESS`.

It ends at the end of its standard input, and its forks with it. A request is one connection of `client.py`: four bytes
of length, big-endian, and, with a NUL between them, the file mode mask, the directory, the number of words, the module,
the words and the variables, with the client's descriptors, the three streams first; then signal numbers, one byte each,
for the fork. The answer is two lines: the fork's pid at once, and at its end the exit code, or minus the number of the
signal that ended it. A connection that closes kills its fork.

A fork of it may be such a server itself: the one that has loaded the screens as well.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pkgutil
import selectors
import signal
import socket
import sys
import threading
from typing import NoReturn
from unittest import mock

import typer

import cockpit
from cockpit.cli.declared.application import application
from cockpit.cli.declared.loading import declare_all
from cockpit.embedded import lifecycle
from tests.forked.command import command_of

OF_THE_SCREEN = ("cockpit.ui.", "cockpit.cli.screen", "cockpit.demo")
"""What is not loaded: none of it belongs to a headless verb."""
ON_FIRST_USE = (
    "anyio._backends._asyncio",
    "anyio.streams.tls",
    "certifi",
    "encodings.ascii",
    "encodings.idna",
    "encodings.utf_8_sig",
    "h11",
    "httpcore",
    "importlib.readers",
    "importlib.resources.readers",
    "typer._adapters",
    "typer._click._textwrap",
    "typer._click.decorators",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)
"""What other libraries import when it is wanted first, which each fork would do anew."""
LENGTH = 4
MOST_DESCRIPTORS = 32
REQUEST_TIMEOUT = 10.0


def load() -> None:
    """Import whatever headless verbs and the embedded fleet import at any time, and nothing of the screen."""
    for module in pkgutil.walk_packages(cockpit.__path__, f"{cockpit.__name__}."):
        if not module.name.startswith(OF_THE_SCREEN) and not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
    for name in ON_FIRST_USE:
        importlib.import_module(name)
    declare_all()
    assert "textual" not in sys.modules
    made, make = typer.main.get_command(application), typer.main.get_command
    # Made of the same declarations in each process, which takes 40 ms of it.
    mock.patch.object(typer.main, "get_command", lambda asked: made if asked is application else make(asked)).start()


def run_cockpit() -> None:
    """Run the command line."""
    from cockpit.__main__ import main

    main()


def run_embedded_fleet() -> None:
    """Run the server of an embedded fleet."""
    from cockpit.embedded.serve import main
    from cockpit.text.streams import guard_streams

    guard_streams()
    sys.exit(main())


def run_scene() -> None:
    """Run the screen over a fleet that stands still."""
    from tests.ui.scene import main

    main()


def run_observer() -> None:
    """Run a cockpit without a screen that answers questions."""
    from tests.engine.observer import main

    main()


def serve_screens() -> None:
    """Load the screens as well, and fork that on request."""
    for module in pkgutil.walk_packages(cockpit.__path__, f"{cockpit.__name__}."):
        if module.name.startswith(OF_THE_SCREEN):
            importlib.import_module(module.name)
    importlib.import_module("tests.ui.scene")
    listen(sys.argv[1])


SCREENS = "tests.forked.screens"
PROGRAMS = {
    "cockpit": run_cockpit,
    "cockpit.embedded.serve": run_embedded_fleet,
    "tests.engine.observer": run_observer,
    "tests.ui.scene": run_scene,
    SCREENS: serve_screens,
}
"""What can be a fork, by the module that runs it where it is started."""


def serve(listener: socket.socket) -> None:
    """Fork on request until standard input ends."""
    wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    forks: dict[int, socket.socket] = {}
    selector = selectors.DefaultSelector()
    for source in (listener, wake, 0):
        selector.register(source, selectors.EVENT_READ)
    while True:
        for key, _events in selector.select():
            if key.fileobj == 0:
                for pid in forks:
                    os.kill(pid, signal.SIGKILL)
                while forks:
                    _reap(forks, selector, 0)
                return
            if key.fileobj is listener:
                _take(listener, selector, forks)
            elif key.fileobj == wake:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake, 4096)
            else:
                _pass_on(key.data, forks, selector)
        _reap(forks, selector)


def _take(listener: socket.socket, selector: selectors.BaseSelector, forks: dict[int, socket.socket]) -> None:
    connection, _address = listener.accept()
    connection.settimeout(REQUEST_TIMEOUT)
    data, descriptors, _flags, _source = socket.recv_fds(connection, 65_536, MOST_DESCRIPTORS)
    while len(data) < LENGTH + int.from_bytes(data[:LENGTH], "big") and (more := connection.recv(65_536)):
        data += more
    pid = os.fork()
    if pid == 0:
        selector.close()
        _become(data[LENGTH:].split(b"\0"), descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    with contextlib.suppress(OSError):
        connection.sendall(b"%d\n" % pid)
    forks[pid] = connection
    selector.register(connection, selectors.EVENT_READ, pid)


def _pass_on(pid: int, forks: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    """Send a fork the signals that its client got; without a client it is killed."""
    try:
        numbers = forks[pid].recv(64)
    except OSError:
        numbers = b""
    if not numbers:
        selector.unregister(forks[pid])
    for number in numbers or (signal.SIGKILL,):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _reap(forks: dict[int, socket.socket], selector: selectors.BaseSelector, options: int = os.WNOHANG) -> None:
    while forks:
        try:
            pid, status = os.waitpid(-1, options)
        except ChildProcessError:
            return
        if pid == 0:
            return
        connection = forks.pop(pid)
        with contextlib.suppress(KeyError):
            selector.unregister(connection)
        with contextlib.suppress(OSError):
            connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
        connection.close()


def _become(request: list[bytes], descriptors: list[int]) -> NoReturn:
    """Be the cockpit that was asked for, and end as it ends."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        for target, descriptor in enumerate(descriptors[:3]):
            os.dup2(descriptor, target)
        for descriptor in set(range(3, 1024)) - set(descriptors[3:]):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        for descriptor in descriptors[3:]:
            os.set_inheritable(descriptor, True)
        mask, directory, count, *rest = request
        os.chdir(directory)
        os.umask(int(mask))
        os.environ.clear()
        for variable in rest[int(count) :]:
            name, _, value = variable.partition(b"=")
            os.environb[name] = value
        module, *sys.argv = (os.fsdecode(word) for word in rest[: int(count)])
        sys.argv.insert(0, module)
        _open_streams()
        PROGRAMS[module]()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(BaseException):
            for thread in threading.enumerate():
                if thread is not threading.current_thread() and not thread.daemon:
                    thread.join()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _open_streams() -> None:
    """Make the three streams as an interpreter makes them at its start."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = open(  # noqa: SIM115 - a descriptor, for the life of the process
            number,
            "w" if number else "r",
            encoding="utf-8",
            errors=("surrogateescape", "surrogateescape", "backslashreplace")[number],
            buffering=1 if number == 2 or os.isatty(number) else -1,
            closefd=False,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def listen(address: str) -> None:
    """Say that all is ready, and serve until standard input ends."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind("\0" + address)
    listener.listen(64)
    print("ready", flush=True)
    # What was loaded is shared with the forks for as long as no collection touches it.
    gc.freeze()
    serve(listener)


def main() -> None:
    """Run."""
    load()
    lifecycle.SERVER = command_of(sys.argv[1], "cockpit.embedded.serve")
    listen(sys.argv[1])


if __name__ == "__main__":
    main()
