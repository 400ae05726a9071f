"""What was read is stored, also when the disk is slow and the link and the file go away meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from unittest import mock

import pytest

from cockpit.engine.streams import write_queue
from cockpit.model.fleet import LinkState
from tests.faults.harness import Machine, running


@pytest.mark.parametrize("places", [1, 64])
async def test_lines_that_wait_for_the_disk_survive_the_drop_and_the_file(machine: Machine, places: int) -> None:
    """Found by seed 2 of the random run: lines that were shown when the link dropped were never stored.

    With one place before the disk the drop meets a reader that has a batch in hand; with many, one that waits for the
    disk already when the look at the process meets the dead connection, too.
    """
    with mock.patch.object(write_queue, "PENDING_BATCHES", places):
        async with running(machine.home, [machine]) as stack:
            await stack.up(machine)
            machine.writer.lines(1)
            await stack.whole(machine)
            append = stack.store.append
            disk = asyncio.Event()

            async def slowly(*arguments: Any, **options: Any) -> None:
                await disk.wait()
                await append(*arguments, **options)

            with mock.patch.object(stack.store, "append", slowly), contextlib.ExitStack() as end:
                end.callback(disk.set)
                # One batch after the other, until no more are taken or enough: the first is at the disk.
                taken = True
                while taken and machine.ledger.newest.lines < 8:
                    count = machine.writer.count() + 1
                    machine.writer.lines(1)
                    taken = await stack.fleet_state.until(lambda count=count: machine.ledger.newest.lines >= count, 1.0)  # type: ignore[misc]
                machine.relay.refuse = True
                machine.relay.cut()
                connection = stack.connection(machine)
                assert connection is not None and machine.ledger.newest.lines >= 2
                await connection.wait_closed()
                machine.floors[0] = machine.ledger.newest.lines
                machine.writer.tell("rotate", 3)
                # The look meets the dead connection and ends the reading, which has a batch in hand.
                stack.agent_session(machine).look_at_process()
                await asyncio.sleep(0.3)
                disk.set()
                await stack.shows(machine, LinkState.DOWN)
                machine.relay.refuse = False
                await stack.whole(machine)
            await stack.stored_as_delivered(machine)
