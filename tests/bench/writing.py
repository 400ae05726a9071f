"""The agents' side of a benchmark: a process of its own that appends lines to many files at a steady rate.

`python -m tests.bench.writing` takes a plan as one line of JSON, writes the past, says `ready`, waits for a line,
writes what is to be measured, and says how many lines and bytes that was.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.lines import Agent

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Plan:
    """What is written."""

    files: tuple[str, ...]
    rate: float
    """Lines per second and file."""
    seconds: float
    dialect: str = "accumulated"
    deltas: int = 250
    """Deltas of an answer; a run has eleven lines more."""

    @property
    def steps(self) -> int:
        """Lines per file while it is measured."""
        return max(1, round(self.rate * self.seconds))

    def past(self, number: int) -> int:
        """Return how many lines a file has before: the agents are at different points of their answers."""
        return 12 + number * 7 % max(1, self.deltas - 12)


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer wrote while it was measured."""

    lines: int
    size: int
    """Bytes."""
    late: float
    """Seconds the last line was behind its time."""


class Writer:
    """The writing process, seen from the benchmark."""

    def __init__(self, process: asyncio.subprocess.Process, plan: Plan) -> None:
        self._process = process
        self.plan = plan

    async def write(self) -> Written:
        """Let it write, and return once it has."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(b"go\n")
        await self._process.stdin.drain()
        lines, size, late = json.loads(await self._process.stdout.readline())
        return Written(lines, size, late)


@contextlib.asynccontextmanager
async def writer(plan: Plan) -> AsyncIterator[Writer]:
    """Start a writer whose files have their past already."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.writing",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(json.dumps(asdict(plan)).encode() + b"\n")
        await process.stdin.drain()
        async with asyncio.timeout(60):
            assert (await process.stdout.readline()).strip() == b"ready"
        yield Writer(process, plan)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _write(plan: Plan, agents: Sequence[Agent], files: Sequence[int]) -> Written:
    size = 0
    began = time.monotonic()
    due = began
    for step in range(plan.steps):
        for number, agent in enumerate(agents):
            due = began + (step + number / len(agents)) / plan.rate
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            size += os.write(files[number], agent.line())
    return Written(plan.steps * len(agents), size, max(0.0, time.monotonic() - due))


def main() -> None:
    """Be the writing process."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    agents = [Agent(plan.dialect, plan.deltas) for _ in plan.files]
    files = [os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for name in plan.files]
    for number, (agent, file) in enumerate(zip(agents, files, strict=True)):
        os.write(file, agent.lines(plan.past(number)))
    print("ready", flush=True)
    if sys.stdin.readline():
        written = _write(plan, agents, files)
        print(json.dumps([written.lines, written.size, written.late]), flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
