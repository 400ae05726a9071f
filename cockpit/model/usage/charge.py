"""Charges: what one answer of a model cost, with a key by which it is the same wherever it is read again.

The same answer stands in an agent's stream, in the store after a restart, in a file that is read anew under another
epoch, and in the files of a VM's copies. Its key is made of what the agent wrote and not of where that was read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cockpit.model.content import Usage
from cockpit.model.events import CompactionEnded, MessageEnded, Record, RunSettled
from cockpit.model.ids import AgentId

MOST_TOKENS = 2**40
"""Tokens of one answer at most: more is no count of anything, and sums of it stay within what a file can hold."""

MOST_COST = 1e6
"""US dollars of one answer at most."""

AHEAD = 3600.0
"""Seconds by which an agent's clock may be ahead of ours before its times are taken for wrong."""

FAR_BACK = 400 * 86_400.0
"""Seconds before our reading beyond which an agent's time is taken for wrong."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What one answer cost."""

    key: bytes
    """The same for the same answer, and for no other one."""
    agent: AgentId
    at: float
    """Unix seconds: when it was asked for by the agent's clock, or else when it was read here."""
    said: bool
    """`at` is the agent's own time."""
    usage: Usage
    model: str = ""
    provider: str = ""
    whole: bool = True
    """All that it cost was told: an answer that was aborted, or whose line was too long, tells less."""
    so_far: bool = False
    """`usage` is that of its process since it began: what was told before in the same process is to be taken off."""
    named: bool = False
    """The agent gave an id to what was charged: who else has one with the same key has a copy."""


def charges_of(record: Record) -> tuple[Charge, ...]:
    """Return what a record of an agent's output says that was spent."""
    if isinstance(record.event, RunSettled):
        return tuple(_of_run(record, record.event))
    charge = _of_answer(record)
    return () if charge is None else (charge,)


def _of_run(record: Record, event: RunSettled) -> Iterator[Charge]:
    # Without an id, the agent and the place in its output tell it from another run's: no time stands in it.
    names = (event.id,) if event.id else (record.agent, f"{record.epoch} {record.offset}")
    whole, named = event.aborted is not True, bool(event.id)
    if event.usage is not None:
        usage = bounded(event.usage)
        key = _key("run", *names, _numbers(usage))
        yield Charge(key, record.agent, record.at, False, usage, whole=whole, named=named)
    for one in event.so_far:
        key, usage = _key("run", *names, one.model), bounded(one.usage)
        yield Charge(
            key, record.agent, record.at, False, usage, one.model, one.provider, whole, so_far=True, named=named
        )


def _of_answer(record: Record) -> Charge | None:
    event = record.event
    if isinstance(event, MessageEnded) and event.part:
        return None
    if isinstance(event, MessageEnded) and event.role == "assistant":
        usage = bounded(event.usage or Usage())
        told = event.usage is not None and event.stop_reason != "aborted"
        at = _time(event.said_at, record.at)
        said = at is not None
        # The text is left out where a time tells answers apart: a filter on the VM may shorten it.
        words = f"{event.said_at:.3f}" if said else f"{record.agent}\0{event.text}"
        key = _key("answer", words, event.provider, event.model, event.stop_reason, _numbers(usage))
        return Charge(key, record.agent, at or record.at, said, usage, event.model, event.provider, told)
    if isinstance(event, CompactionEnded) and event.usage is not None:
        usage = bounded(event.usage)
        # It carries no time: its summary tells it apart, and without one the agent and what was summed up.
        words = event.summary or f"{record.agent}\0{event.tokens_before}"
        return Charge(_key("compaction", words, _numbers(usage)), record.agent, record.at, False, usage)
    return None


def _time(said: float | None, read: float) -> float | None:
    """Return an agent's time if it can be right, given when it was read."""
    return said if said is not None and read - FAR_BACK <= said <= read + AHEAD else None


def bounded(usage: Usage) -> Usage:
    """Return what can be a count of tokens, and an amount of money; a number below none is none."""
    cost = min(max(0.0, usage.cost), MOST_COST)
    parts = (_count(part) for part in (usage.input, usage.output, usage.cache_read, usage.cache_write))
    return replace(Usage(*parts), cost=cost)


def _count(tokens: int) -> int:
    return min(max(0, tokens), MOST_TOKENS)


def _numbers(usage: Usage) -> str:
    return f"{usage.input} {usage.output} {usage.cache_read} {usage.cache_write} {usage.cost!r}"


def _key(*parts: str) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data) + data)
    return digest.digest()
