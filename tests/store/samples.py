"""Records for the store's tests: a small stream with known places, and strategies for every event."""

from __future__ import annotations

import types
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from cockpit.model.codec import KINDS
from cockpit.model.events import Event, MessageStarted, Record, TextDelta
from cockpit.model.ids import AgentId
from cockpit.store.rows import StoredCursor

AGENT = AgentId("5b1c9c1e-0000-4000-8000-000000000001")
LINE = 100
"""Bytes of every line of a sample stream."""


def record(line: int, event: Event | None = None, *, agent: AgentId = AGENT, epoch: int = 1, at: float = 0.0) -> Record:
    """Return a record whose place follows from its line number."""
    end = line * LINE
    return Record(
        agent,
        epoch,
        line,
        max(0, end - LINE),
        end,
        at or 1000.0 + line,
        event or TextDelta(0, f"word{line} "),
    )


def records(first: int, last: int, *, agent: AgentId = AGENT, epoch: int = 1) -> list[Record]:
    """Return the records of lines first to last, the last included."""
    return [record(line, agent=agent, epoch=epoch) for line in range(first, last + 1)]


def cursor(line: int, *, epoch: int = 1) -> StoredCursor:
    """Return the cursor just after a line of a sample stream."""
    return StoredCursor(epoch, line * LINE, line, '{"inode":7}', f'"anchor{line}"', 1000.0 + line)


def prompt(line: int, text: str, *, agent: AgentId = AGENT) -> Record:
    """Return a record of a user's text, which search finds."""
    return record(line, MessageStarted("user", text), agent=agent)


_text = st.text(st.characters(), max_size=40)
"""Any code points, lone surrogates included."""

_plain = st.text(max_size=40)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | _plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_plain, inner, max_size=3),
    max_leaves=8,
)


def events_of(kind: type[Any], *, text: st.SearchStrategy[str] = _plain) -> st.SearchStrategy[Any]:
    """Return a strategy for events of a kind, built from its field types."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: _values_of(hint, text) for name, hint in hints.items()})


def every_event(*, text: st.SearchStrategy[str] = _plain) -> st.SearchStrategy[Event]:
    """Return a strategy for events of all kinds."""
    return st.sampled_from(sorted(KINDS)).flatmap(lambda name: events_of(KINDS[name], text=text))


def hostile_text() -> st.SearchStrategy[str]:
    """Return a strategy for text with lone surrogates and control characters."""
    return st.one_of(
        _text, st.lists(st.sampled_from(["\ud800", "\udfff", "\x00", "\x1b[", "\u202e", "a"])).map("".join)
    )


def _values_of(hint: Any, text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    if hint is str:
        return text
    if hint is Any:
        return _json
    if hint is int:
        return st.integers(-(2**63), 2**63)
    if hint is float:
        return st.floats(allow_nan=False)
    if get_origin(hint) is dict:
        return st.dictionaries(_plain, _json, max_size=4)
    if get_origin(hint) is tuple:
        return st.lists(_values_of(get_args(hint)[0], text), max_size=3).map(tuple)
    if get_origin(hint) is types.UnionType:
        return st.one_of(*(_values_of(part, text) for part in get_args(hint)))
    if hint is type(None):
        return st.none()
    if hasattr(hint, "__dataclass_fields__"):
        return events_of(hint, text=text)
    return st.from_type(hint)
