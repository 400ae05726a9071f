"""What the registry says of our agents, under a clock of the test's own: true, and said again where it was lost."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.engine.coordination.registry_life import BEAT_INTERVAL, RegistryLife, beats_end_with_us, status_of
from cockpit.engine.running_source import RunningSource
from cockpit.model.fleet import Link, LinkState, Power, Process, ProcessState, Vm
from cockpit.model.scaffold import Scaffold, scaffold_sentences
from cockpit.services.errors import ServiceUnreachable
from cockpit.services.wire import RegistryEntry
from tests.engine.unit.parts import AGENT, VM, Parts, agent_on

STALE = 300.0
"""Seconds without a sign of life after which `discover` leaves an entry out."""


def parts_with(beats: str = "curl", reports: str = "cockpit", status: str = "running") -> tuple[Parts, RegistryLife]:
    """Return a fleet whose one agent a cockpit started, and what keeps its entry true."""
    parts = Parts()
    process = Process(ProcessState.ALIVE, run_id="r1", scaffold=Scaffold(beats=beats, reports=reports))
    parts.state.put_agent(replace(agent_on(), process=process))
    parts.registry.entries = [RegistryEntry(id=VM, name="builder", role="worker", status=status)]
    parts.memory.leases.held.add(AGENT)
    running: Any = SimpleNamespace(name="", source=parts.source())
    return parts, RegistryLife([cast(RunningSource, running)], parts.state, parts.store)


async def passing(seconds: float, work: Any) -> None:
    """Let a work go on for a time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await work


async def test_pause_resume_and_the_end_are_written_once_each() -> None:
    parts, life = parts_with()
    work = asyncio.create_task(life.run())
    await passing(1.0, asyncio.Event().wait())
    assert parts.registry.patched == []
    for power in (Power.PAUSED, Power.RUNNING):
        parts.state.put_vm(Vm(VM, power))
        await passing(1.0, asyncio.Event().wait())
    parts.state.put_agent(replace(parts.agent, process=replace(parts.agent.process, state=ProcessState.DEAD)))
    await passing(1.0, asyncio.Event().wait())
    assert parts.registry.patched == [(VM, "paused"), (VM, "running"), (VM, "stopped")]
    work.cancel()


async def test_what_a_registry_did_not_take_is_said_again_and_a_lost_entry_is_made_again() -> None:
    parts, life = parts_with()
    parts.registry.error = ServiceUnreachable("no answer")
    work = asyncio.create_task(life.run())
    parts.state.put_vm(Vm(VM, Power.PAUSED))
    await passing(60.0, asyncio.Event().wait())
    assert parts.registry.patched == []
    parts.registry.error, parts.registry.entries = None, []
    await passing(60.0, asyncio.Event().wait())
    assert [(entry.id, entry.status) for entry in parts.registry.entries] == [(VM, "paused")]
    work.cancel()


@pytest.mark.parametrize(("reports", "left"), [("extension", True), ("cockpit", False)])
async def test_stopped_with_a_living_process_is_idle_where_an_extension_writes_it(reports: str, left: bool) -> None:
    parts, life = parts_with(reports=reports, status="stopped")
    await life.look()
    assert parts.registry.patched == ([] if left else [(VM, "running")])


@pytest.mark.parametrize("beats", ["none", "", "curl", "python3", "node"])
async def test_the_recorder_beats_where_the_vm_does_not_and_no_longer_than_the_agent_lives(beats: str) -> None:
    parts, life = parts_with(beats=beats)
    ours = beats in ("none", "")
    assert beats_end_with_us(parts.agent) is ours
    work = asyncio.create_task(life.beat())
    await passing(2 * STALE + 1, asyncio.Event().wait())
    number = int(2 * STALE / BEAT_INTERVAL) + 1
    assert len(parts.registry.beats) == (number if ours else 0)
    assert BEAT_INTERVAL < STALE
    parts.state.put_agent(replace(parts.agent, process=replace(parts.agent.process, state=ProcessState.DEAD)))
    await passing(STALE, asyncio.Event().wait())
    assert len(parts.registry.beats) == (number if ours else 0)
    said = scaffold_sentences(parts.agent.process.scaffold, alive=True, exit_code=None)
    assert any("end with it" in sentence for sentence in said) is (beats == "none")
    work.cancel()


async def test_two_cockpits_beat_as_one_and_nobody_beats_for_anothers_agent() -> None:
    parts, life = parts_with(beats="none")
    parts.memory.leases.held.clear()
    await passing(STALE, life.beat())
    assert parts.registry.beats == []
    parts, life = parts_with(beats="none")
    parts.state.put_agent(replace(parts.agent, process=Process(ProcessState.ALIVE, scaffold=Scaffold())))
    await passing(STALE, life.beat())
    await life.look()
    assert (parts.registry.beats, parts.registry.patched) == ([], [])


def test_what_is_not_known_is_not_written() -> None:
    alive = replace(agent_on(), process=Process(ProcessState.ALIVE))
    for link in LinkState:
        said = status_of(replace(alive, link=Link(link)), Power.RUNNING)
        assert said == ("running" if link is LinkState.UP else "")
    assert status_of(alive, Power.UNKNOWN) == status_of(replace(alive, process=Process()), Power.RUNNING) == ""
