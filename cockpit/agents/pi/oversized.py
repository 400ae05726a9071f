"""What the head of a line still tells that is too long to be read: the state must follow, though the text is lost."""

from __future__ import annotations

import json
import re

from cockpit.agents.pi.fields import head_text
from cockpit.model.events import BrokenLine, Event, RunEnded, ToolEnded, ToolStarted, TurnEnded

_STRING = rb'"((?:[^"\\]|\\.)*+)"'
_TOOL = re.compile(
    rb'\{"type":"tool_execution_(start|end)","toolCallId":' + _STRING + rb',"toolName":' + _STRING + rb",", re.DOTALL
)
_FIRST_TEXT = re.compile(rb'"result":\{"content":\[\{"type":"text","text":"((?:[^"\\]|\\.)*+)', re.DOTALL)


def event_of_head(line: bytes, length: int) -> Event:
    """Return the event of a line of which only the head is known.

    `agent_end` and `turn_end` repeat whole messages and so grow without bound, and a tool may be given or give back any
    amount: losing one of these would show a run or a tool at work for ever.

    Args:
        line: the head.
        length: bytes of the whole line.
    """
    if line.startswith(b'{"type":"agent_end"'):
        # What is missing (willRetry stands last) is unknown, which the event can say.
        return RunEnded()
    if line.startswith(b'{"type":"turn_end"'):
        return TurnEnded()
    tool = _TOOL.match(line)
    if tool is None:
        return BrokenLine("line too long", head_text(line), max(length, len(line)))
    call_id, name = _text(tool[2]), _text(tool[3])
    size = f"{max(length, len(line)) / 1024**2:.1f} MiB"
    if tool[1] == b"start":
        return ToolStarted(call_id, name, {"arguments": f"not read: the line of this call is {size} long"})
    said = _FIRST_TEXT.search(line, tool.end() - 1)
    note = (
        f"[The line of this result is {size} long, which is too long to be read whole; whether it failed is unknown.]"
    )
    return ToolEnded(call_id, name, "\n".join(part for part in (_text(said[1]) if said else "", note) if part))


def _text(encoded: bytes) -> str:
    """Return the inside of a JSON string, which may have been cut anywhere."""
    text = encoded.decode("utf-8", "replace")
    for cut in range(12):  # a cut escape: at most the halves of one surrogate pair
        try:
            return str(json.loads(f'"{text[: len(text) - cut]}"', strict=False))
        except ValueError:
            continue
    return text
