"""Sockets wait for a key as long as the loop has work that may be the key's; a chore waits for everything."""

from __future__ import annotations

import asyncio
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cockpit.ui.keys_first import keys_go_first, run_screen
from tests.remote.waiting import until


class Always:
    """A chore that is always due, and notes when it was done."""

    def __init__(self, done: Callable[[], None] = lambda: None) -> None:
        self.do = done

    def is_due(self) -> bool:
        return True


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
    keys_go_first(lambda: True, Always())
    with listened() as (there, read):
        there.send(b"agent")
        await turns(3)
        assert read == [b"agent"]


def test_a_chore_waits_until_there_is_nothing_to_do_and_nothing_to_read() -> None:
    async def work() -> None:
        done: list[int] = []
        with listened() as (there, read):
            keys_go_first(lambda: False, Always(lambda: done.append(len(read))))
            await turns(200)
            assert done == []
            there.send(b"agent")
            await asyncio.sleep(0.01)
            assert done and done[0] == 1  # what had come was read before

    run_screen(work())


def test_a_timer_behind_a_chore_is_not_late_by_it() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        keys_go_first(lambda: False, Always(lambda: time.sleep(0.02)))
        waited: list[float | None] = []
        select = selectors.DefaultSelector.select

        def noted(
            self: selectors.DefaultSelector, timeout: float | None = None
        ) -> list[tuple[selectors.SelectorKey, int]]:
            waited.append(timeout)
            return select(self, 0)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(selectors.DefaultSelector, "select", noted)
            ends = loop.time() + 0.03
            await asyncio.sleep(0.03)
        sleeps = [timeout for timeout in waited if timeout]
        assert sleeps and max(sleeps) <= 0.011 and loop.time() >= ends

    run_screen(work())
