"""The cheap copy of an agent for records that change nothing but when it was last heard of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from cockpit.model.events import Record
from cockpit.model.fleet import Agent

_STAMPS = ("epoch", "line", "last_event_at", "last_work_at")
_OTHERS = tuple(field.name for field in fields(Agent) if field.name not in _STAMPS)

# A stream has thousands of deltas a second over a whole fleet, and `dataclasses.replace` looks every field up by name
# (three times the cost). Writing the slots of a new object is what the frozen class's own `__init__` does.
_read_others: Callable[[Agent], tuple[Any, ...]] = attrgetter(*_OTHERS)
_write_others: tuple[Callable[[Agent, Any], None], ...] = tuple(getattr(Agent, name).__set__ for name in _OTHERS)
_write_epoch, _write_line, _write_event_at, _write_work_at = (getattr(Agent, name).__set__ for name in _STAMPS)


def stamped(agent: Agent, record: Record, *, worked: bool = False) -> Agent:
    """Return the agent with the record's place and time; `worked` says it was a sign of useful work."""
    copy: Agent = object.__new__(Agent)
    for write, value in zip(_write_others, _read_others(agent), strict=False):
        write(copy, value)
    _write_epoch(copy, record.epoch)
    _write_line(copy, record.line)
    _write_event_at(copy, record.at)
    _write_work_at(copy, record.at if worked else agent.last_work_at)
    return copy
