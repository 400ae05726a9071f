"""The command line of a cockpit that is a fork; one server of forks per test process, from the first use to its end."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

import cockpit
from tests.forked import client

PACKAGE_PARENT = Path(cockpit.__file__).parent.parent


@functools.cache
def _server() -> tuple[subprocess.Popen[bytes], str]:
    """Start the server; it ends when the pipe to it closes, which is when this process ends."""
    address = f"cockpit-forks-{os.getpid()}"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.forked.server", address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PACKAGE_PARENT,
        start_new_session=True,
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return server, address


def forked(*words: str) -> list[str]:
    """Return the command line of a cockpit that is a fork, in place of `python -m cockpit WORDS…`."""
    _process, address = _server()
    return [sys.executable, "-I", "-S", str(Path(client.__file__)), address, *words]
