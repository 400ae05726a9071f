"""The recorded output of Claude Code, decoded and folded as an engine does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cockpit.agents.claude.decode import ClaudeDecoder
from cockpit.agents.framing import LineSplitter
from cockpit.model.events import Event, Record
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import AgentId, VmId
from cockpit.model.reduce.reduce import reduce_agent
from cockpit.model.transcript.transcript import Transcript

DIRECTORY = Path(__file__).parent.parent.parent / "data" / "claude"
NAMES = sorted(path.name.removesuffix(".jsonl") for path in DIRECTORY.glob("*.jsonl"))
AGENT = Agent(AgentId("vm-1"), "ada", AgentKind.LIEUTENANT, VmId("vm-1"), program="claude")


def lines(name: str) -> list[bytes]:
    """Return the lines of a capture."""
    return [line.data for line in LineSplitter().feed((DIRECTORY / f"{name}.jsonl").read_bytes())]


def objects(name: str) -> list[dict[str, Any]]:
    """Parse a capture with nothing but the standard library."""
    return [json.loads(line) for line in lines(name)]


def records(*said: bytes) -> list[Record]:
    """Decode lines into records, a second apart."""
    decoder = ClaudeDecoder()
    return [
        Record(AGENT.id, 1, at, at * 100, at * 100 + 100, float(at), decoder.decode(line))
        for at, line in enumerate(said, 1)
    ]


def events(name: str) -> list[Event]:
    """Decode a capture."""
    return [record.event for record in records(*lines(name))]


def folded(*said: bytes) -> tuple[Agent, Transcript]:
    """Return the agent and its transcript after lines."""
    agent, transcript = AGENT, Transcript()
    for record in records(*said):
        agent = reduce_agent(agent, record)
        transcript.apply(record)
    return agent, transcript
