"""What is true of an agent's output: its file on the VM, against what the store and the transcript hold."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cockpit.agents.pi.decode import PiDecoder
from cockpit.engine.engine import Engine
from cockpit.model.events import EpochStarted, Record
from cockpit.model.ids import AgentId, VmId
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.store.store import Store
from tests.faults.harness import ROOT
from tests.fleets import LIMIT, FleetUnderTest
from tests.forked.command import server
from tests.forked.process import ForkedProcess

Shown = list[tuple[str, str]]
"""Kind and text of a transcript's entries."""


def vm_home(fleet: FleetUnderTest, vm_id: VmId) -> Path:
    """Return the home directory of a VM's user."""
    return fleet.places.fleet / "vms" / vm_id / "home"


def agent_place(fleet: FleetUnderTest, vm_id: VmId) -> Path:
    """Return the directory of the agent on a VM: in its home, or behind walls below its /tmp."""
    home = vm_home(fleet, vm_id)
    return next((place for place in (home / "pi-rpc", home.parent / "tmp" / "pi-rpc") if place.is_dir()), home)


def out_file(fleet: FleetUnderTest, vm_id: VmId) -> Path:
    """Return the file an agent's output goes to."""
    return agent_place(fleet, vm_id) / "out"


async def stored(store: Store, agent: AgentId) -> list[Record]:
    """Return everything the store holds of an agent."""
    records: list[Record] = []
    place = (0, 0)
    while page := await store.records(agent, after=place, limit=2_000):
        records += page
        place = (page[-1].epoch, page[-1].line)
    return records


async def stored_up_to(store: Store, agent: AgentId, line: int) -> list[Record]:
    """Return everything the store holds of an agent once it holds a line; folding is a little ahead of the disk."""
    deadline = time.monotonic() + LIMIT
    while (cursor := await store.cursor(agent)) is None or cursor.line < line:
        assert time.monotonic() < deadline, f"the store stays at {cursor} instead of line {line}"
        await store.flush()
    return await stored(store, agent)


def assert_whole(records: Iterable[Record], content: bytes) -> None:
    """Assert that records are exactly the lines of a file: each once, in order, at its place, decoded the same."""
    records = [record for record in records if record.line > 0]
    lines = content.split(b"\n")[:-1]
    numbers = [record.line for record in records]
    missing = sorted(set(range(1, len(lines) + 1)) - set(numbers))
    assert numbers == list(range(1, len(lines) + 1)), f"{len(numbers)} of {len(lines)} lines, missing {missing[:20]}"
    pieces = [content[record.offset : record.end] for record in records]
    assert all(piece.endswith(b"\n") and piece.count(b"\n") == 1 for piece in pieces)
    complete = content[: content.rfind(b"\n") + 1]
    assert hashlib.sha256(b"".join(pieces)).hexdigest() == hashlib.sha256(complete).hexdigest()
    decoder = PiDecoder()
    for record, line in zip(records, lines, strict=True):
        expected = type(decoder.decode(line, truncated=False, length=len(line)))
        assert type(record.event) is expected, (record.line, record.event, line[:200])


def shown(transcript: Transcript) -> Shown:
    """Return what a transcript shows."""
    return [(entry.kind.value, entry.text) for entry in transcript.entries()]


async def all_shown(engine: Engine, agent: AgentId) -> Shown:
    """Go to the beginning of a history that fits into one window, and return what is shown from there to its end."""
    await engine.store.flush()
    engine.open_past(agent, None)
    await engine.history.idle()
    past = engine.past(agent)
    if past is None:
        return shown(engine.transcript(agent))
    while engine.page_older(agent) and not past.border_text:
        await engine.history.idle()
    newest = None
    while newest != past.last_place:
        newest = past.last_place
        engine.page_newer(agent)
        await engine.history.idle()
    assert not past.dropped, "the history is longer than a window"
    return [(kind, text) for kind, text in shown(past) if kind != EntryKind.BORDER.value]


def folded(records: Sequence[Record]) -> Shown:
    """Return what a transcript shows that had these records and nothing else."""
    transcript = Transcript()
    for record in records:
        transcript.apply(record)
    return shown(transcript)


def markers(records: Iterable[Record]) -> list[tuple[int, str]]:
    """Return the epochs that begin with a visible marker, and what it says."""
    return [(record.epoch, record.event.reason) for record in records if isinstance(record.event, EpochStarted)]


class Observer:
    """Another cockpit without a screen, in a process of its own, that can be asked, stopped and killed."""

    def __init__(self, fleet: FleetUnderTest) -> None:
        theirs, ours = os.pipe(), os.pipe()
        words = ("tests.engine.observer", str(fleet.root))
        self.process = ForkedProcess(server(), words, ROOT, fleet.environment(), (theirs[0], ours[1], 2))
        os.close(theirs[0])
        os.close(ours[1])
        self._questions, self._answers = os.fdopen(theirs[1], "w"), os.fdopen(ours[0])

    def ask(self, question: str) -> dict[str, Any]:
        """Ask one question and return the answer: `settled`, or `rest NAME`."""
        print(question, file=self._questions, flush=True)
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.close()

    def leave(self) -> None:
        """Ask it to detach and end."""
        with contextlib.suppress(BrokenPipeError):
            self._questions.close()

    def close(self) -> int:
        """Let it detach and return its exit code."""
        self.leave()
        code = self.process.wait(30)
        self._answers.close()
        return code
