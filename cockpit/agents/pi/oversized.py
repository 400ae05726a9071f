"""What the head of a line still tells that is too long to be read: the state must follow, though the text is lost."""

from __future__ import annotations

import json
import re

from cockpit.agents.fields import head_text
from cockpit.model.content import Block
from cockpit.model.events import BrokenLine, Event, MessageEnded, MessageStarted, Responded, RunEnded, TurnEnded
from cockpit.model.tool_use import ToolEnded, ToolStarted

_STRING = rb'"((?:[^"\\]|\\.)*+)"'
_TOOL = re.compile(
    rb'\{"type":"tool_execution_(start|end)","toolCallId":' + _STRING + rb',"toolName":' + _STRING + rb",", re.DOTALL
)
_FIRST_TEXT = re.compile(rb'"content":(?:\[\{"type":"text","text":)?"((?:[^"\\]|\\.)*+)', re.DOTALL)
_MESSAGE = re.compile(
    rb'\{"type":"message_(start|end)","message":\{"role":"(user|assistant|toolResult|custom|system)",'
    rb'(?:"toolCallId":' + _STRING + rb",)?",
    re.DOTALL,
)
_RESPONSE = re.compile(
    rb'\{(?:"id":' + _STRING + rb',)?"type":"response","command":"(\w+)","success":(true|false),', re.DOTALL
)


def event_of_head(line: bytes, length: int) -> Event:
    """Return the event of a line of which only the head is known.

    `agent_end` and `turn_end` repeat whole messages and so grow without bound, a tool may be given or give back any
    amount, a text may come with pictures, and an answer to `get_messages` holds them all: losing one of these would
    show a run or a tool at work for ever, a text as never read, a command as never answered.

    Args:
        line: the head.
        length: bytes of the whole line.
    """
    if line.startswith(b'{"type":"agent_end"'):
        # What is missing (willRetry stands last) is unknown, which the event can say.
        return RunEnded()
    if line.startswith(b'{"type":"turn_end"'):
        return TurnEnded()
    size = f"{max(length, len(line)) / 1024**2:.1f} MiB"
    if (tool := _TOOL.match(line)) is not None:
        return _tool(line, tool, size)
    if (message := _MESSAGE.match(line)) is not None:
        return _message(line, message, size)
    if (response := _RESPONSE.match(line)) is not None:
        error = "" if response[3] == b"true" else f"not read: the line that says why is {size} long"
        return Responded(_text(response[1] or b""), response[2].decode(), not error, error)
    return BrokenLine("line too long", head_text(line), max(length, len(line)))


def _tool(line: bytes, tool: re.Match[bytes], size: str) -> ToolStarted | ToolEnded:
    call_id, name = _text(tool[2]), _text(tool[3])
    if tool[1] == b"start":
        return ToolStarted(call_id, name, {"arguments": f"not read: the line of this call is {size} long"})
    note = (
        f"[The line of this result is {size} long, which is too long to be read whole; whether it failed is unknown.]"
    )
    return ToolEnded(call_id, name, _beginning(line, tool.end() - 1, note))


def _message(line: bytes, message: re.Match[bytes], size: str) -> MessageStarted | MessageEnded:
    role = message[2].decode()
    text = _beginning(line, message.end() - 1, f"[The line of this message is {size} long; the rest is not read.]")
    if message[1] == b"start":
        return MessageStarted(role, text if role in ("user", "custom") else "")
    return MessageEnded(role, (Block("text", text),), call_id=_text(message[3] or b""))


def _beginning(line: bytes, start: int, note: str) -> str:
    """Return the first text of a content that begins in a head, and a note on what is lost."""
    return "\n".join(part for part in (first_text(line, start), note) if part)


def first_text(line: bytes, start: int = 0) -> str:
    """Return the first text of the first content in a line that was cut, as far as it goes; empty without one."""
    said = _FIRST_TEXT.search(line, start)
    return _text(said[1]) if said else ""


def _text(encoded: bytes) -> str:
    """Return the inside of a JSON string, which may have been cut anywhere."""
    text = encoded.decode("utf-8", "replace")
    for cut in range(12):  # a cut escape: at most the halves of one surrogate pair
        try:
            return str(json.loads(f'"{text[: len(text) - cut]}"', strict=False))
        except ValueError:
            continue
    return text
