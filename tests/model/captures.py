"""The real captures as records, through the real decoder, and what plain json says of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from cockpit.agents.framing import LineSplitter
from cockpit.agents.pi.decode import PiDecoder
from cockpit.model.events import Record
from cockpit.model.fleet import Agent, AgentKind, Link, LinkState
from cockpit.model.ids import AgentId, VmId
from cockpit.model.reduce.reduce import expire, reduce_agent

CAPTURES = Path(__file__).parents[1] / "data" / "pi-rpc"

NAMES = sorted(
    path.name
    for path in CAPTURES.iterdir()
    if path.name.endswith((".jsonl", ".jsonl.gz")) and not path.name.startswith("session_file.v0.73")
)

AGENT = AgentId("11111111-1111-4111-8111-111111111111")
START = 1_000_000.0
STEP = 0.001
"""Seconds between two records: within the time in which pi goes on after a run's end."""


def fresh_agent() -> Agent:
    """An agent of which nothing is known yet, at the other end of a link that is up."""
    return Agent(AGENT, "ada", AgentKind.WORKER, VmId(AGENT), link=Link(LinkState.UP))


@cache
def content(name: str) -> bytes:
    """The bytes of a capture."""
    path = CAPTURES / name
    return gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()


def records_in_chunks(data: bytes, size: int) -> Iterator[Record]:
    """Frame and decode bytes that arrive in chunks of one size."""
    splitter, decoder = LineSplitter(), PiDecoder()
    for start in range(0, len(data), size):
        for line in splitter.feed(data[start : start + size]):
            event = decoder.decode(line.data, line.truncated, line.length)
            yield Record(AGENT, 1, line.number, line.offset, line.end, START + line.number * STEP, event)


@cache
def records(name: str) -> tuple[Record, ...]:
    """The records of a capture, a millisecond apart."""
    return tuple(records_in_chunks(content(name), 1 << 20))


@cache
def dialect(name: str) -> str:
    """The dialect the decoder finds in a capture."""
    decoder = PiDecoder()
    for line in content(name).split(b"\n"):
        decoder.decode(line)
    return decoder.dialect


def fold(
    name: str, agent: Agent | None = None, *, before: dict[int, Callable[[Agent, float], Agent]] | None = None
) -> tuple[Agent, list[str]]:
    """Fold a capture into an agent; return it with the states it went through.

    Between two records that were more than a moment apart in reality (a command's answer follows what the operator did)
    the ticker runs, as it does in the engine.

    Args:
        name: the capture.
        agent: where to begin.
        before: what the operator does just before a line, by line number.
    """
    agent = replace(agent or fresh_agent(), dialect=dialect(name), says_end=dialect(name) == "delta")
    states: list[str] = []
    for record in records(name):
        if type(record.event).__name__ == "Responded":
            agent = expire(agent, record.at + 1.0)
            note(states, agent)
        if before and record.line in before:
            agent = before[record.line](agent, record.at)
            note(states, agent)
        agent = reduce_agent(agent, record)
        note(states, agent)
    agent = expire(agent, START + 1e9)
    note(states, agent)
    return agent, states


def note(states: list[str], agent: Agent) -> None:
    """Write down a state if it is a new one."""
    if not states or states[-1] != agent.activity.state.value:
        states.append(agent.activity.state.value)


def objects(name: str) -> Iterator[dict[str, Any]]:
    """The capture's lines as plain json reads them, without the project's decoder."""
    for line in content(name).split(b"\n"):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def answers(name: str) -> list[dict[str, Any]]:
    """The finished assistant messages of a capture."""
    return [
        found["message"]
        for found in objects(name)
        if found.get("type") == "message_end" and found["message"].get("role") == "assistant"
    ]
