"""What our program around an agent that prints lines says: one of its JSON lines becomes one event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.agents.adapter import WireRules
from cockpit.agents.fields import flag_of, head_text, integer_of, number_of, text_of
from cockpit.agents.line_events import event_of_line
from cockpit.agents.scaffold.run_lines import event_of_run
from cockpit.model.content import OUTPUT, Block
from cockpit.model.events import (
    Event,
    LinesPrinted,
    MessageEnded,
    MessageStarted,
    Responded,
    RunSettled,
    RunStarted,
    UnknownEvent,
)
from cockpit.model.extensions import DialogRequested, ExtensionNotice


class LinesDecoder:
    """Decodes one stream; it keeps nothing, so that lines may be decoded again in any order."""

    @property
    def dialect(self) -> str:
        """There is one."""
        return ""

    @property
    def wire_rules(self) -> WireRules | None:
        """Nothing is said twice."""
        return None

    def decode(self, line: bytes, truncated: bool = False, length: int = 0) -> Event:
        """Return the event a line means. Never raises: what cannot be read is a `BrokenLine`."""

        def event_of(record: dict[str, Any]) -> Event:
            kind = text_of(record.get("type"))
            read = _READERS.get(kind)
            return (read(record) if read is not None else event_of_run(record)) or UnknownEvent(kind, head_text(line))

        return event_of_line(line, truncated, length, event_of)


def _said_at(record: dict[str, Any]) -> float | None:
    return number_of(record.get("at")) or None


def _answer(record: dict[str, Any]) -> Event:
    text = text_of(record.get("text")).removesuffix("\n")
    return MessageEnded(
        "assistant", (Block(OUTPUT, text),), stop_reason=text_of(record.get("reason")), said_at=_said_at(record)
    )


def _responded(record: dict[str, Any]) -> Event:
    command_id, command, error = (text_of(record.get(name)) for name in ("id", "command", "error"))
    return Responded(command_id, command, flag_of(record.get("success")), error, record.get("data"))


_READERS: dict[str, Callable[[dict[str, Any]], Event]] = {
    "hello": lambda record: ExtensionNotice("setTitle", text_of(record.get("name"))),
    "printed": lambda record: LinesPrinted(text_of(record.get("text")), integer_of(record.get("line"))),
    "written": lambda record: MessageStarted("user", text_of(record.get("text")), said_at=_said_at(record)),
    "began": lambda record: RunStarted(),
    "answer": _answer,
    "settled": lambda record: RunSettled(flag_of(record.get("aborted"))),
    "asks": lambda record: DialogRequested(text_of(record.get("id")), "input", text_of(record.get("text"))),
    "notice": lambda record: ExtensionNotice("notify", text_of(record.get("text")), text_of(record.get("level"))),
    "response": _responded,
}
