"""Output like an agent's, in both dialects, with the moment of writing inside every delta."""

from __future__ import annotations

import functools
import json
import time
from typing import Any

DIALECTS = ("accumulated", "delta")
"""pi up to 0.83 repeats the message twice in each update; later ones send the news and the usage."""

STAMP_DIGITS = 18
"""Digits of a stamp: `time.monotonic_ns`, which all processes of a machine share."""

WORD = " of the same"
"""Twelve characters: what a delta holds here and, about, in the field."""

_USAGE = {
    "input": 1543,
    "output": 210,
    "cacheRead": 0,
    "cacheWrite": 0,
    "totalTokens": 1753,
    "cost": {"input": 0.004629, "output": 0.00315, "cacheRead": 0, "cacheWrite": 0, "total": 0.007779},
}


def assistant(text: str) -> dict[str, Any]:
    """Return an assistant's message as pi writes it."""
    return {
        "role": "assistant",
        "content": [{"type": "text", "text": text, "index": 0}],
        "api": "anthropic-messages",
        "provider": "anthropic",
        "model": "claude-sonnet-4-5",
        "usage": _USAGE,
        "stopReason": "stop",
        "timestamp": 1795192920966,
        "responseId": "msg_mock_00102",
    }


def update(dialect: str, change: dict[str, Any], text: str) -> bytes:
    """Return a `message_update` line without its LF; `text` is the message so far."""
    if dialect == "accumulated":
        copy = assistant(text)
        return encoded(
            {"type": "message_update", "assistantMessageEvent": {**change, "partial": copy}, "message": copy}
        )
    return encoded({"type": "message_update", "usage": _USAGE, "assistantMessageEvent": change})


def encoded(record: dict[str, Any]) -> bytes:
    """Return a record as pi prints it."""
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()


@functools.cache
def run_of(dialect: str, deltas: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return one whole run as (before the stamp, after it); lines without a stamp have nothing after it."""
    user = {"role": "user", "content": [{"type": "text", "text": "Tell a story."}], "timestamp": 1795192920904}
    mark = "#" * STAMP_DIGITS
    found: list[bytes] = [
        encoded({"type": "agent_start"}),
        encoded({"type": "turn_start"}),
        encoded({"type": "message_start", "message": user}),
        encoded({"type": "message_end", "message": user}),
        encoded({"type": "message_start", "message": {**assistant(""), "content": []}}),
        update(dialect, {"type": "text_start", "contentIndex": 0}, ""),
    ]
    for number in range(1, deltas + 1):
        change = {"type": "text_delta", "contentIndex": 0, "delta": f"@{mark}{WORD}"}
        found.append(update(dialect, change, WORD * number))
    text = WORD * deltas
    found += [
        update(dialect, {"type": "text_end", "contentIndex": 0, "content": text}, text),
        encoded({"type": "message_end", "message": assistant(text)}),
        encoded({"type": "turn_end", "message": assistant(text), "toolResults": []}),
        encoded({"type": "agent_end", "messages": [user, assistant(text)], "willRetry": False}),
        encoded({"type": "agent_settled"}),
    ]
    parts = (line.partition(mark.encode()) for line in found)
    return tuple((before, after + b"\n" if mark_found else b"") for before, mark_found, after in parts)


class Agent:
    """Writes one line after the other: run after run without an end."""

    def __init__(self, dialect: str = "accumulated", deltas: int = 250) -> None:
        self._run = run_of(dialect, deltas)
        self._at = 0

    def line(self) -> bytes:
        """Return the next line, LF included, stamped with this moment."""
        before, after = self._run[self._at]
        self._at = (self._at + 1) % len(self._run)
        if not after:
            return before + b"\n"
        return before + str(time.monotonic_ns()).zfill(STAMP_DIGITS).encode() + after

    def lines(self, count: int) -> bytes:
        """Return the next so many lines."""
        return b"".join(self.line() for _ in range(count))


def stamp_of(delta: str) -> float | None:
    """Return the moment a delta was written, in seconds of `time.monotonic`, or None if it has no stamp."""
    digits = delta[1 : STAMP_DIGITS + 1]
    return int(digits) / 1e9 if delta.startswith("@") and digits.isdigit() else None
