"""The command lines of forks; one server of forks per test process, from the first use to its end."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import cockpit
from cockpit.embedded import lifecycle
from tests.forked import client

PACKAGE_PARENT = Path(cockpit.__file__).parent.parent


_starting = threading.Lock()
"""Tests ask from several threads, and the cache alone would start a server for each."""


def _server() -> tuple[subprocess.Popen[bytes], str]:
    """Return the server and its address; it ends when the pipe to it closes, which is when this process ends."""
    with _starting:
        return _started()


@functools.cache
def _started() -> tuple[subprocess.Popen[bytes], str]:
    address = f"cockpit-forks-{os.getpid()}"
    return _ready([sys.executable, "-m", "tests.forked.server", address]), address


@functools.cache
def _with_screens() -> tuple[subprocess.Popen[bytes], str]:
    address = f"cockpit-screens-{os.getpid()}"
    _process, headless = _started()
    return _ready([*command_of(headless, "tests.forked.screens"), address]), address


def _ready(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a server of forks and return it once it takes requests."""
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PACKAGE_PARENT, start_new_session=True
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return server


def server() -> str:
    """Return the address of a server whose forks have loaded all that runs without a screen."""
    _process, address = _server()
    return address


def screens() -> str:
    """Return the address of a server whose forks have loaded the screens as well."""
    with _starting:
        _process, address = _with_screens()
        return address


def command_of(address: str, module: str) -> tuple[str, ...]:
    """Return the command line of a fork, in place of `python -m MODULE`; its words follow."""
    return (sys.executable, "-I", "-S", str(Path(client.__file__)), address, module)


def forked(*words: str) -> list[str]:
    """Return the command line of a cockpit that is a fork, in place of `python -m cockpit WORDS…`."""
    _process, address = _server()
    return [*command_of(address, "cockpit"), *words]


@contextlib.contextmanager
def servers_forked() -> Iterator[None]:
    """Let the servers of embedded fleets that this process starts be forks, too."""
    _process, address = _server()
    started = lifecycle.SERVER
    lifecycle.SERVER = command_of(address, "cockpit.embedded.serve")
    try:
        yield
    finally:
        lifecycle.SERVER = started
