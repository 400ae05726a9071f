"""Sockets wait for a key as long as the loop has work that may be the key's, and no longer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cockpit.ui.keys_first import keys_go_first, run_screen
from tests.remote.waiting import until


@contextmanager
def listened() -> Iterator[tuple[socket.socket, list[bytes]]]:
    """Read one end of a connection in the running loop; give the other, and what was read."""
    here, there = socket.socketpair()
    here.setblocking(False)
    read: list[bytes] = []
    loop = asyncio.get_running_loop()
    loop.add_reader(here, lambda: read.append(here.recv(100)))
    try:
        yield there, read
    finally:
        loop.remove_reader(here)
        here.close()
        there.close()


async def turns(number: int, each: Callable[[], None] = lambda: None) -> None:
    """Go through the loop so often without ever leaving it idle."""
    for _ in range(number):
        each()
        await asyncio.sleep(0)


def test_sockets_wait_while_a_key_does_and_there_is_something_to_do() -> None:
    async def work() -> None:
        waiting = True
        keys_go_first(lambda: waiting)
        with listened() as (there, read):
            there.send(b"agent")
            await turns(200)
            assert read == []
            waiting = False
            await until(lambda: read == [b"agent"])
            waiting = True
            there.send(b"more")
            await turns(200)
            assert read == [b"agent"]
            await until(lambda: read == [b"agent", b"more"])  # nothing else is to be done: it is read all the same

    run_screen(work())


def test_without_a_key_a_busy_loop_reads() -> None:
    async def work() -> None:
        with listened() as (there, read):
            there.send(b"agent")
            await turns(3)
            assert read == [b"agent"]

    run_screen(work())


async def test_a_loop_of_others_stays_as_it_is() -> None:
    keys_go_first(lambda: True)
    with listened() as (there, read):
        there.send(b"agent")
        await turns(3)
        assert read == [b"agent"]
