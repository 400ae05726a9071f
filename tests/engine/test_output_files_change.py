"""The output file is truncated, replaced or rewritten under a running engine: a marked new epoch, then exact lines."""

from __future__ import annotations

import json
import os
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Prompt
from cockpit.model.events import Record
from cockpit.model.fleet import Agent
from cockpit.model.ids import VmId
from cockpit.model.transcript.entry import EntryKind
from tests.engine.evidence import all_shown, assert_whole, folded, markers, out_file, stored_up_to
from tests.fleets import FleetUnderTest, is_settled, order, spawned, until
from tests.remote.sshd import name_of


def lines(first: int, count: int) -> bytes:
    """Return output lines as an agent may write them, each different."""
    texts = [json.dumps({"type": "made_up_event", "number": number}) for number in range(first, first + count)]
    return "".join(f"{text}\n" for text in texts).encode()


async def tailed(engine: Engine, agent: Agent) -> Agent:
    """Let an agent say something, and return it as it is then."""
    await order(engine, Prompt(agent.id, "[say Before the change.]"))
    return engine.fleet_state.agents[agent.id]


def line_count(out: Path) -> int:
    """Return how many whole lines a file has."""
    return out.read_bytes().count(b"\n")


async def epoch_read(engine: Engine, agent: Agent, epoch: int, out: Path) -> list[Record]:
    """Wait until a file was read to its end as an epoch; return what the store holds of all epochs."""
    count = line_count(out)
    await until(
        engine,
        lambda: (engine.fleet_state.agents[agent.id].epoch, engine.fleet_state.agents[agent.id].line) == (epoch, count),
        f"line {count} of epoch {epoch}",
    )
    return await stored_up_to(engine.store, agent.id, count)


async def test_truncated(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await tailed(engine, await spawned(engine, "ada"))
        out = out_file(fleet, agent.vm_id)
        before = out.read_bytes()
        os.truncate(out, 0)
        await until(engine, lambda: engine.fleet_state.agents[agent.id].epoch == 2, "a new epoch")
        await order(engine, Prompt(agent.id, "[say After the change.]"))
        records = await epoch_read(engine, agent, 2, out)
        assert_whole([record for record in records if record.epoch == 1], before)
        assert_whole([record for record in records if record.epoch == 2], out.read_bytes())
        assert [epoch for epoch, _ in markers(records)] == [2]
        assert engine.transcript(agent.id).final_text() == "After the change."
        seams = [entry for entry in engine.transcript(agent.id).entries() if entry.kind is EntryKind.MARKER]
        assert any("truncated" in f"{entry.title} {entry.text}" for entry in seams), seams
        assert await all_shown(engine, agent.id) == folded(records)


async def test_replaced(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await tailed(engine, await spawned(engine, "bea"))
        out = out_file(fleet, agent.vm_id)
        before = out.read_bytes()
        new = out.with_name("out.new")
        new.write_bytes(lines(1, 3))
        new.replace(out)
        await epoch_read(engine, agent, 2, out)
        with out.open("ab") as file:
            file.write(lines(4, 2))
        records = await epoch_read(engine, agent, 2, out)
        assert_whole([record for record in records if record.epoch == 1], before)
        assert_whole([record for record in records if record.epoch == 2], out.read_bytes())
        assert [epoch for epoch, _ in markers(records)] == [2]


async def test_rewritten_and_grown_in_place(fleet: FleetUnderTest) -> None:
    """tail cannot see it; a check of our own does, and the marker says what was doubtful."""
    async with fleet.engine() as engine:
        agent = await tailed(engine, await spawned(engine, "cyd"))
        out = out_file(fleet, agent.vm_id)
        before = out.read_bytes()
        with out.open("r+b") as file:
            file.write(lines(1, len(before) // 30 + 50))
        assert out.stat().st_size > len(before)
        records = await epoch_read(engine, agent, 2, out)
        assert_whole([record for record in records if record.epoch == 2], out.read_bytes())
        ((epoch, reason),) = markers(records)
        assert epoch == 2
        doubtful = [record for record in records if record.epoch == 1 and record.end > len(before)]
        assert not doubtful or "come again" in reason, (reason, doubtful)


async def test_changed_while_no_cockpit_looked(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await tailed(engine, await spawned(engine, "dan"))
        out = out_file(fleet, agent.vm_id)
        before = out.read_bytes()
    out.write_bytes(lines(1, len(before) // 30 + 50))
    async with fleet.engine() as engine:
        records = await epoch_read(engine, agent, 2, out)
        assert_whole([record for record in records if record.epoch == 1], before)
        assert_whole([record for record in records if record.epoch == 2], out.read_bytes())
        assert [epoch for epoch, _ in markers(records)] == [2]
    async with fleet.engine() as engine:
        await until(engine, lambda: is_settled(engine), "all read")
        assert engine.fleet_state.agents[agent.id].epoch == 2


async def test_renamed_away_while_no_cockpit_looked(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await tailed(engine, await spawned(engine, "fay"))
        out = out_file(fleet, agent.vm_id)
        before = line_count(out)
    with out.open("ab") as file:
        file.write(lines(1, 40))
    old = out.read_bytes()
    out.rename(out.with_name("out.1"))
    out.write_bytes(lines(100, 9))
    async with fleet.engine() as engine:
        records = await epoch_read(engine, agent, 2, out)
        assert before < old.count(b"\n")
        assert_whole([record for record in records if record.epoch == 1], old)
        assert_whole([record for record in records if record.epoch == 2], out.read_bytes())
        assert markers(records) == [(2, "replaced")]


async def test_rewritten_longer_before_tail_looks(fleet: FleetUnderTest) -> None:
    """Nothing of the new content is taken for the old, though the remote tail was held up while it happened."""
    async with fleet.engine() as engine:
        agent = await tailed(engine, await spawned(engine, "gus"))
        out = out_file(fleet, agent.vm_id)
        before = out.read_bytes()
        await until(engine, lambda: engine.fleet_state.agents[agent.id].line == line_count(out), "all of it")
        tails = [found for found in psutil.process_iter() if name_of(found) == "tail" and is_in(found, agent.vm_id)]
        for process in tails:
            process.suspend()
        out.write_bytes(lines(1, len(before) // 30 + 900))
        for process in tails:
            process.resume()
        assert tails
        records = await epoch_read(engine, agent, 2, out)
        assert_whole([record for record in records if record.epoch == 1], before)
        assert_whole([record for record in records if record.epoch == 2], out.read_bytes())


def is_in(process: psutil.Process, vm_id: VmId) -> bool:
    """Say whether a process belongs to a VM: what it holds open has another name behind walls."""
    try:
        return bool(process.environ().get("COCKPIT_SANDBOX") == vm_id)
    except psutil.Error:
        return False


async def test_half_a_line_waits_for_its_rest(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await tailed(engine, await spawned(engine, "eve"))
        out = out_file(fleet, agent.vm_id)
        whole = lines(7, 1)
        with out.open("ab") as file:
            file.write(whole[:10])
    async with fleet.engine() as engine:
        await until(engine, lambda: is_settled(engine), "all read, though half a line stands at the end")
        assert engine.fleet_state.agents[agent.id].line == out.read_bytes().count(b"\n")
        with out.open("ab") as file:
            file.write(whole[10:])
        records = await epoch_read(engine, agent, 1, out)
        assert_whole(records, out.read_bytes())
        assert not markers(records)
