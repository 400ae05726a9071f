"""One notifier for all who share a history: the next takes over with what was told; a hook gets words, no arguments."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.engine.clock import Clock
from cockpit.engine.notices import watch as watching
from cockpit.engine.notices.watch import NoticeWatch
from cockpit.engine.state import FleetState
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Link,
    LinkState,
    Power,
    Vm,
)
from cockpit.model.ids import VmId, agent_of
from cockpit.model.notices.notifier import SETTLING, Occasion, Summons
from cockpit.model.notices.rules import NoticeRules
from cockpit.model.open_work import OpenDialog
from cockpit.store.store import Store

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
BEGAN = 1_790_000_000.0
FAR = 200.0
"""Seconds after which all that is gathered has been told."""
ADA = Agent(agent_of(VM), "ada", AgentKind.LIEUTENANT, VM, link=Link(LinkState.UP, BEGAN))


class Cockpit:
    """One of several on one history, with a clock that a test moves."""

    def __init__(self, store: Store, time: Callable[[], float], rules: NoticeRules) -> None:
        self.store = store
        self.state = FleetState(Clock(lambda: BEGAN, time), "test")
        self.state.put_vm(Vm(VM, Power.RUNNING))
        self.state.put_agent(ADA)
        running = SimpleNamespace(source=SimpleNamespace(notice_rules=rules))
        self.watch = NoticeWatch([cast(Any, running)], self.state, store)
        self.told: list[Summons] = []
        self.watch.attach(self.told.append)
        self.task = asyncio.create_task(self.watch.run())

    def ask(self, at: float) -> None:
        dialog = OpenDialog(DialogRequested("d", "select", "Which port?"), BEGAN + at)
        self.state.put_agent(replace(ADA, activity=Activity(ActivityState.ASKING, BEGAN + at, dialogs=(dialog,))))

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.store.close()


class Cockpits:
    """Several cockpits on one history."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 0.0
        self.all: list[Cockpit] = []

    async def open(self, rules: NoticeRules | None = None) -> Cockpit:
        store = await Store.open(self.path)
        self.all.append(Cockpit(store, lambda: self.now, rules or NoticeRules()))
        return self.all[-1]

    async def until(self, condition: Callable[[], bool], *, moving: float = 0.0) -> None:
        """Wait for a condition; the clock moves on by some seconds with each look, though not for ever.

        The loop's time passes at once here, and the disk's does not: it is the real time that has a bound. A loop that
        never waits hardly lets another thread go on, on a busy machine not within half a minute.
        """
        deadline, last = time.monotonic() + 30, self.now + FAR
        while not condition():
            assert time.monotonic() < deadline, "it never came"
            self.now = min(last, self.now + moving)
            await asyncio.sleep(0.005)
            time.sleep(0.001)  # noqa: ASYNC251 - the store's thread goes on


@asynccontextmanager
async def cockpits(tmp_path: Path) -> AsyncIterator[Cockpits]:
    found = Cockpits(tmp_path / "history.sqlite")
    try:
        yield found
    finally:
        for one in found.all:
            await one.end()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look more often than a person needs."""
    monkeypatch.setattr(watching, "LOOK_INTERVAL", 0.005)


async def test_one_tells_and_who_takes_over_does_not_tell_it_again(tmp_path: Path) -> None:
    async with cockpits(tmp_path) as both:
        first = await both.open()
        await both.until(lambda: first.watch.tells)
        second = await both.open()
        both.now += SETTLING
        for one in both.all:
            one.ask(both.now)
        await both.until(lambda: bool(first.told), moving=0.2)
        (call,) = first.told
        assert (call.occasion, call.changes[0].old, call.changes[0].condition.question) == (
            Occasion.URGENT,
            "unknown",
            "Which port?",
        )
        assert not second.watch.tells
        await both.until(lambda: first.watch._kept != ())
        await first.end()
        await both.until(lambda: second.watch.tells)
        second.ask(both.now + 1)
        await both.until(lambda: second.watch._found == second.watch.calling())
        both.now += SETTLING
        await both.until(lambda: bool(second.told), moving=0.2)
        # The new question is told as what came meanwhile, the old one no more.
        assert [(one.occasion, len(one.changes)) for one in second.told] == [(Occasion.SUM, 1)]
        assert first.told == [call]


async def test_of_whom_another_cockpit_looks_at_nobody_is_called(tmp_path: Path) -> None:
    async with cockpits(tmp_path) as both:
        teller, looker = await both.open(), await both.open()
        await both.until(lambda: teller.watch.tells or looker.watch.tells)
        if looker.watch.tells:
            teller, looker = looker, teller
        looker.watch.attend([ADA.id])
        await both.until(lambda: looker.store.leases.holds(f"seen {ADA.id}"))
        both.now += SETTLING
        for one in both.all:
            one.ask(both.now)
        await both.until(lambda: teller.watch._notifier.told != (), moving=0.2)
        assert teller.told == []


async def test_a_hook_gets_the_words_in_its_environment_and_its_failure_is_said_once(tmp_path: Path) -> None:
    said = tmp_path / "said"
    hook = f'printf %s "$COCKPIT_CHANGES" > {said}; echo "$COCKPIT_AGENT is not reachable" >&2; exit 3'
    async with cockpits(tmp_path) as one:
        cockpit = await one.open(NoticeRules(hook=hook))
        await one.until(lambda: cockpit.watch.tells)
        one.now += SETTLING
        cockpit.ask(one.now)
        await one.until(lambda: len(cockpit.told) == 1, moving=0.2)
        await one.until(lambda: bool(cockpit.state.notices))  # the clock stands: a hook takes none of its time
        (change,) = json.loads(said.read_text())
        assert (change["agent"], change["new_state"], change["question"]) == ("ada", "asking", "Which port?")
        cockpit.ask(one.now + 1)
        await one.until(lambda: len(cockpit.told) == 2, moving=0.2)
        await one.until(lambda: not cockpit.watch._hooks)
        assert cockpit.state.notices == [
            "the hook of config.toml, [notify] hook, fails: it ended with 3: ada is not reachable"
        ]
