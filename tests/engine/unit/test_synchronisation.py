"""What of the operator's configuration did not get to a VM is said, and the agent is started all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, cast

import pytest

from cockpit.agents.adapter import Program
from cockpit.agents.configuration import Configuration
from cockpit.engine.commands.synchronisation import LIMIT, synchronise
from cockpit.engine.operation import OperationProgress
from cockpit.errors import TimedOut
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import OperationId
from cockpit.remote.ssh.command import Completed
from tests.engine.unit.connection import FakeConnection, Ran, answer
from tests.engine.unit.parts import Parts


def configuration(named: Collection[str]) -> Configuration:
    """Return one file, another that stays, and what was named."""
    files = ((".pi/agent/settings.json", b"{}"), *((f".pi/agent/{name}", b"") for name in named))
    return Configuration(files, (("auth.json", "its name says that it holds secrets"),), (".pi/agent/git/p",))


PROGRAM = Program("pi", "", lambda spawn, path, again: (), configuration=configuration)


async def synchronised(parts: Parts, program: Program, spawn: Spawn, done: Completed | Exception) -> tuple[str, Ran]:
    """Synchronise over a connection that ends so; return the step's detail and what was run."""
    connection = FakeConnection()

    async def script(ran: Ran) -> Completed:
        if isinstance(done, Exception):
            raise done
        return done

    connection.script = script
    progress = OperationProgress(parts.state, OperationId("o"), "spawn", spawn.name)
    # The files are read in a thread, which a loop in virtual time cannot wait for.
    loop = asyncio.get_running_loop()
    cast(Any, loop).run_in_executor = lambda _pool, call, *given: _done(call(*given))
    await synchronise(parts.state, cast(Any, connection), spawn, program, progress)
    (step,) = progress.operation.steps
    return step.detail, connection.ran[0] if connection.ran else Ran("", b"", 0.0)


def _done(value: object) -> asyncio.Future[object]:
    future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future


async def test_what_went_along_and_what_stayed_is_said() -> None:
    parts = Parts()
    spawn = Spawn("ada", AgentKind.WORKER, sync=True, sync_named=("auth.json",))
    detail, ran = await synchronised(parts, PROGRAM, spawn, answer(state="written"))
    assert detail == "2 files written · left out: auth.json (its name says that it holds secrets)"
    assert ran.timeout == LIMIT and b"settings.json" in ran.stdin and "settings.json" not in ran.script
    assert parts.state.snapshot().notices == ()


async def test_a_failure_is_said_and_stops_nothing() -> None:
    parts = Parts()
    spawn = Spawn("ada", AgentKind.WORKER, sync=True)
    detail, _ = await synchronised(parts, PROGRAM, spawn, answer(state="written", failed="p: no network"))
    assert "failed: p: no network" in detail
    detail, _ = await synchronised(parts, PROGRAM, spawn, TimedOut("it took more than 180 s"))
    assert "failed: it took more than 180 s" in detail
    assert [notice.partition(": ")[2] for notice in parts.state.snapshot().notices] == [
        "p: no network",
        "it took more than 180 s",
    ]


async def test_what_takes_long_is_done_in_a_thread_and_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    parts, in_thread, where = Parts(), [False], list[bool]()
    connection = FakeConnection()
    loop = asyncio.get_running_loop()

    def noted(call: Callable[..., object]) -> Callable[..., object]:
        def noting(*given: object) -> object:
            where.append(in_thread[0])
            return call(*given)

        return noting

    def run(_pool: object, call: Callable[..., object], *given: object) -> asyncio.Future[object]:
        in_thread[0] = True
        try:
            return _done(call(*given))
        finally:
            in_thread[0] = False

    def never(_pool: object, call: Callable[..., object], *given: object) -> asyncio.Future[object]:
        return loop.create_future()  # A disk that does not answer.

    read = PROGRAM.configuration
    assert read is not None
    program = replace(PROGRAM, configuration=cast(Any, noted(read)))
    monkeypatch.setattr(Configuration, "archive", noted(Configuration.archive))
    digest = property(noted(cast(Any, Configuration.digest).fget))
    monkeypatch.setattr(Configuration, "digest", digest)
    progress = OperationProgress(parts.state, OperationId("o"), "spawn", "ada")
    for executor in (run, never):
        cast(Any, loop).run_in_executor = executor
        spawn = Spawn("ada", AgentKind.WORKER, sync=True)
        await synchronise(parts.state, cast(Any, connection), spawn, program, progress)
    assert where == [True, True, True]
    assert "within 60 s" in progress.operation.steps[-1].detail


async def test_a_program_without_configuration_says_so() -> None:
    parts = Parts()
    program = Program("scripted", "", lambda spawn, path, again: ())
    detail, ran = await synchronised(parts, program, Spawn("ada", AgentKind.WORKER, sync=True), answer())
    assert detail == "scripted has none" and not ran.script
