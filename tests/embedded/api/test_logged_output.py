"""What a streamed command said is in the VM's log when somebody reads it, whoever writes it there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cockpit.embedded.api.vers.running.sessions import StreamedCommands
from cockpit.embedded.hosting import Execution
from tests.embedded.api.fakes import FakeHosting


class SlowDisk(FakeHosting):
    """Writes a log once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = asyncio.Event()
        self.may = asyncio.Event()

    async def note(self, vm_id: str, exec_id: str, written: Sequence[tuple[str, bytes]]) -> None:
        self.writes.set()
        await self.may.wait()
        await super().note(vm_id, exec_id, written)


async def test_who_reads_the_log_waits_for_what_is_being_written() -> None:
    hosting = SlowDisk()
    commands = StreamedCommands(hosting)
    assert commands.start("vm", "e", Execution(("say", "one"), {}, b"", 60.0)) is not None
    async with asyncio.timeout(20):
        await hosting.writes.wait()
        reading = asyncio.create_task(commands.write_logs("vm"))
        await asyncio.wait([reading], timeout=0.05)
        assert not reading.done()
        hosting.may.set()
        await reading
        found, _, _ = await hosting.noted("vm", 0, 9, "")
        assert [entry["exec_id"] for entry in found] == ["e"]
        await commands.close()
