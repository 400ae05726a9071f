"""Events as bytes and as plain objects: what the store keeps and what `cockpit tail --json` prints.

A stored event is its kind's name plus a body. The names are part of the file format: they stay when a class is renamed.
A body is msgpack: a map of the event's fields, except for the deltas, which are most of all lines and are kept as
`[index, text]`. A long body is deflated and then begins with a byte that msgpack never uses.
"""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import fields
from typing import Any

import msgspec

from cockpit.model import events
from cockpit.model.events import Event, Record, UnknownEvent

KINDS: dict[str, type[Any]] = {
    "run_started": events.RunStarted,
    "run_ended": events.RunEnded,
    "run_settled": events.RunSettled,
    "turn_started": events.TurnStarted,
    "turn_ended": events.TurnEnded,
    "message_started": events.MessageStarted,
    "text_delta": events.TextDelta,
    "thinking_delta": events.ThinkingDelta,
    "tool_call_delta": events.ToolCallDelta,
    "block_started": events.BlockStarted,
    "block_ended": events.BlockEnded,
    "message_ended": events.MessageEnded,
    "tool_started": events.ToolStarted,
    "tool_output": events.ToolOutput,
    "tool_ended": events.ToolEnded,
    "task_started": events.TaskStarted,
    "task_ended": events.TaskEnded,
    "queue_changed": events.QueueChanged,
    "compaction_started": events.CompactionStarted,
    "compaction_ended": events.CompactionEnded,
    "retry_started": events.RetryStarted,
    "retry_ended": events.RetryEnded,
    "dialog_requested": events.DialogRequested,
    "extension_notice": events.ExtensionNotice,
    "extension_failed": events.ExtensionFailed,
    "responded": events.Responded,
    "setting_changed": events.SettingChanged,
    "shell_output": events.ShellOutput,
    "lines_printed": events.LinesPrinted,
    "daemon_started": events.DaemonStarted,
    "daemon_exited": events.DaemonExited,
    "unknown_event": events.UnknownEvent,
    "broken_line": events.BrokenLine,
    "epoch_started": events.EpochStarted,
}
"""Every kind of event under its stable name."""

DEFLATE_FROM = 1024
"""Bytes from which a body is deflated: tool outputs repeat themselves, deltas are too short to gain."""

MAX_DEPTH = 64
"""Levels of nesting kept of an agent's free-form data; what lies deeper is replaced by `TOO_DEEP`."""

TOO_DEEP = "[nested too deeply]"

RAW_LIMIT = 4096
"""Characters kept of a stored body that this version cannot read."""

_DELTAS = (events.TextDelta, events.ThinkingDelta, events.ToolCallDelta)
_DEFLATED = b"\xc1"
_SURROGATE = re.compile("[\ud800-\udfff]")
_NAMES = {kind: name for name, kind in KINDS.items()}
_FIELDS = {
    kind: kind.__struct_fields__ if kind in _DELTAS else tuple(field.name for field in fields(kind))
    for kind in KINDS.values()
}
_ENCODER = msgspec.msgpack.Encoder()
_DELTA_DECODER = msgspec.msgpack.Decoder(tuple[int, str])
_DECODERS = {
    name: msgspec.msgpack.Decoder(kind) for name, kind in KINDS.items() if kind not in _DELTAS
}  # fmt: skip


def kind_of(event: Event) -> str:
    """Return the stable name of an event's kind, e.g. `text_delta`."""
    return _NAMES[type(event)]


def safe_text(text: str) -> str:
    """Return text that UTF-8 can carry: surrogate pairs are joined, a lone surrogate becomes U+FFFD."""
    if _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def encode_event(event: Event) -> bytes:
    """Return the body of an event. What UTF-8 or 64 bits cannot hold of an agent's words is replaced."""
    try:
        body = _ENCODER.encode((event.index, event.text) if isinstance(event, _DELTAS) else event)
    except (UnicodeEncodeError, OverflowError, RecursionError):
        body = _ENCODER.encode(_safe_content(event))
    if len(body) < DEFLATE_FROM:
        return body
    return _DEFLATED + zlib.compress(body, 1)


def decode_event(kind: str, body: bytes) -> Event:
    """Return the event of a kind and a body.

    A kind of a newer version, or a body that is not that kind's, becomes an `UnknownEvent` with what could be read.
    """
    plain = body
    try:
        if body[:1] == _DEFLATED:
            plain = zlib.decompress(body[1:])
        known = KINDS.get(kind)
        if known in _DELTAS:
            index, text = _DELTA_DECODER.decode(plain)
            return known(index, text)  # type: ignore[no-any-return]
        if known is not None:
            return _DECODERS[kind].decode(plain)  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, zlib.error):
        pass
    return UnknownEvent(kind, _readable(plain))


def record_to_object(record: Record) -> dict[str, Any]:
    """Return a record as plain objects that `json.dumps` takes: its place, its kind, and under `event` its fields."""
    return {
        "agent": safe_text(record.agent),
        "epoch": record.epoch,
        "line": record.line,
        "offset": record.offset,
        "end": record.end,
        "at": record.at,
        "kind": kind_of(record.event),
        "event": _json_value({name: getattr(record.event, name) for name in _FIELDS[type(record.event)]}, 0),
    }


def _safe_content(event: Event) -> Any:
    if isinstance(event, _DELTAS):
        return (event.index, safe_text(event.text))
    return {name: _safe_value(getattr(event, name), 0) for name in _FIELDS[type(event)]}


def _safe_value(value: Any, depth: int) -> Any:
    """Return a value that msgpack can hold."""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return _number_text(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth >= MAX_DEPTH:
        return TOO_DEEP
    if isinstance(value, dict):
        return {safe_text(str(key)): _safe_value(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_safe_value(item, depth + 1) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _safe_value(getattr(value, field.name), depth + 1) for field in fields(value)}
    return safe_text(str(value))


def _json_value(value: Any, depth: int) -> Any:
    """Return a value that strict JSON can hold: as `_safe_value`, and no NaN or infinity."""
    safe = _safe_value(value, depth)
    return _finite(safe)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def _number_text(number: int) -> str:
    # Decimal text of a number of many thousand digits is refused by Python; hexadecimal text never is.
    return str(number) if number.bit_length() <= 4096 else hex(number)


def _readable(body: bytes) -> str:
    """Return a body that has no decoder as text: JSON where it is msgpack, else lenient UTF-8."""
    try:
        text = msgspec.json.encode(msgspec.msgpack.decode(body)).decode()
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        text = body.decode("utf-8", "replace")
    return text[:RAW_LIMIT]
