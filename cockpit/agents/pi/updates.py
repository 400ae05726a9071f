"""The hot path of pi's stream: `message_update` lines, of either dialect, at a cost that does not grow with the line.

Up to pi 0.83 each update repeats the whole message twice after a few dozen bytes of news (`accumulated`); from 0.84
it holds the news and a usage object (`delta`). See badlogic/pi-mono, packages/coding-agent/docs/rpc.md.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.agents.fields import dict_of, integer_of, json_text, parse_object, repair, text_of
from cockpit.model.events import BlockEnded, BlockStarted, Event, TextDelta, ThinkingDelta, ToolCallDelta

PREFIX = b'{"type":"message_update"'
_CUT = b',"partial":'


class _Change(msgspec.Struct):
    """`assistantMessageEvent` without the copies of the message."""

    type: str
    index: int = msgspec.field(default=0, name="contentIndex")
    delta: str = ""
    content: str | None = None
    call: dict[str, Any] | None = msgspec.field(default=None, name="toolCall")
    call_id: str = msgspec.field(default="", name="id")
    tool_name: str = msgspec.field(default="", name="toolName")


_ABSENT = msgspec.Raw()


class _Update(msgspec.Struct):
    change: _Change = msgspec.field(name="assistantMessageEvent")
    usage: msgspec.Raw = _ABSENT
    message: msgspec.Raw = _ABSENT


_decode = msgspec.json.Decoder(_Update).decode
_DELTAS: dict[str, type[TextDelta] | type[ThinkingDelta] | type[ToolCallDelta]] = {
    "text_delta": TextDelta,
    "toolcall_delta": ToolCallDelta,
    "thinking_delta": ThinkingDelta,
}


def decode_update(line: bytes) -> tuple[Event, str] | None:
    """Decode a `message_update` line into its event and the dialect it shows (empty if it does not tell).

    The line may be cut anywhere after the news. None means that this line is not of the usual form; the general
    decoder has to look at all of it.
    """
    cut = line.find(_CUT)
    try:
        # Nearly all lines are deltas of the usual form: they take the shortest way.
        news = _decode(line if cut <= 0 else line[:cut] + b"}}")
        change = news.change
        delta = _DELTAS.get(change.type)
        if delta is not None:
            if cut > 0 or news.message is not _ABSENT:
                return delta(change.index, change.delta), "accumulated"
            return delta(change.index, change.delta), "" if news.usage is _ABSENT else "delta"
    except ValueError:
        pass
    if cut > 0:
        # A quote inside a JSON string is escaped, so the needle can only be a key. As a key of a tool's arguments
        # it stands deeper than the two levels closed here, and the result is not JSON.
        update = _parse(line[:cut] + b"}}")
        if update is not None:
            event = _event(update.change)
            if isinstance(event, BlockStarted) and event.kind == "toolCall" and not event.tool_name:
                event = _named(event, line)
            return (event, "accumulated") if event is not None else None
    update = _parse(line)
    if update is None:
        return None
    event = _event(update.change)
    if event is None:
        return None
    if update.message is not _ABSENT:
        return event, "accumulated"
    return event, "" if update.usage is _ABSENT else "delta"


def _parse(line: bytes) -> _Update | None:
    try:
        return _decode(line)
    except ValueError:
        pass
    if b"\\u" not in line:
        return None
    try:
        return _decode(repair(line))
    except ValueError:
        return None


def _event(change: _Change) -> Event | None:
    kind = change.type
    delta = _DELTAS.get(kind)
    if delta is not None:
        return delta(change.index, change.delta)
    name, _, phase = kind.rpartition("_")
    block = _BLOCKS.get(name)
    if block is None:
        return None
    if phase == "start":
        return BlockStarted(change.index, block, change.tool_name, change.call_id)
    if phase == "end":
        if block != "toolCall":
            return BlockEnded(change.index, block, change.content)
        return _call_ended(change.index, change.call)
    return None


_BLOCKS = {"text": "text", "thinking": "thinking", "toolcall": "toolCall"}


def _call_ended(index: int, call: dict[str, Any] | None) -> BlockEnded:
    if call is None:
        return BlockEnded(index, "toolCall")
    arguments = json_text(call["arguments"]) if "arguments" in call else None
    return BlockEnded(index, "toolCall", arguments, text_of(call.get("name")), text_of(call.get("id")))


def _named(event: BlockStarted, line: bytes) -> BlockStarted:
    """Find the name and id of a starting tool call: before pi 0.84.3 they are only in the message copy."""
    whole = parse_object(line)
    if whole is None:
        return event
    partial = dict_of(dict_of(whole.get("assistantMessageEvent")).get("partial"))
    content = partial.get("content")
    if not isinstance(content, list) or not 0 <= event.index < len(content):
        return event
    block = dict_of(content[event.index])
    return BlockStarted(event.index, event.kind, text_of(block.get("name")), text_of(block.get("id")))


def decode_update_object(record: dict[str, Any]) -> tuple[Event, str] | None:
    """Decode an update that the general parser has read: odd key order, wrong types, missing fields."""
    change = dict_of(record.get("assistantMessageEvent"))
    content = change.get("content")
    call = change.get("toolCall")
    event = _event(
        _Change(
            type=text_of(change.get("type")),
            index=integer_of(change.get("contentIndex")),
            delta=text_of(change.get("delta")),
            content=content if isinstance(content, str) else None,
            call=call if isinstance(call, dict) else None,
            call_id=text_of(change.get("id")),
            tool_name=text_of(change.get("toolName")),
        )
    )
    if event is None:
        return None
    if "message" in record or "partial" in change:
        return event, "accumulated"
    return event, "delta" if "usage" in record else ""
