"""The scripted agent's output: records of pi's RPC protocol, in either dialect (badlogic/pi-mono, docs/rpc.md).

`accumulated` is pi up to 0.83: every update repeats the whole message twice. `delta` is pi from 0.84: updates hold
their news and a usage object, and a run ends with `agent_settled`.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any, Literal

Dialect = Literal["accumulated", "delta"]

MODEL: dict[str, Any] = {
    "id": "scripted",
    "name": "Scripted agent",
    "api": "scripted",
    "provider": "scripted",
    "baseUrl": "",
    "reasoning": True,
    "input": ["text"],
    "cost": {"input": 3, "output": 15, "cacheRead": 0.3, "cacheWrite": 3.75},
    "contextWindow": 200000,
    "maxTokens": 32000,
}
"""What the agent says it is: anyone who asks is told that it is scripted. The prices make plausible figures."""

MODELS = (MODEL, {**MODEL, "id": "scripted-plain", "name": "Scripted agent, without thinking", "reasoning": False})
"""What it can be set to: both follow the same script."""


class EventWriter:
    """Writes records, one JSON object per LF."""

    def __init__(self, dialect: Dialect, descriptor: int = 1) -> None:
        self.dialect = dialect
        self._descriptor = descriptor
        self._closed = False

    def close(self) -> None:
        """Write nothing any more: an agent whose input ended says nothing of the run it was in."""
        self._closed = True

    @property
    def is_delta(self) -> bool:
        """Whether this speaks like pi 0.84 and later."""
        return self.dialect == "delta"

    def write(self, record: dict[str, Any]) -> None:
        """Write one record. A lone surrogate becomes its escape, as JSON.stringify writes it."""
        if self._closed:
            return
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        data = memoryview(text.encode("utf-8", "backslashreplace") + b"\n")
        while data:
            data = data[os.write(self._descriptor, data) :]

    def emit(self, kind: str, **fields: Any) -> None:
        """Write an event."""
        self.write({"type": kind, **fields})

    def respond(self, command: dict[str, Any], error: str = "", data: Any = None) -> None:
        """Answer a command with success, or with an error."""
        record: dict[str, Any] = {"id": command["id"]} if command.get("id") is not None else {}
        record["type"] = "response"
        if isinstance(command.get("type"), str):
            record["command"] = command["type"]
        record["success"] = not error
        if error:
            record["error"] = error
        elif data is not None:
            record["data"] = data
        self.write(record)


def now_ms() -> int:
    """Return unix milliseconds, as messages carry them."""
    return time.time_ns() // 1_000_000


def usage_record(dialect: Dialect, fresh: int, output: int, cached: int = 0) -> dict[str, Any]:
    """Return a usage object for so many tokens, priced by `MODEL`."""
    prices = MODEL["cost"]
    parts = {
        "input": fresh * prices["input"] / 1e6,
        "output": output * prices["output"] / 1e6,
        "cacheRead": cached * prices["cacheRead"] / 1e6,
        "cacheWrite": 0,
    }
    usage: dict[str, Any] = {
        "input": fresh,
        "output": output,
        "cacheRead": cached,
        "cacheWrite": 0,
        "totalTokens": fresh + output + cached,
        "cost": {**parts, "total": sum(parts.values())},
    }
    if dialect == "delta":
        usage["cacheWrite1h"] = 0
    return usage


def tokens_of(text: str) -> int:
    """Return a plausible count of tokens for a text."""
    return max(1, len(text) // 4)


def user_message(text: str) -> dict[str, Any]:
    """Return a user message."""
    return {"role": "user", "content": [{"type": "text", "text": text}], "timestamp": now_ms()}


def system_message(directory: str) -> dict[str, Any]:
    """Return the system message that the delta dialect sends once, before the first prompt."""
    return {
        "role": "system",
        "content": "",
        "sections": {
            "preamble": "A scripted agent: it follows directives and runs no model.",
            "cwd": directory,
        },
        "timestamp": now_ms(),
        "toolsAdded": [{"name": name} for name in ("read", "bash", "edit", "write")],
    }
