"""Receipts: how far each command has come, told by the agent's own stream and never by hope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.fleet import Receipt, Stage
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.receipts_flow import ENDING, RELEVANT, TEXT_VERBS, Flow, Tracked

_RANK = {
    Stage.PENDING: 0,
    Stage.WRITTEN: 1,
    Stage.UNCONFIRMED: 2,
    Stage.ACCEPTED: 3,
    Stage.QUEUED: 4,
    Stage.STEERING: 4,
    Stage.CONSUMED: 5,
    Stage.DONE: 6,
    Stage.FAILED: 6,
    Stage.DISMISSED: 6,
}

_PROVES: dict[Stage, tuple[Stage, ...]] = {
    Stage.ACCEPTED: (Stage.WRITTEN,),
    Stage.QUEUED: (Stage.WRITTEN, Stage.ACCEPTED),
    Stage.STEERING: (Stage.WRITTEN, Stage.ACCEPTED),
    Stage.CONSUMED: (Stage.WRITTEN, Stage.ACCEPTED),
}
"""What must have happened before: the agent's stream is often faster than the end of our own writing command."""

UNREAD = "the agent accepted it but never read it"
REPLACED = "its retry was given up for a newer prompt"
TAKEN = "no message appeared, so an extension's command took it"
EXITED_UNREAD = "the agent exited before it read this"

_WENT_ON = frozenset(
    {
        ev.ToolOutput,
        ev.ToolEnded,
        ev.TurnEnded,
        ev.RunEnded,
        ev.MessageStarted,
        ev.DialogRequested,
        ev.ExtensionNotice,
    }
)
"""An agent echoes no answer to its question, but it stood still until it had one: any of these says that it has."""


def is_closed(receipt: Receipt) -> bool:
    """Say whether nothing more will happen to a receipt."""
    return receipt.stage in (Stage.DONE, Stage.FAILED, Stage.DISMISSED)


def advance(receipt: Receipt, stage: Stage, at: float, reason: str = "") -> Receipt:
    """Return the receipt at a later stage, which is recorded with its time; an earlier stage changes nothing.

    The stages only rise: evidence that comes late or twice does not take back what is known already. What a stage
    proves is recorded with it: a text that stands in the agent's queue was written and accepted, whoever said so first.
    """
    if is_closed(receipt) or _RANK[stage] <= _RANK[receipt.stage]:
        return receipt
    reached = {known for known, _ in receipt.stages}
    proved = tuple((earlier, at) for earlier in _PROVES.get(stage, ()) if earlier not in reached)
    return replace(receipt, stage=stage, stages=(*receipt.stages, *proved, (stage, at)), reason=reason)


class ReceiptBook:
    """The open receipts of a fleet. Every method returns the receipts it changed; closed ones leave the book."""

    def __init__(self) -> None:
        self._open: dict[CommandId, Tracked] = {}
        self._flows: dict[AgentId, Flow] = {}

    def add(self, receipt: Receipt) -> None:
        """Follow a receipt; a closed one is not followed."""
        if not is_closed(receipt):
            self._open[receipt.id] = Tracked(receipt, receipt.text.strip())

    def get(self, command_id: CommandId) -> Receipt | None:
        """Return an open receipt, or None."""
        tracked = self._open.get(command_id)
        return tracked.receipt if tracked is not None else None

    def open_for(self, agent: AgentId) -> tuple[Receipt, ...]:
        """Return an agent's open receipts, oldest first."""
        return tuple(tracked.receipt for tracked in self._of(agent))

    def forget(self, agent: AgentId) -> None:
        """Drop everything of an agent that is no more."""
        for tracked in self._of(agent):
            del self._open[tracked.receipt.id]
        self._flows.pop(agent, None)

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
        event = record.event
        if not settled and type(event) not in RELEVANT:
            return []
        flow = self._flows.setdefault(record.agent, Flow())
        flow.number += 1
        changed: list[Receipt] = []
        by_event = isinstance(event, ENDING)
        if settled and not by_event:
            # The run was over before this record, which only showed that the time for a sequel had passed.
            changed += self.run_settled(record.agent, record.at)
        changed += self._take(flow, record)
        flow.note(event)
        if settled and by_event:
            changed += self.run_settled(record.agent, record.at)
        return _latest(changed)

    def run_settled(self, agent: AgentId, at: float) -> list[Receipt]:
        """Note that an agent's run is over for good: what it had read is done or failed."""
        flow = self._flows.setdefault(agent, Flow())
        changed = self._end_consumed(agent, flow, at)
        failure = flow.failure()
        for tracked in self._of(agent):
            receipt = tracked.receipt
            missed = receipt.stage is Stage.ACCEPTED and tracked.accepted_number < flow.ended_number
            if not missed or receipt.verb not in TEXT_VERBS:
                continue
            if tracked.expected.startswith("/"):
                changed += self._move(tracked, Stage.DONE, at, TAKEN)
            elif flow.queues_seen or not failure:
                # Before pi 0.64 queues are not shown, and a failed run leaves its queue to the next prompt.
                changed += self._move(tracked, Stage.FAILED, at, UNREAD)
        flow.settled()
        return _latest(changed)

    # --- evidence by kind ----------------------------------------------------------------------------

    def _take(self, flow: Flow, record: Record) -> list[Receipt]:
        event, agent, at = record.event, record.agent, record.at
        changed: list[Receipt] = []
        if type(event) in _WENT_ON:
            for tracked in self._of(agent):
                if tracked.receipt.verb == "answer" and tracked.receipt.stage in (
                    Stage.WRITTEN,
                    Stage.UNCONFIRMED,
                ):
                    changed += self._move(tracked, Stage.DONE, at)
        if isinstance(event, ev.Responded):
            changed += self._responded(flow, agent, event, at)
        elif isinstance(event, ev.QueueChanged):
            changed += self._queued(flow, agent, event, at)
        elif isinstance(event, ev.MessageStarted) and event.role == "user":
            changed += self._read(flow, agent, event.text.strip(), at)
        elif isinstance(event, ev.RunStarted) and flow.run_over:
            # A new run that is no retry: the one before ended for good, though nobody said so in between.
            changed += self._end_consumed(agent, flow, at)
            flow.settled()
        elif isinstance(event, ev.DaemonExited | ev.DaemonStarted):
            code = event.exit_code if isinstance(event, ev.DaemonExited) else None
            changed += self._exited(agent, code, at)
        return changed

    def _responded(self, flow: Flow, agent: AgentId, event: ev.Responded, at: float) -> list[Receipt]:
        tracked = self._open.get(CommandId(event.command_id))
        if tracked is None or tracked.receipt.agent != agent:
            return self._lost_id(agent, event, at)
        if not event.success:
            return self._move(tracked, Stage.FAILED, at, event.error or "the agent refused it and gave no reason")
        disposition = event.data.get("disposition") if isinstance(event.data, dict) else None
        if tracked.receipt.verb not in TEXT_VERBS or disposition == "handled":
            return self._move(tracked, Stage.DONE, at)
        tracked.accepted_number = flow.number
        changed = self._move(tracked, Stage.ACCEPTED, at)
        if disposition == "queued":
            changed += self._move(tracked, _queue_stage(tracked.receipt.verb), at)
        return changed

    def _lost_id(self, agent: AgentId, event: ev.Responded, at: float) -> list[Receipt]:
        """pi 0.58 loses the id of every failing command; with one command waiting it is probably that one."""
        if event.success or event.command_id or "Unexpected end of JSON input" in event.error:
            return []
        waiting = [tracked for tracked in self._of(agent) if tracked.receipt.stage is Stage.WRITTEN]
        if len(waiting) != 1:
            return []
        return self._move(waiting[0], Stage.UNCONFIRMED, at, f"the agent refused a command: {event.error}")

    def _queued(self, flow: Flow, agent: AgentId, event: ev.QueueChanged, at: float) -> list[Receipt]:
        changed: list[Receipt] = []
        for stage, text in flow.queues(event):
            tracked = self._match_queued(agent, text.strip(), stage)
            if tracked is not None:
                tracked.expected = text.strip()
                changed += self._move(tracked, stage, at)
        return changed

    def _match_queued(self, agent: AgentId, text: str, stage: Stage) -> Tracked | None:
        """Find whose text entered a queue; skills and templates are expanded on the way in."""
        waiting = [
            tracked
            for tracked in self._of(agent)
            if tracked.receipt.verb in TEXT_VERBS
            and tracked.receipt.stage in (Stage.PENDING, Stage.WRITTEN, Stage.UNCONFIRMED, Stage.ACCEPTED)
            and (tracked.receipt.verb == "prompt" or _queue_stage(tracked.receipt.verb) is stage)
        ]
        same = next((tracked for tracked in waiting if tracked.expected == text), None)
        return same or next((tracked for tracked in waiting if tracked.expected.startswith("/")), None)

    def _read(self, flow: Flow, agent: AgentId, text: str, at: float) -> list[Receipt]:
        """A user message appeared: the oldest command with this text, from the queue that just gave it up, was read."""
        came_from = flow.left_queue(text)
        unread = [
            tracked
            for tracked in self._of(agent)
            if tracked.receipt.verb in TEXT_VERBS and _RANK[tracked.receipt.stage] < _RANK[Stage.CONSUMED]
        ]
        same = [tracked for tracked in unread if tracked.expected == text]
        direct = [tracked for tracked in same if tracked.receipt.stage not in (Stage.QUEUED, Stage.STEERING)]
        queued = [tracked for tracked in same if tracked.receipt.stage is came_from]
        expanded = [
            tracked
            for tracked in unread
            if came_from is None and tracked.receipt.stage is Stage.ACCEPTED and tracked.expected.startswith("/")
        ]
        found = next(iter([*queued, *direct, *same] if came_from is not None else [*direct, *same, *expanded]), None)
        if found is None:
            return []
        changed: list[Receipt] = []
        if flow.retrying and came_from is None and found.receipt.verb == "prompt":
            # pi 0.73 takes a prompt in a retry's backoff as a new run, and never comes back to the failed one.
            for tracked in self._of(agent):
                if tracked.receipt.stage is Stage.CONSUMED:
                    changed += self._move(tracked, Stage.FAILED, at, REPLACED)
        return changed + self._move(found, Stage.CONSUMED, at)

    def _exited(self, agent: AgentId, code: int | None, at: float) -> list[Receipt]:
        """The agent is gone: its queues with it, but not what still lies unread in the FIFO."""
        changed: list[Receipt] = []
        how = f" with code {code}" if code is not None else ""
        for tracked in self._of(agent):
            stage = tracked.receipt.stage
            if stage is Stage.CONSUMED:
                changed += self._move(tracked, Stage.FAILED, at, f"the agent exited{how} in the middle of the run")
            elif stage is Stage.ACCEPTED and tracked.expected.startswith("/"):
                changed += self._move(tracked, Stage.DONE, at, TAKEN)
            elif stage in (Stage.ACCEPTED, Stage.QUEUED, Stage.STEERING):
                changed += self._move(tracked, Stage.FAILED, at, EXITED_UNREAD)
            elif stage is Stage.WRITTEN and code is not None:
                reason = f"{EXITED_UNREAD}; when it is started again it may still read it"
                changed += self._move(tracked, Stage.UNCONFIRMED, at, reason)
        self._flows[agent].restarted()
        return changed

    # --- bookkeeping ---------------------------------------------------------------------------------

    def _of(self, agent: AgentId) -> list[Tracked]:
        return [tracked for tracked in self._open.values() if tracked.receipt.agent == agent]

    def _end_consumed(self, agent: AgentId, flow: Flow, at: float) -> list[Receipt]:
        own_abort = any(tracked.receipt.verb == "abort" for tracked in self._of(agent))
        failure = flow.failure(own_abort=own_abort)
        changed: list[Receipt] = []
        for tracked in self._of(agent):
            if tracked.receipt.stage is Stage.CONSUMED:
                changed += self._move(tracked, Stage.FAILED if failure else Stage.DONE, at, failure)
        return changed

    def _one(self, command_id: CommandId, stage: Stage, at: float, reason: str = "") -> list[Receipt]:
        tracked = self._open.get(command_id)
        return self._move(tracked, stage, at, reason) if tracked is not None else []

    def _move(self, tracked: Tracked, stage: Stage, at: float, reason: str = "") -> list[Receipt]:
        before = tracked.receipt
        tracked.receipt = advance(before, stage, at, reason)
        if is_closed(tracked.receipt):
            self._open.pop(before.id, None)
        return [tracked.receipt] if tracked.receipt is not before else []


def _queue_stage(verb: str) -> Stage:
    return Stage.STEERING if verb == "steer" else Stage.QUEUED


def _latest(changed: Iterable[Receipt]) -> list[Receipt]:
    """Keep the last version of each receipt."""
    return list({receipt.id: receipt for receipt in changed}.values())
