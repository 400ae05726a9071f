"""Receipts: how far each command has come, told by the agent's own stream and never by hope."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.receipts.flow import CLEAR_QUEUE, RELEVANT, Cleared, Tracked
from cockpit.model.receipts.judgement import (
    Judgement,
    latest,
)
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import advance, is_closed

REMEMBERED = 400
"""Pieces of evidence kept per agent, so that a command is judged as well that another process tells of late."""

JUDGED = ("disposition", "cancelled")
"""What of a response's data a command is judged by."""

ANSWERS_KEPT = 64
"""Answers kept per agent for those who wait for them."""

Place = tuple[int, int]

FIRST: Place = (1, 1)
"""An agent's first line: nothing came before it."""


class Evidence(NamedTuple):
    """A record that was observed, or None for a run that only time has ended."""

    record: Record | None
    settled: bool
    at: float


@dataclass(slots=True)
class _Course:
    """One agent: its judgement so far, and what it was judged by."""

    judgement: Judgement
    log: deque[Evidence] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    begins: Place = (0, -1)
    """What the log has nothing of: the place before its first record."""
    last: Place = (0, -1)
    """The place of the newest record observed."""
    started: bool = False
    latest: dict[CommandId, Receipt] = field(default_factory=dict)
    """The receipts that may matter to the log, closed ones among them, as they are now."""


def is_newer(receipt: Receipt, stage: Stage, stages: int) -> bool:
    """Say whether a receipt is ahead of the one that is kept already, given its stage and how many stages it has.

    Several processes judge the same receipt; the first end counts, except that an operator may dismiss a failure.
    """
    if stage is Stage.DISMISSED:
        return False
    if stage in (Stage.DONE, Stage.FAILED):
        return receipt.stage is Stage.DISMISSED
    return is_closed(receipt) or len(receipt.stages) >= stages


class ReceiptBook:
    """The open receipts of a fleet. Every method returns the receipts it changed; closed ones leave the book."""

    def __init__(self) -> None:
        self._courses: dict[AgentId | None, _Course] = {}
        self._agents: dict[CommandId, AgentId | None] = {}
        self._own: set[CommandId] = set()

    def add(self, receipt: Receipt) -> list[Receipt]:
        """Follow a receipt of our own: nobody else says how it ends."""
        self._own.add(receipt.id)
        return self.take_up((receipt,))

    def take_up(self, receipts: Iterable[Receipt]) -> list[Receipt]:
        """Follow receipts; those written before what is observed already are judged by what came since.

        A closed one is not followed, but takes what is its own in the evidence.
        """
        late: dict[int, _Course] = {}
        for receipt in receipts:
            course = self._course(receipt.agent)
            if receipt.id in course.latest:
                continue
            if not is_closed(receipt):
                self._agents[receipt.id] = receipt.agent
                course.judgement.tracked[receipt.id] = Tracked(receipt, receipt.text.strip())
            elif receipt.place is None or receipt.place < course.begins:
                continue
            course.latest[receipt.id] = receipt
            if receipt.place is not None and course.begins <= receipt.place < course.last:
                late[id(course)] = course
        return [changed for course in late.values() for changed in self._judge_again(course)]

    def learn(self, receipt: Receipt) -> list[Receipt]:
        """Take what another process has stored of a receipt: a new one, its end, or what only its sender knows."""
        known = self._course(receipt.agent).latest.get(receipt.id)
        if known is None:
            return self.take_up((receipt,))
        told = is_closed(receipt) or receipt.stage in (Stage.WRITTEN, Stage.UNCONFIRMED)
        if receipt.id in self._own or is_closed(known) or not told:
            return []
        at = receipt.stages[-1][1] if receipt.stages else receipt.created_at
        return self._one(receipt.id, receipt.stage, at, receipt.reason)

    def remember(self, evidence: list[Evidence], agent: AgentId, begins: Place) -> None:
        """Take evidence of an agent from before the first record that will be observed; nothing is judged by it yet."""
        course = self._course(agent)
        course.begins, course.started = begins, True
        for piece in evidence:
            self._note(course, piece)

    def get(self, command_id: CommandId) -> Receipt | None:
        """Return an open receipt, or None."""
        tracked = self._tracked(command_id)
        return tracked.receipt if tracked is not None else None

    def answer(self, agent: AgentId, command_id: CommandId) -> str | None:
        """Return what was answered to a text that is done; None if it started nothing that could be an answer."""
        return self._course(agent).judgement.answers.get(command_id)

    def cleared(self, agent: AgentId, command_id: CommandId) -> tuple[Cleared, ...] | None:
        """Return what an order took out of an agent's queues by emptying them; None while the agent has not said it."""
        return self._course(agent).judgement.cleared.get(command_id)

    def owners(self, agent: AgentId) -> tuple[tuple[Stage, str, CommandId | None], ...]:
        """Return what waits in an agent's queues in their order, each with its receipt if one is known.

        Texts stand without blanks around them. What came in before anything was observed is not among them.
        """
        return tuple(
            (entry.stage, entry.text, entry.owner.receipt.id if entry.owner is not None and entry.owner.known else None)
            for entry in self._course(agent).judgement.flow.entries
        )

    def outcome(self, agent: AgentId, command_id: CommandId) -> Any:
        """Return what an agent said of a command that is done and no text; None if it said nothing."""
        return self._course(agent).judgement.outcomes.get(command_id)

    def open_for(self, agent: AgentId) -> tuple[Receipt, ...]:
        """Return an agent's open receipts, oldest first."""
        return tuple(tracked.receipt for tracked in self._course(agent).judgement.tracked.values())

    def forget(self, agent: AgentId) -> None:
        """Drop everything of an agent that is no more."""
        course = self._courses.pop(agent, None)
        for command_id in course.judgement.tracked if course is not None else ():
            self._agents.pop(command_id, None)

    def written(self, command_id: CommandId, at: float) -> list[Receipt]:
        """Note that the command is in the agent's FIFO."""
        return self._one(command_id, Stage.WRITTEN, at)

    def unconfirmed(self, command_id: CommandId, at: float, reason: str) -> list[Receipt]:
        """Note that nobody knows whether the command arrived; later evidence still counts."""
        return self._one(command_id, Stage.UNCONFIRMED, at, reason)

    def failed(self, command_id: CommandId, at: float, reason: str) -> list[Receipt]:
        """Note that the command will not be carried out."""
        return self._one(command_id, Stage.FAILED, at, reason)

    def observe(self, record: Record, settled: bool) -> list[Receipt]:
        """Take the evidence of one record.

        Args:
            record: a record of the agent's stream, in order.
            settled: folding this record ended the agent's run for good.
        """
        if not settled and type(record.event) not in RELEVANT:
            return []
        course = self._course(record.agent)
        self._note(course, Evidence(record, settled, record.at))
        return self._kept(course, course.judgement.observe(record, settled))

    def run_settled(self, agent: AgentId, at: float) -> list[Receipt]:
        """Note that an agent's run is over for good: what it had read is done or failed."""
        course = self._course(agent)
        self._note(course, Evidence(None, True, at))
        return self._kept(course, course.judgement.run_settled(at))

    def rested(self, agent: AgentId, now: float, *, working: bool = False, shows_queues: bool = False) -> list[Receipt]:
        """Note that an agent's stream was read to the end: an accepted text may have started no run.

        Args:
            agent: the agent.
            now: unix seconds.
            working: it has an open run.
            shows_queues: it is new enough to tell of its queues.
        """
        course = self._courses.get(agent)
        if course is None or not course.judgement.tracked:
            return []
        return self._kept(course, course.judgement.rested(now, working=working, shows_queues=shows_queues))

    # --- bookkeeping ---------------------------------------------------------------------------------

    def _course(self, agent: AgentId | None) -> _Course:
        course = self._courses.get(agent)
        if course is None:
            course = self._courses[agent] = _Course(Judgement(agent or AgentId("")))
        return course

    def _tracked(self, command_id: CommandId) -> Tracked | None:
        if command_id not in self._agents:
            return None
        return self._course(self._agents[command_id]).judgement.tracked.get(command_id)

    def _note(self, course: _Course, piece: Evidence) -> None:
        """Keep a piece of evidence for those who come late, without what no judgement looks at."""
        record = piece.record
        if record is not None:
            if not course.started:
                place = (record.epoch, record.line)
                course.begins, course.started = (record.epoch, record.line - 1) if place > FIRST else (0, -1), True
            course.last = (record.epoch, record.line)
            event = record.event
            if isinstance(event, ev.ToolOutput) and not piece.settled:
                return
            if isinstance(event, ev.MessageEnded):
                event = replace(event, blocks=(), usage=None)
            elif isinstance(event, ev.ToolEnded):
                event = ev.ToolEnded(event.call_id, event.name, "")
            elif isinstance(event, ev.Responded) and event.command != CLEAR_QUEUE and isinstance(event.data, dict):
                event = replace(event, data={key: event.data[key] for key in JUDGED if key in event.data})
            kept = Record(record.agent, record.epoch, record.line, record.offset, record.end, record.at, event)
            piece = Evidence(kept, piece.settled, piece.at)
        if len(course.log) == REMEMBERED:
            dropped = course.log.popleft().record
            if dropped is not None:
                course.begins = (dropped.epoch, dropped.line)
                spent = [
                    known.id
                    for known in course.latest.values()
                    if is_closed(known) and (known.place is None or known.place < course.begins)
                ]
                for command_id in spent:
                    del course.latest[command_id]
        course.log.append(piece)

    def _judge_again(self, course: _Course) -> list[Receipt]:
        """Judge from the beginning of the log, as if every receipt had been known then; what is closed stays closed."""
        before, fresh = course.judgement, Judgement(course.judgement.agent)
        for receipt in course.latest.values():
            known = before.tracked.get(receipt.id)
            if receipt.place is not None and receipt.place >= course.begins:
                fresh.tracked[receipt.id] = Tracked(_as_sent(receipt), receipt.text.strip())
            elif known is not None:
                fresh.tracked[receipt.id] = known
        judged: dict[CommandId, Receipt] = {}
        for piece in course.log:
            if piece.record is None:
                changed = fresh.run_settled(piece.at)
            else:
                changed = fresh.observe(piece.record, piece.settled)
            judged |= {receipt.id: receipt for receipt in changed}
        changed = []
        for command_id, known_receipt in list(course.latest.items()):
            merged = _merged(known_receipt, judged.get(command_id, known_receipt))
            tracked = fresh.tracked.get(command_id)
            if is_closed(merged):
                fresh.tracked.pop(command_id, None)
            elif tracked is not None:
                earlier = before.tracked.get(command_id)
                if earlier is not None and earlier is not tracked:
                    tracked.outcome.text = tracked.outcome.text or earlier.outcome.text
                tracked.receipt = merged
            if merged is not known_receipt:
                changed.append(merged)
        fresh.answers = {**fresh.answers, **before.answers}
        fresh.cleared = {**before.cleared, **fresh.cleared}
        fresh.outcomes = before.outcomes
        course.judgement = fresh
        return self._kept(course, changed)

    def _kept(self, course: _Course, changed: list[Receipt]) -> list[Receipt]:
        for receipt in changed:
            course.latest[receipt.id] = receipt
            if is_closed(receipt):
                self._agents.pop(receipt.id, None)
        for kept in (course.judgement.answers, course.judgement.outcomes):
            while len(kept) > ANSWERS_KEPT:
                del kept[next(iter(kept))]
        return latest(changed)

    def _one(self, command_id: CommandId, stage: Stage, at: float, reason: str = "") -> list[Receipt]:
        tracked = self._tracked(command_id)
        if tracked is None:
            return []
        course = self._course(tracked.receipt.agent)
        return self._kept(course, course.judgement.move(tracked, stage, at, reason))


def _as_sent(receipt: Receipt) -> Receipt:
    """Return a receipt as it was before any evidence."""
    stages = tuple((stage, at) for stage, at in receipt.stages[:1] if stage in (Stage.WRITTEN, Stage.UNCONFIRMED))
    return replace(receipt, stage=stages[0][0] if stages else Stage.PENDING, stages=stages, reason="", read_at=None)


def _merged(known: Receipt, judged: Receipt) -> Receipt:
    """Return a receipt brought as far as a second judgement says; never back, and a closed one as it is."""
    if judged.read_at not in (None, known.read_at):
        known = replace(known, read_at=judged.read_at)
    if judged.stage is Stage.UNCONFIRMED and len(judged.stages) > len(known.stages) and not is_closed(known):
        return judged
    for stage, at in judged.stages:
        known = advance(known, stage, at, judged.reason if stage is judged.stage else "")
    return known
