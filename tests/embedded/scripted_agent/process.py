"""A scripted agent in a process of its own, driven over its pipes as a supervisor drives it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cockpit
from cockpit.agents.framing import LineSplitter
from cockpit.agents.pi.decode import PiDecoder
from cockpit.model.events import Event

PATIENCE = 30.0
"""Seconds until a test gives up waiting; nothing scripted takes that long."""

Record = dict[str, Any]


class ScriptedProcess:
    """The process, every record it wrote, and the events they decode to."""

    def __init__(self, process: asyncio.subprocess.Process, last_record: str) -> None:
        self.process = process
        self._last_record = last_record
        self.records: list[Record] = []
        self.events: list[Event] = []
        self.dialect = ""
        self._changed = asyncio.Condition()
        self._ids = 0

    async def read(self) -> None:
        """Collect the output until it ends."""
        assert self.process.stdout is not None
        splitter, decoder = LineSplitter(), PiDecoder()
        while chunk := await self.process.stdout.read(65536):
            for line in splitter.feed(chunk):
                self.records.append(json.loads(line.data))
                self.events.append(decoder.decode(line.data))
                self.dialect = decoder.dialect
            async with self._changed:
                self._changed.notify_all()

    def send(self, kind: str, **fields: Any) -> str:
        """Send a command and return its id."""
        self._ids += 1
        command_id = f"t{self._ids}"
        self.send_raw(json.dumps({"id": command_id, "type": kind, **fields}).encode() + b"\n")
        return command_id

    def send_raw(self, data: bytes) -> None:
        """Write bytes to the agent's input."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    async def until(self, found: Callable[[Record], bool], *, after: int = 0) -> Record:
        """Return the first record, from index `after` on, that the condition accepts."""
        async with asyncio.timeout(PATIENCE), self._changed:
            start = after
            while True:
                for record in self.records[start:]:
                    if found(record):
                        return record
                start = len(self.records)
                await self._changed.wait()

    async def answer(self, kind: str, **fields: Any) -> Record:
        """Send a command and return its response."""
        command_id = self.send(kind, **fields)
        return await self.until(lambda r: r["type"] == "response" and r.get("id") == command_id)

    async def kind(self, kind: str, *, after: int = 0) -> Record:
        """Return the first record of a type from index `after` on."""
        return await self.until(lambda record: record["type"] == kind, after=after)

    async def settled(self, *, after: int = 0) -> None:
        """Wait for the last record of a run."""
        await self.kind(self._last_record, after=after)

    def of(self, kind: str) -> list[Record]:
        """Return all records of a type."""
        return [record for record in self.records if record["type"] == kind]

    def user_texts(self) -> list[str]:
        """Return the user messages that entered the conversation, in order."""
        started = [r["message"] for r in self.of("message_start") if r["message"]["role"] == "user"]
        return [message["content"][0]["text"] for message in started]

    def tool_results(self) -> list[tuple[str, str, bool]]:
        """Return (tool, text, is_error) of each tool call that ended."""
        return [
            (record["toolName"], record["result"]["content"][0]["text"], record["isError"])
            for record in self.of("tool_execution_end")
        ]


@asynccontextmanager
async def scripted(
    directory: Path,
    *options: str,
    dialect: str = "delta",
    speed: float = 50,
    environment: dict[str, str] | None = None,
) -> AsyncIterator[ScriptedProcess]:
    """Run a scripted agent in a directory until the block ends."""
    root = str(Path(cockpit.__file__).parent.parent)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit.embedded.scripted_agent", "--mode", "rpc"),
        *("--dialect", dialect, "--speed", str(speed), *options),
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(directory), "PYTHONPATH": root, **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    agent = ScriptedProcess(process, "agent_settled" if dialect == "delta" else "agent_end")
    reading = asyncio.create_task(agent.read())
    try:
        yield agent
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading
