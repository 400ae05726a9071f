"""What was read is stored, also when the disk is slow and the link and the file go away meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from unittest import mock

from cockpit.engine import attachment
from cockpit.model.fleet import LinkState
from tests.faults.harness import Machine, running


async def test_lines_that_wait_for_the_disk_survive_the_drop_and_the_file(machine: Machine) -> None:
    """Found by seed 2 of the random run: a batch in hand when the link dropped was shown, and never stored."""
    with mock.patch.object(attachment, "PENDING_BATCHES", 1):
        async with running(machine.home, [machine]) as stack:
            await stack.up(machine)
            machine.writer.lines(1)
            await stack.whole(machine)
            append = stack.store.append
            disk = asyncio.Event()

            async def slowly(*arguments: Any) -> None:
                await disk.wait()
                await append(*arguments)

            with mock.patch.object(stack.store, "append", slowly), contextlib.ExitStack() as end:
                end.callback(disk.set)
                # One batch after the other, until no more are taken: one at the disk, one before it, one unread.
                taken = True
                while taken:
                    count = machine.writer.count() + 1
                    machine.writer.lines(1)
                    taken = await stack.world.until(lambda count=count: machine.ledger.newest.lines >= count, 1.0)  # type: ignore[misc]
                machine.relay.refuse = True
                machine.relay.cut()
                connection = stack.connection(machine)
                assert connection is not None and machine.ledger.newest.lines >= 2
                await connection.wait_closed()
                machine.floors[0] = machine.ledger.newest.lines
                machine.writer.tell("rotate", 3)
                # The look meets the dead connection and ends the reading, which has a batch in hand.
                stack.attachment(machine).look_at_process()
                await asyncio.sleep(0.3)
                disk.set()
                await stack.shows(machine, LinkState.DOWN)
                machine.relay.refuse = False
                await stack.whole(machine)
            await stack.stored_as_delivered(machine)
