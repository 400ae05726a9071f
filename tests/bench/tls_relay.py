"""A relay that ends TLS in a process of its own, so that its memory is not counted: `python -m tests.bench.tls_relay`.

It takes a target port and a directory as arguments, says its own port and the file with its authority, and ends with
its standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.writing import ROOT
from tests.remote.relays import Relay, TestAuthority

NAME = "vm.test"
"""The name its certificate proves."""


@contextlib.contextmanager
def tls_relay(target_port: int, directory: Path) -> Iterator[tuple[int, str]]:
    """Run a relay for the time of the block; gives its port and the file with its authority."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.tls_relay", str(target_port), str(directory)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        port, ca_file = process.stdout.readline().split()
        yield int(port), ca_file
    finally:
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


async def relay(target_port: int, directory: Path) -> None:
    """Relay until standard input ends."""
    authority = TestAuthority(directory)
    async with Relay(target_port, tls=authority.server_context(NAME)) as running:
        print(running.port, authority.ca_file, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(relay(int(sys.argv[1]), Path(sys.argv[2])))
