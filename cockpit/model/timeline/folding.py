"""Folds an agent's records into minutes: the same rules say what it does as on every other screen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec

from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.fleet import ActivityState, Agent, AgentKind, Fleet, LinkState
from cockpit.model.ids import AgentId, VmId
from cockpit.model.moments import Moments
from cockpit.model.reduce.activity import WRITING
from cockpit.model.reduce.reduce import dialog_answered, expire, reduce_agent
from cockpit.model.timeline.minute import MINUTE, NO_MINUTE, AgentMinutes, Doing, Minute, Wait

TOLD = (
    "run_started",
    "run_ended",
    "run_settled",
    "turn_started",
    "message_started",
    "message_ended",
    "block_started",
    "tool_started",
    "tool_ended",
    "compaction_started",
    "compaction_ended",
    "retry_started",
    "retry_ended",
    "dialog_requested",
    "daemon_started",
    "daemon_exited",
    "epoch_started",
)
"""The kinds of events that the minutes are made of: the pieces of texts, which are most of all lines, are not."""

LATE = 60.0
"""Seconds after which a line was read too late to be as old as its reading."""

BURST = 5.0
"""Seconds in which lines that waited are read together."""

_BUSY = (ActivityState.WORKING, ActivityState.RETRYING, ActivityState.COMPACTING)


def doing_of(agent: Agent) -> Doing:
    """Say what an agent does."""
    activity = agent.activity
    if activity.state is ActivityState.ASKING:
        return Doing.ASKING
    if activity.state not in _BUSY:
        return Doing.REST
    if activity.tools:
        return Doing.TOOL
    return Doing.WRITING if activity.detail == WRITING or activity.detail.startswith("calling ") else Doing.THINKING


class MinutesFold:
    """One agent's minutes since a moment; it takes records as they come."""

    def __init__(self, agent: AgentId, since: float) -> None:
        """Begin.

        Args:
            agent: whose records.
            since: unix seconds; what was before is not counted.
        """
        self._since = since
        self._moments = Moments()
        self._late_at = -math.inf
        self._agent = Agent(agent, "", AgentKind.WORKER, VmId(""))
        self._at = since
        self._minutes: dict[int, Minute] = {}
        self._asking_since: float | None = None
        self._waits: list[Wait] = []
        self._answered: set[tuple[str, float]] = set()

    @property
    def place(self) -> tuple[int, int]:
        """Epoch and line of the last record that was taken."""
        return self._agent.epoch, self._agent.line

    def take(self, records: Sequence[Record], answers: Iterable[tuple[str, float]], now: float) -> None:
        """Take what came since the last time.

        Args:
            records: in their order.
            answers: (dialog, unix seconds) of all that were given since the beginning.
            now: unix seconds; nothing is later.
        """
        waiting = sorted((at, dialog) for dialog, at in {*answers} - self._answered)
        for record, live in self._judged(_plausible(records)):
            for timed in self._moments.take(record, live=live):
                self._fold(timed.record, timed.at, waiting, now)
        for timed in self._moments.rest():
            self._fold(timed.record, timed.at, waiting, now)
        while waiting:
            self._answer(*waiting.pop(0), now)

    def _judged(self, records: Sequence[Record]) -> list[tuple[Record, bool]]:
        """Say of each record whether it was read as it was written: the messages around it tell when they were made.

        What stands before one that was read late was read late; so was what was read along with one after it.
        """
        next_late: list[bool] = []
        late = False
        for record in reversed(records):
            told = _was_late(record)
            late = late if told is None else told
            next_late.append(late)
        judged: list[tuple[Record, bool]] = []
        for record, coming in zip(records, reversed(next_late), strict=True):
            told = _was_late(record)
            if told is not None:
                self._late_at = record.at if told else -math.inf
            judged.append((record, not coming and record.at - self._late_at > BURST))
        return judged

    def _fold(self, record: Record, at: float, waiting: list[tuple[float, str]], now: float) -> None:
        while waiting and waiting[0][0] <= at:
            self._answer(*waiting.pop(0), now)
        self._pass(at, now)
        before = self._agent
        self._agent = reduce_agent(before, msgspec.structs.replace(record, at=self._at))
        if at >= self._since:
            self._count(record, _went_wrong(before, self._agent, record))
        self._mark()

    def _count(self, record: Record, failed: bool) -> None:
        number = int(self._at // MINUTE)
        minute = self._minutes.get(number, NO_MINUTE)
        if record.line:
            place = (record.epoch, record.line)
            minute = minute._replace(place=minute.place or place, last=place)
        match record.event:
            case ev.MessageEnded(role="assistant", usage=usage) | ev.CompactionEnded(usage=usage) if usage is not None:
                minute = minute._replace(cost=minute.cost + _money(usage.cost))
        if failed:
            minute = minute._replace(errors=minute.errors + 1)
        if minute is not NO_MINUTE:
            self._minutes[number] = minute

    def _answer(self, at: float, dialog: str, now: float) -> None:
        asked = [one.since for one in self._agent.activity.dialogs if one.request.dialog_id == dialog]
        if not any(since <= at + LATE for since in asked):
            return  # its question is still to come, or over: what comes later looks at it again
        self._answered.add((dialog, at))
        self._pass(at, now)
        self._agent = dialog_answered(self._agent, dialog, self._at)
        self._mark()

    def _pass(self, at: float, now: float) -> None:
        """Let time go by until a moment; questions that nobody answered in time end on the way."""
        at = max(self._at, min(at, now))
        for due in sorted(_dues(self._agent)):
            if self._at < due < at:
                self._spend(due)
                self._agent = expire(self._agent, due)
                self._mark()
        self._spend(at)

    def _spend(self, at: float) -> None:
        _spread(self._minutes, doing_of(self._agent), self._at, at)
        self._at = at

    def _mark(self) -> None:
        """Note when a stretch of waiting begins and ends."""
        asks = doing_of(self._agent) is Doing.ASKING
        if asks and self._asking_since is None:
            self._asking_since = self._at
        elif not asks and self._asking_since is not None:
            self._waits.append(Wait(self._asking_since, self._at))
            self._asking_since = None

    def forget_before(self, since: float) -> None:
        """Drop what was before a moment."""
        self._since = max(self._since, since)
        first = int(self._since // MINUTE)
        self._minutes = {number: one for number, one in self._minutes.items() if number >= first}
        self._waits = [wait for wait in self._waits if wait.until >= self._since]

    def row(self, name: str, until: float | None) -> AgentMinutes:
        """Return what is known by now.

        Args:
            name: the agent's.
            until: unix seconds up to which it did what it did last; None where nobody knows that it went on.
        """
        minutes, waits = dict(self._minutes), list(self._waits)
        end = max(self._at, until) if until is not None else self._at
        dues = _dues(self._agent)
        if dues and len(dues) == len(self._agent.activity.dialogs):
            end = min(end, max(self._at, *dues))
        _spread(minutes, doing_of(self._agent), self._at, end)
        if self._asking_since is not None:
            waits.append(Wait(self._asking_since, end))
        return AgentMinutes(self._agent.id, name, minutes, tuple(waits))


def standing(fleet: Fleet) -> frozenset[AgentId]:
    """Return who does still what its last record says: who asks until it is answered, who works while it is heard."""
    return frozenset(
        agent.id
        for agent in fleet.agents
        if agent.activity.state is ActivityState.ASKING
        or (agent.activity.state in _BUSY and agent.link.state is LinkState.UP)
    )


def _was_late(record: Record) -> bool | None:
    """Say whether a message was read long after it was made; None where it does not say when that was.

    What a person writes may have waited for its turn: it is no sign.
    """
    match record.event:
        case ev.MessageStarted(role=role, said_at=float(said_at)) if role != "user":
            return record.at - said_at > LATE
        case _:
            return None


def _plausible(records: Sequence[Record]) -> list[Record]:
    """Return records none of which is later than those that follow it: older lines may have been read last."""
    found: list[Record] = []
    latest = math.inf
    for record in reversed(records):
        latest = min(latest, record.at)
        found.append(record if record.at <= latest else msgspec.structs.replace(record, at=latest))
    return found[::-1]


def _money(cost: float) -> float:
    return cost if math.isfinite(cost) and cost > 0 else 0.0


def _went_wrong(before: Agent, after: Agent, record: Record) -> bool:
    """Say whether an event told of a failure of the agent or its provider; a tool that failed is work."""
    if isinstance(record.event, ev.RetryStarted):
        return True
    state = after.activity.beneath if after.activity.state is ActivityState.ASKING else after.activity.state
    return state is ActivityState.ERROR and before.activity.state is not ActivityState.ERROR


def _dues(agent: Agent) -> list[float]:
    return [
        dialog.since + dialog.request.timeout for dialog in agent.activity.dialogs if dialog.request.timeout is not None
    ]


def _spread(minutes: dict[int, Minute], doing: Doing, start: float, end: float) -> None:
    """Add what was done between two moments to the minutes it fell into."""
    if doing is Doing.REST:
        return
    while start < end:
        number = int(start // MINUTE)
        edge = min(end, (number + 1) * MINUTE)
        minutes[number] = minutes.get(number, NO_MINUTE).spent(doing, edge - start)
        start = edge
