"""What was ordered is found again: while another process does it, after that, and where it was left."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast

import pytest

from cockpit.engine.courses import KEPT, LOOK_INTERVAL, PREFIX, SILENT, Courses
from cockpit.engine.operation import LEFT, OperationProgress
from cockpit.engine.state import FleetState
from cockpit.model.ids import OperationId, VmId
from cockpit.model.operation import Operation, Part
from cockpit.store.store import Store
from tests.engine.unit.parts import virtual_clock
from tests.engine.unit.store import MemoryStore


@contextlib.asynccontextmanager
async def cockpit_over(memory: MemoryStore) -> AsyncIterator[FleetState]:
    """Run the keeping of one process."""
    state = FleetState(virtual_clock(), "test")
    task = asyncio.create_task(Courses(state, cast(Store, memory)).run())
    await asyncio.sleep(0)
    try:
        yield state
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def only(state: FleetState) -> Operation:
    """Return the one operation that is shown."""
    (operation,) = state.operations.values()
    return operation


async def test_what_another_process_does_is_seen_here_step_by_step_and_after_its_end() -> None:
    memory = MemoryStore()
    async with cockpit_over(memory) as here:
        async with cockpit_over(memory) as there:
            progress = OperationProgress(there, OperationId("o"), "build image", "golden")
            with progress.step("boot"):
                await asyncio.sleep(2 * LOOK_INTERVAL)
                assert only(here).steps[-1].name == "boot" and only(here).ended_at is None
                progress.detail("it is up")
                progress.part(Part("ada", VmId("v"), "ended", "why", 0, 1.5, "x" * 10_000))
            progress.finish()
        await asyncio.sleep(2 * LOOK_INTERVAL)
        seen, done = only(here), there.operations[OperationId("o")]
        assert seen.steps == done.steps and seen.ended_at == done.ended_at and not seen.error
        assert seen.parts[0].exit_code == 0 and len(seen.parts[0].output) < 1000
    async with cockpit_over(memory) as later:
        await asyncio.sleep(LOOK_INTERVAL)
        assert only(later).steps == seen.steps, "and by the next cockpit"


async def test_what_was_left_says_where_and_how_one_goes_on() -> None:
    memory = MemoryStore()
    async with cockpit_over(memory) as there:
        progress = OperationProgress(there, OperationId("o"), "infra", "infra")
        with progress.step("VM"):
            pass
        step = progress.step("boot")
        step.__enter__()
        await asyncio.sleep(LOOK_INTERVAL * 1.5)
    # Killed, or the same to who comes after it: nothing more is written.
    async with cockpit_over(memory) as later:
        await asyncio.sleep(LOOK_INTERVAL)
        assert only(later).ended_at is None, "it may go on elsewhere"
        await asyncio.sleep(SILENT + 3 * LOOK_INTERVAL)
        left = only(later)
        assert (left.error, left.steps[-1].error, left.steps[0].error) == (LEFT, LEFT, "")
        assert left.ended_at is not None and "`cockpit infra` goes on" in left.hint


async def test_a_quit_in_the_midst_of_a_step_is_no_failure_of_its_own() -> None:
    state = FleetState(virtual_clock(), "test")
    progress = OperationProgress(state, OperationId("o"), "spawn", "ada")
    with pytest.raises(asyncio.CancelledError), progress.step("boot"):
        raise asyncio.CancelledError
    assert only(state).steps[-1].error == LEFT


async def test_what_cannot_be_read_goes_and_the_oldest_make_room() -> None:
    memory = MemoryStore()
    await memory.choices.keep(f"{PREFIX}broken", "{")
    await memory.choices.keep("size", "2/4096/8192")
    async with cockpit_over(memory) as there:
        for number in range(KEPT + 5):
            progress = OperationProgress(there, OperationId(f"o{number}"), "spawn", "ada")
            with progress.step("boot"):
                await asyncio.sleep(0.01)
            progress.finish()
    async with cockpit_over(memory) as later:
        await asyncio.sleep(LOOK_INTERVAL)
        assert [operation.id for operation in later.operations.values()] == [f"o{n}" for n in range(5, KEPT + 5)]
    names = set(memory.choices.held)
    assert "size" in names and f"{PREFIX}broken" not in names and len(names) == KEPT + 1
