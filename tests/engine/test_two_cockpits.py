"""Two cockpits on one store: one records an agent, both see all of it, and the other takes over when it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.engine.engine import Engine
from cockpit.engine.streams import follower
from cockpit.model.commands.agent import Abort, Answer, Prompt
from cockpit.model.fleet import ActivityState, Agent, LinkState
from cockpit.model.ids import AgentId, VmId
from cockpit.model.receipts.receipt import Stage
from cockpit.remote.ssh.connection import Connection
from tests.engine.evidence import (
    Observer,
    all_shown,
    assert_whole,
    folded,
    markers,
    out_file,
    stored,
    stored_up_to,
)
from tests.faults.harness import readers_of
from tests.fleets import LIMIT, FleetUnderTest, is_settled, order, poll, spawned, until
from tests.remote.sshd import name_of

TAKEOVER = 2.0
"""Seconds in which an agent is recorded again after its recording cockpit ended."""

SLACK = 8.0
"""Seconds a busy machine may be late."""

WRITES = ("append", "save_snapshot", "begin_epoch")
"""What only the cockpit that records an agent may ask of the store."""


def readers(fleet: FleetUnderTest, agent: Agent) -> int:
    """Return how many readers follow an agent's output on its VM."""
    out, count = out_file(fleet, agent.vm_id), 0
    for found in readers_of(out, out.parent.parent):
        with contextlib.suppress(psutil.NoSuchProcess):
            count += name_of(found) == "tail"
    return count


async def begin(engine: Engine, agent: Agent, words: int = 750) -> None:
    """Let an agent begin a long answer."""
    await order(engine, Prompt(agent.id, f"[slow 200] [bash seq 100] [say {words}]"), Stage.CONSUMED)


async def settled(engine: Engine) -> None:
    """Wait until an engine has read everything to its end; fails if it never does."""
    await until(engine, lambda: is_settled(engine), "the end of the first reading")


async def assert_both_whole(fleet: FleetUnderTest, agent: AgentId, *engines: Engine) -> None:
    """After the run, assert that the store has each line of the file once, and that every engine shows just these."""
    for engine in engines:
        await until(engine, lambda engine=engine: not engine.fleet_state.agents[agent].run_open, "the end of the run")  # type: ignore[misc]
    content = out_file(fleet, engines[0].fleet_state.agents[agent].vm_id).read_bytes()
    count = content.count(b"\n")
    for engine in engines:
        await until(engine, lambda engine=engine: engine.fleet_state.agents[agent].line == count, "the last line")  # type: ignore[misc]
    records = await stored_up_to(engines[0].store, agent, count)
    assert_whole(records, content)
    assert {record.epoch for record in records} == {1} and not markers(records)
    for engine in engines:
        assert await all_shown(engine, agent) == folded(records)
        known = engine.fleet_state.agents[agent]
        assert (known.epoch, known.line) == (1, count)
        first = engines[0].fleet_state.agents[agent]
        assert (known.usage, known.turns, known.dialect) == (first.usage, first.turns, first.dialect)


@contextlib.contextmanager
def writes_of(engine: Engine) -> Iterator[list[str]]:
    """Note what an engine asks of its store that only a recording cockpit may."""
    asked: list[str] = []

    def noted(name: str) -> Any:
        real = getattr(engine.store, name)

        def ask(*arguments: Any, **options: Any) -> Any:
            asked.append(name)
            return real(*arguments, **options)

        return ask

    with contextlib.ExitStack() as stack:
        for name in WRITES:
            stack.enter_context(mock.patch.object(engine.store, name, noted(name)))
        yield asked


async def news(engine: Engine, agent: AgentId, limit: float = LIMIT) -> None:
    """Wait until an engine sees a further line of an agent whose run goes on."""
    before = engine.fleet_state.agents[agent]

    def came() -> bool:
        known = engine.fleet_state.agents[agent]
        return known.line > before.line or not known.run_open

    await until(engine, came, "news of the agent", limit)


@contextlib.asynccontextmanager
async def unlinked(engine: Engine, agent: AgentId) -> AsyncIterator[None]:
    """Drop an engine's link to an agent, and keep it from coming back for the time of the block."""
    real, over = engine.running[0].agent_sessions.connect, asyncio.Event()

    async def connect(vm_id: VmId) -> Connection:
        await over.wait()
        return await real(vm_id)

    agent_session = engine.agent_session(agent)
    connection = agent_session.connection() if agent_session else None
    assert connection is not None
    with mock.patch.object(engine.running[0].agent_sessions, "connect", connect):
        await connection.close()
        yield
    over.set()
    await until(engine, lambda: engine.fleet_state.agents[agent].link.state is LinkState.UP, "the link")


@contextlib.asynccontextmanager
async def two(fleet: FleetUnderTest, name: str) -> AsyncIterator[tuple[Engine, Engine, Agent]]:
    """Run two engines over a new agent: the first records it, the second has caught up."""
    async with fleet.engine() as first:
        agent = await spawned(first, name)
        async with fleet.engine() as second:
            await settled(second)
            yield first, second, second.fleet_state.agents[agent.id]


async def test_one_records_and_both_see(fleet: FleetUnderTest) -> None:
    async with two(fleet, "ada") as (first, second, agent):
        with writes_of(second) as asked:
            assert first.store.leases.holds(agent.id) and not second.store.leases.holds(agent.id)
            await begin(first, agent, 400)
            await until(second, lambda: second.fleet_state.agents[agent.id].run_open, "the run, seen by the other")
            assert readers(fleet, agent) == 1
            await assert_both_whole(fleet, agent.id, first, second)
            assert readers(fleet, agent) == 1
            second.focus(agent.id)
            await second.recorder.save_touched()
        assert asked == []
        assert second.fleet_state.agents[agent.id].link.state is LinkState.UP


async def test_orders_of_the_one_that_follows_come_as_far(fleet: FleetUnderTest) -> None:
    async with two(fleet, "bea") as (first, second, agent):
        await order(second, Prompt(agent.id, "[ask confirm Deploy? | To production] [say Deployed.]"), Stage.CONSUMED)
        await until(
            second,
            lambda: second.fleet_state.agents[agent.id].activity.state is ActivityState.ASKING,
            "the question",
        )
        (dialog,) = second.fleet_state.agents[agent.id].activity.dialogs
        await order(second, Answer(agent.id, dialog.request.dialog_id, confirmed=True))
        await until(
            second,
            lambda: second.transcript(agent.id).final_text().endswith("Deployed."),
            "the answer to the prompt",
        )
        (receipt,) = [found for found in second.fleet.receipts if found.verb == "prompt"]
        assert (await second.outcome(receipt.id, timeout=LIMIT)).stage is Stage.DONE
        assert first.store.leases.holds(agent.id), "whoever sends does not record for it"
        content = out_file(fleet, agent.vm_id).read_bytes()
        assert_whole(await stored_up_to(first.store, agent.id, content.count(b"\n")), content)


async def test_verbs_beside_a_cockpit_that_records(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as first:
        agent = await spawned(first, "cyd")

        async def run(*words: str) -> tuple[int, str]:
            done = await asyncio.to_thread(fleet.run, *words)
            return done.returncode, done.stdout.strip() or done.stderr

        assert await run("send", "cyd", "[say From beside.]", "--wait", "done") == (0, "From beside.")
        assert (await run("send", "cyd", "[ask confirm Deploy? | Now] [say Done.]"))[0] == 0
        assert (await run("wait", "cyd", "--until", "asking", "--timeout", "30"))[0] == 0
        assert (await run("answer", "cyd", "yes"))[0] == 0
        assert (await run("wait", "cyd", "--until", "idle", "--timeout", "30"))[0] == 0
        assert "From beside." in (await run("tail", "cyd", "--no-follow"))[1]
        assert first.store.leases.holds(agent.id)
        await assert_both_whole(fleet, agent.id, first)


@pytest.mark.parametrize("kill", [True, False])
async def test_the_other_takes_over_when_the_recording_one_ends(fleet: FleetUnderTest, kill: bool) -> None:
    name = f"dan-{kill}"
    async with fleet.engine() as engine:
        agent = await spawned(engine, name)
        await begin(engine, agent, 2_000)
    holder = Observer(fleet)
    try:
        holder.ask("settled")
        async with fleet.engine() as second:
            await settled(second)
            await news(second, agent.id)
            assert not second.store.leases.holds(agent.id) and second.fleet_state.agents[agent.id].run_open
            holder.kill() if kill else holder.leave()
            # A cockpit that leaves in good order first ends its readers and writes down what they read.
            within = TAKEOVER + SLACK
            await until(second, lambda: second.store.leases.holds(agent.id), "the lease", within)
            await news(second, agent.id, within)
            await order(second, Abort(agent.id))
            await assert_both_whole(fleet, agent.id, second)
            await asyncio.to_thread(poll, lambda: readers(fleet, agent) == 1, "the end of the old reader")
            await order(second, Prompt(agent.id, "[say And on.]"))
            await assert_both_whole(fleet, agent.id, second)
    finally:
        holder.kill()


async def test_a_later_cockpit_takes_over_from_a_verb(fleet: FleetUnderTest) -> None:
    """A verb that opened first records for as long as it runs; the screen that came meanwhile goes on from there."""
    async with fleet.engine() as engine:
        agent = await spawned(engine, "eve")
        await begin(engine, agent)
    verb = await asyncio.create_subprocess_exec(*fleet.verb("wait", "eve", "--until", "idle"), env=fleet.environment())
    content = out_file(fleet, agent.vm_id)
    async with fleet.engine() as screen:
        await settled(screen)
        assert await asyncio.wait_for(verb.wait(), LIMIT) == 0
        await until(screen, lambda: screen.store.leases.holds(agent.id), "the lease")
        await assert_both_whole(fleet, agent.id, screen)
        assert content.read_bytes().count(b"agent_start") == 1


async def test_links_that_drop_in_turn_hand_the_agent_over_each_time(fleet: FleetUnderTest) -> None:
    """Whoever has no link records nothing; the reader it comes back with goes on where the other one was."""
    async with two(fleet, "fay") as (first, second, agent):
        await begin(first, agent, 2_000)
        handed = 0
        holder, other = first, second
        while holder.fleet_state.agents[agent.id].run_open and handed < 6:
            await news(other, agent.id)
            async with unlinked(holder, agent.id):
                await until(other, lambda other=other: other.store.leases.holds(agent.id), "the lease")  # type: ignore[misc]
                await news(other, agent.id)
            handed += 1
            holder, other = other, holder
        assert handed >= 2
        if first.fleet_state.agents[agent.id].run_open:
            await order(first, Abort(agent.id))
        await assert_both_whole(fleet, agent.id, first, second)
        await asyncio.to_thread(poll, lambda: readers(fleet, agent) == 1, "the end of the old readers")


async def test_half_a_line_at_the_end_keeps_nobody_waiting(fleet: FleetUnderTest) -> None:
    with mock.patch.object(follower, "QUIET_LIMIT", LIMIT):
        async with fleet.engine() as first:
            agent = await spawned(first, "gil")
            out = out_file(fleet, agent.vm_id)
            with out.open("ab") as file:
                file.write(b'{"type":"half')
            async with fleet.engine() as second:
                await settled(second)
                assert not second.store.leases.holds(agent.id) and readers(fleet, agent) == 1
                with out.open("ab") as file:
                    file.write(b'"}\n')
                count = out.read_bytes().count(b"\n")
                await until(second, lambda: second.fleet_state.agents[agent.id].line == count, "the whole line")
                await assert_both_whole(fleet, agent.id, first, second)


async def test_a_recording_cockpit_that_is_stuck_blinds_nobody(fleet: FleetUnderTest) -> None:
    """It keeps its lease, so the other reads by itself, unrecorded, until the store goes on."""
    async with fleet.engine() as engine:
        agent = await spawned(engine, "hal")
    holder = Observer(fleet)
    holder.ask("settled")
    try:
        with mock.patch.multiple(follower, QUIET_LIMIT=1.0, COMPARISON_INTERVAL=0.5):
            async with fleet.engine() as second:
                await settled(second)
                os.kill(holder.process.pid, signal.SIGSTOP)
                with writes_of(second) as asked:
                    await order(second, Prompt(agent.id, "[say Read by myself.]"))
                    assert second.transcript(agent.id).final_text() == "Read by myself."
                    assert asked == [] and not second.store.leases.holds(agent.id)
                    async with fleet.engine() as third:
                        await settled(third)
                        assert third.transcript(agent.id).final_text() == "Read by myself."
                    os.kill(holder.process.pid, signal.SIGCONT)
                    await asyncio.to_thread(poll, lambda: readers(fleet, agent) == 1, "the end of our own reader")
                    assert asked == []
                await order(second, Prompt(agent.id, "[say Followed again.]"))
                await asyncio.to_thread(poll, lambda: readers(fleet, agent) == 1, "one reader")
                assert not second.store.leases.holds(agent.id)
                await assert_both_whole(fleet, agent.id, second)
    finally:
        os.kill(holder.process.pid, signal.SIGCONT)
        holder.kill()


async def test_older_history_is_paged_by_both_and_kept_once(fleet: FleetUnderTest, tmp_path: Path) -> None:
    """A first contact reads the end of a long file only; whoever pages the rest from the VM keeps it for both."""
    async with fleet.engine() as engine:
        agent = await spawned(engine, "ida")
        out = out_file(fleet, agent.vm_id)
        with out.open("a", encoding="utf-8") as file:
            for number in range(1_500):
                message = {"role": "user", "content": f"old {number} " + "x" * 2_000}
                file.write(json.dumps({"type": "message_start", "message": message}) + "\n")
    strangers = FleetUnderTest(fleet.root)
    strangers.places = dataclasses.replace(fleet.places, history=tmp_path / "other.sqlite")
    async with strangers.engine() as first:
        await settled(first)
        await order(first, Prompt(agent.id, "[say The newest line.]"))
        async with strangers.engine() as second:
            await settled(second)
            assert not second.store.leases.holds(agent.id)
            before = await stored(second.store, agent.id)
            assert before[0].line > 1
            everything = await all_shown(second, agent.id)
            assert [text.split()[1] for kind, text in everything if text.startswith("old ")] == [
                str(number) for number in range(1_500)
            ]
            assert await all_shown(first, agent.id) == everything
        assert_whole(await stored(first.store, agent.id), out.read_bytes())


async def test_cockpits_that_keep_their_history_apart_record_apart(fleet: FleetUnderTest, tmp_path: Path) -> None:
    """The lease is of the store, not of the agent: another store has it, too."""
    async with fleet.engine() as first:
        agent = await spawned(first, "kim")
        apart = FleetUnderTest(fleet.root)
        apart.places = dataclasses.replace(fleet.places, history=tmp_path / "other.sqlite")
        async with apart.engine() as second:
            await settled(second)
            assert first.store.leases.holds(agent.id) and second.store.leases.holds(agent.id)
