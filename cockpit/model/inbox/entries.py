"""Entries of the inbox: what each is called, what makes it another one, its group, and which are put off."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.attention import Attention, Tally, Urgency, attention, tally
from cockpit.model.fleet import Fleet
from cockpit.model.inbox.question import digest_of
from cockpit.model.inbox.shelf import PutOff, Shelved, end_of


class Group(StrEnum):
    """The groups of the inbox, in their order."""

    ASK = "ask"
    FAILED = "failed"
    REVIEW = "to review"
    DONE = "done"


_GROUPS = {
    Urgency.ASKING: Group.ASK,
    Urgency.FAILED: Group.FAILED,
    Urgency.UNDELIVERED: Group.FAILED,
    Urgency.COMMAND: Group.FAILED,
    Urgency.BLOCKED: Group.FAILED,
    Urgency.UNFITTING: Group.REVIEW,
    Urgency.REVIEW: Group.REVIEW,
    Urgency.DONE: Group.DONE,
}


def group_of(item: Attention) -> Group:
    """Return the group that an entry stands in."""
    return _GROUPS[item.urgency]


def key_of(item: Attention) -> str:
    """Return what an entry is called for as long as it is the same thing, whatever it says by then."""
    if item.dialog is not None:
        return f"ask:{item.agent}:{item.dialog.request.dialog_id}"
    if item.owed is not None:
        return f"owed:{item.owed.key}"
    if item.budget is not None:
        return f"budget:{item.budget.scope}"
    if item.finding is not None:
        return f"finding:{item.finding.kind.value}:{item.finding.vm}:{item.finding.agent or ''}"
    if item.cause is not None:
        return f"cause:{item.cause.kind.value}:{item.cause.provider.lower()}"
    if item.command is not None:
        return f"command:{item.command}"
    if item.task is not None:
        return f"task:{item.task}"
    return f"{item.urgency.name.lower()}:{item.agent}"


def id_of(key: str) -> str:
    """Return a short name of a key, for people to type."""
    return hashlib.sha256(key.encode(errors="backslashreplace")).hexdigest()[:8]


def mark_of(item: Attention) -> str:
    """Return what an entry is like, so that one that was put off until it changes can be told to have changed."""
    if item.dialog is not None:
        return digest_of(item.dialog.request)
    said: tuple[object, ...]
    if item.owed is not None:
        said = (item.owed.text, item.owed.lost)
    elif item.budget is not None:
        said = (item.budget.stage, item.budget.limit, item.budget.is_over)
    elif item.finding is not None:
        said = (item.finding.suggestion,)  # its evidence tells ages, which change by themselves
    elif item.cause is not None:
        said = (item.agents,)
    else:
        said = (item.urgency, item.since, item.agents)
    return hashlib.sha256(repr(said).encode(errors="backslashreplace")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Inbox:
    """All entries, sorted by whether they are put off."""

    shown: tuple[Attention, ...] = ()
    snoozed: tuple[Attention, ...] = ()
    muted: tuple[Attention, ...] = ()

    @property
    def counts(self) -> Tally:
        """How much wants the operator; what is put off is in none of the counts."""
        return tally(self.shown)


def sorted_out(items: Iterable[Attention], shelved: Sequence[Shelved], now: float) -> Inbox:
    """Sort entries by whether they are put off; each is in exactly one of the three, in the order in which it came."""
    if not shelved:
        return Inbox(tuple(items))
    known = {one.key: one for one in shelved}
    shown: list[Attention] = []
    snoozed: list[Attention] = []
    muted: list[Attention] = []
    for item in items:
        one = known.get(key_of(item))
        if one is None or not one.holds(mark_of(item), now):
            shown.append(item)
        else:
            (muted if one.how is PutOff.MUTE else snoozed).append(item)
    return Inbox(tuple(shown), tuple(snoozed), tuple(muted))


def inbox(fleet: Fleet, now: float) -> Inbox:
    """Return everything that wants the operator, and what of it is put off."""
    return sorted_out(attention(fleet, now), fleet.shelved, now)


def put_off(item: Attention, how: PutOff, now: float) -> Shelved:
    """Return an entry put off from now on."""
    return Shelved(key_of(item), how, mark_of(item), now, end_of(how, now), item.sentence)
