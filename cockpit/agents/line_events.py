"""How a line of JSON becomes an event, or a broken line that says why it is none: the ground of the kinds' decoders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.agents.fields import head_text, parse_object
from cockpit.model.events import BrokenLine, Event


def event_of_line(line: bytes, truncated: bool, length: int, event_of: Callable[[dict[str, Any]], Event]) -> Event:
    """Return the event a line means. Never raises: what cannot be read is a `BrokenLine`.

    Args:
        line: the line without its LF, or its head.
        truncated: only the head of an oversized line is given.
        length: bytes of the whole line, if truncated.
        event_of: returns the event of the line's object.
    """
    whole = max(length, len(line))
    if truncated:
        return BrokenLine("longer than the limit", head_text(line), whole)
    try:
        record = parse_object(line)
        return event_of(record) if record is not None else broken(line)
    except RecursionError:
        return nested_too_deeply(line, whole)


def broken(line: bytes) -> BrokenLine:
    """Return what a line is that holds no object."""
    if not line.strip():
        return BrokenLine("empty line", head_text(line), len(line))
    reason = "not a JSON object" if _is_json(line) else "not JSON"
    return BrokenLine(reason, head_text(line), len(line))


def nested_too_deeply(line: bytes, length: int) -> BrokenLine:
    """Return what a line is that nests deeper than the parser goes."""
    return BrokenLine("nested too deeply", head_text(line), length)


def _is_json(line: bytes) -> bool:
    """Say whether a line is JSON of any kind."""
    return parse_object(b'{"value":' + line.removeprefix(b"\xef\xbb\xbf") + b"}") is not None
