"""One agent's receipts judged by its stream: whose command a response, a queue or a message tells of, and its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.receipts.flow import (
    CLEAR_QUEUE,
    CLEARED_LIMIT,
    ENDING,
    FINAL,
    TEXT_COMMANDS,
    TEXT_VERBS,
    WENT_ON,
    Cleared,
    Flow,
    Outcome,
    QueueEntry,
    Tracked,
    queue_stage,
    read_as_one,
    takes,
)
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import RANK, advance, is_closed
from cockpit.model.reduce.conversations import is_another_conversation

UNREAD = "the agent accepted it but never read it"
UNSEEN = "the agent accepted it, and no message shows whether it was read"
REPLACED = "its retry was given up for a newer prompt"
TAKEN = "it started no run and no message of it appeared: the agent, or an extension of it, took it so"
RAN = "a run followed, and no message shows what it was about"
TAKEN_OUT = "it was taken out of the agent's queue before it was read"
EXITED_UNREAD = "the agent exited before it read this"
CANCELLED = "it was cancelled: by an abort, or by an extension of the agent"
LEFT_BEHIND = "the agent went to another conversation before it read this"

TAKEN_AFTER = 2.0
"""Seconds after its acceptance in which a text starts a run, if it starts one: pi says both within milliseconds."""


class Judgement:
    """What the stream of one agent says of the commands that were written to it, by whomever.

    Commands are told apart by the id of the agent's response, by `disposition` where pi gives one (1.0 and later), and
    by order: from pi 0.64 a `queue_update` comes right before the response of the command that caused it, and a prompt
    that starts a run is answered before its message appears. Equality of text only tells two candidates apart, since
    skills, templates and extensions change a text on its way in.
    """

    def __init__(self, agent: AgentId) -> None:
        self.agent = agent
        self.tracked: dict[CommandId, Tracked] = {}  # the open receipts
        self.strangers: list[Tracked] = []
        """Texts that the agent accepted from somebody whose receipt is not known."""
        self.answers: dict[CommandId, str] = {}  # what was answered to each text that is done
        self.cleared: dict[CommandId, tuple[Cleared, ...]] = {}
        """What each order took out of the queues that emptied them."""
        self.outcomes: dict[CommandId, Any] = {}
        """What the agent said of each other command that is done."""
        self.flow = Flow()
        self._place = (0, -1)

    def observe(self, record: Record, settled: bool) -> list[Receipt]:
        """Take the evidence of one record; `settled`: folding it ended the agent's run for good."""
        self.flow.number += 1
        self._place = (record.epoch, record.line)
        changed: list[Receipt] = []
        by_event = isinstance(record.event, ENDING)
        if settled and not by_event:
            # The run was over before this record, which only showed that the time for a sequel had passed.
            changed += self.run_settled(record.at)
        changed += self._take(record)
        self.flow.note(record.event)
        if settled and by_event:
            changed += self.run_settled(record.at)
        return latest(changed)

    def run_settled(self, at: float) -> list[Receipt]:
        """Note that the agent's run is over for good: what it had read is done or failed."""
        flow = self.flow
        changed = self._end_consumed(at)
        for tracked in list(self.tracked.values()):
            receipt = tracked.receipt
            if receipt.stage is not Stage.ACCEPTED or receipt.verb not in TEXT_VERBS:
                continue
            if not 0 < tracked.accepted_number < flow.ended_number or flow.owns(tracked):
                continue
            if tracked.expected.startswith("/"):
                changed += self.move(tracked, Stage.DONE, at, self._without_message(tracked))
            elif not flow.queues_seen:
                # Before pi 0.64 queues are not shown: it may lie in one until the next prompt.
                continue
            elif tracked.in_compaction:
                changed += self.move(tracked, Stage.FAILED, at, UNREAD)
            else:
                changed += self.unsure(tracked, at, UNSEEN)
        self.strangers = [stranger for stranger in self.strangers if flow.owns(stranger)]
        flow.settled()
        return latest(changed)

    def rested(self, now: float, *, working: bool = False, shows_queues: bool = False) -> list[Receipt]:
        """Note that nothing is left to read: a text accepted some time ago that started no run ends with that.

        Args:
            now: unix seconds.
            working: a run is open; then only what it did not take into a queue ends.
            shows_queues: the agent is new enough to tell of its queues, whether it has yet or not.
        """
        changed: list[Receipt] = []
        for tracked in list(self.tracked.values()):
            receipt = tracked.receipt
            waiting = receipt.verb in TEXT_VERBS and receipt.stage is Stage.ACCEPTED and tracked.accepted_number
            if not waiting or self.flow.compacting or self.flow.owns(tracked):
                continue
            if working and not (self.flow.during_run(tracked) and (shows_queues or self.flow.queues_seen)):
                continue
            if tracked.taken_since is None:
                tracked.taken_since = now
            elif now - tracked.taken_since >= TAKEN_AFTER:
                if (tracked.in_compaction or working) and not tracked.expected.startswith("/"):
                    changed += self.unsure(tracked, now, UNSEEN)
                else:
                    changed += self.move(tracked, Stage.DONE, now, self._without_message(tracked))
        return changed

    # --- evidence by kind ----------------------------------------------------------------------------

    def _take(self, record: Record) -> list[Receipt]:
        event, at = record.event, record.at
        changed: list[Receipt] = []
        if type(event) in WENT_ON:
            for tracked in self._seen():
                if tracked.receipt.verb == "answer" and tracked.receipt.stage in (Stage.WRITTEN, Stage.UNCONFIRMED):
                    changed += self.move(tracked, Stage.DONE, at)
        match event:
            case ev.Responded():
                if event.success and event.command == CLEAR_QUEUE:
                    changed += self._cleared(event, at)
                changed += self._left_behind(at) if is_another_conversation(event) else []
                changed += self._responded(event, at)
            case ev.QueueChanged():
                changed += self._queued(event, at)
            case ev.MessageStarted(role="user"):
                changed += self._read(event.text.strip(), at)
            case ev.MessageEnded(role="assistant"):
                self._answered(Outcome(event.stop_reason, event.error, event.text))
            case ev.RetryEnded(success=False):
                self._ended_badly(event.error)
            case ev.CompactionStarted(reason="manual") if not self.flow.run_over:
                self._answered(Outcome("compaction"))
            case ev.CompactionEnded() if event.error and self.flow.ended_number >= 0:
                self._ended_badly(event.error)
            case ev.RunStarted() if self.flow.run_over:
                # A new run that is no retry: the one before ended for good, though nobody said so in between.
                changed += self._end_consumed(at)
                self.flow.settled()
            case ev.RunSettled(aborted=True):
                for tracked in self._consumed():
                    tracked.outcome.stop_reason = "aborted"
            case ev.RunSettled(error=error, answer=answer) if error or answer is not None:
                self._answered(Outcome("error" if error else "stop", error, answer or ""))
            case ev.ExtensionFailed(event="command"):
                changed += self._extension_failed(event, at)
            case ev.DaemonExited() | ev.DaemonStarted():
                changed += self._exited(event.exit_code if isinstance(event, ev.DaemonExited) else None, at)
            case _:
                pass
        return changed

    def _cleared(self, event: ev.Responded, at: float) -> list[Receipt]:
        """The queues were emptied, by whomever: what was in them is not read any more."""
        changed: list[Receipt] = []
        taken: list[Cleared] = []
        for stage, text, entry in self.flow.cleared(event.data):
            owner = entry.owner if entry is not None and entry.owner is not None and entry.owner.known else None
            taken.append(Cleared(stage, text, owner.receipt.id if owner is not None else None))
            if owner is not None:
                changed += self.move(owner, Stage.FAILED, at, TAKEN_OUT)
        self.cleared[CommandId(event.command_id)] = tuple(taken)
        while len(self.cleared) > CLEARED_LIMIT:
            del self.cleared[next(iter(self.cleared))]
        return changed

    def _responded(self, event: ev.Responded, at: float) -> list[Receipt]:
        disposition = event.data.get("disposition") if isinstance(event.data, dict) else None
        tracked = self.tracked.get(CommandId(event.command_id))
        if tracked is None or not tracked.sees(self._place):
            if not event.success:
                return self._lost_id(event, at)
            if event.command in TEXT_COMMANDS and disposition != "handled":
                receipt = Receipt(CommandId(event.command_id), self.agent, event.command, "", Stage.ACCEPTED, at)
                stranger = Tracked(receipt, "", known=False, accepted_number=self.flow.number)
                self.strangers.append(stranger)
                if disposition != "started":
                    self._bind(stranger, event.command.replace("_", "-"))
            return []
        if not event.success:
            return self.move(tracked, Stage.FAILED, at, event.error or "the agent refused it and gave no reason")
        verb = tracked.receipt.verb
        if verb not in TEXT_VERBS and isinstance(event.data, dict) and event.data.get("cancelled") is True:
            return self.move(tracked, Stage.FAILED, at, CANCELLED)
        if verb not in TEXT_VERBS or disposition == "handled":
            self.outcomes[tracked.receipt.id] = event.data
            return self.move(tracked, Stage.DONE, at)
        tracked.accepted_number = tracked.accepted_number or self.flow.number
        tracked.in_compaction = self.flow.compacted
        entry = self._bind(tracked, verb) if disposition != "started" else None
        changed = self.move(tracked, Stage.ACCEPTED, at)
        if entry is not None or disposition == "queued":
            changed += self.move(tracked, entry.stage if entry else queue_stage(verb), at)
        return changed

    def _bind(self, tracked: Tracked, verb: str) -> QueueEntry | None:
        """Give a command that was just accepted the queue entry that nobody has yet: it came right before."""
        flow = self.flow
        mine = next((entry for entry in (*flow.entries, *flow.released) if entry.owner is tracked), None)
        if mine is not None:
            return mine
        free = [
            entry
            for entry in (*flow.entries, *flow.released)
            if entry.owner is None and entry.number > flow.bound_number and takes(verb, entry.stage)
        ]
        flow.bound_number = flow.number
        found = next((entry for entry in free if entry.text == tracked.expected), free[-1] if free else None)
        if found is not None:
            found.owner = tracked
        return found

    def _lost_id(self, event: ev.Responded, at: float) -> list[Receipt]:
        """pi 0.58 loses the id of every failing command; with one command waiting it is probably that one."""
        if event.command_id or "Unexpected end of JSON input" in event.error:
            return []
        waiting = [tracked for tracked in self._seen() if tracked.receipt.stage is Stage.WRITTEN]
        if len(waiting) != 1:
            return []
        return self.move(waiting[0], Stage.UNCONFIRMED, at, f"the agent refused a command: {event.error}")

    def _queued(self, event: ev.QueueChanged, at: float) -> list[Receipt]:
        """Take the queues; the response will say whose a new entry is, equal text already says it now."""
        changed: list[Receipt] = []
        for entry in self.flow.queues(event):
            same = next(
                (
                    tracked
                    for tracked in self._seen()
                    if tracked.receipt.verb in TEXT_VERBS
                    and RANK[tracked.receipt.stage] <= RANK[Stage.ACCEPTED]
                    and tracked.expected == entry.text
                    and takes(tracked.receipt.verb, entry.stage)
                    and not self.flow.owns(tracked)
                ),
                None,
            )
            if same is not None:
                entry.owner = same
                changed += self.move(same, entry.stage, at)
        return changed

    def _read(self, text: str, at: float) -> list[Receipt]:
        """A user message appeared: find whose it is; what was asked before it and answered is over."""
        changed: list[Receipt] = []
        entry = self.flow.left_queue(text)
        queued = entry is not None or self.flow.queue_number == self.flow.number - 1
        if self.flow.retrying and not queued:
            # pi 0.73 takes a prompt in a retry's backoff as a new run, and never comes back to the failed one.
            for tracked in self._consumed():
                changed += self.move(tracked, Stage.FAILED, at, REPLACED)
            self.flow.retrying = False
        elif not self.flow.retrying and not self.flow.recovering:
            changed += self._end_consumed(at, only_answered=True)
        found = (entry.owner if entry is not None else None) or self._reader_of(text, queued=queued)
        for one in [found] if found is not None else read_as_one(text, self._seen(), self.strangers):
            if one.known:
                one.receipt = replace(one.receipt, read_at=one.receipt.read_at or self._place)
                changed += self.move(one, Stage.CONSUMED, at)
            else:
                self.strangers = [stranger for stranger in self.strangers if stranger is not one]
        return changed

    def _reader_of(self, text: str, *, queued: bool) -> Tracked | None:
        """Find whose message appears without an entry in a queue that we know the owner of."""
        unread = [
            tracked
            for tracked in (*self._seen(), *self.strangers)
            if (not tracked.known or tracked.receipt.verb in TEXT_VERBS)
            and RANK[tracked.receipt.stage] < RANK[Stage.CONSUMED]
            and not self.flow.owns(tracked)
        ]
        accepted = sorted((one for one in unread if one.accepted_number), key=lambda one: one.accepted_number)
        same = [one for one in (*accepted, *unread) if one.expected == text]
        # One that is said to stand in a queue we have not seen is not what starts a run.
        direct = [] if queued else [one for one in accepted if one.receipt.stage is Stage.ACCEPTED]
        # pi starts a run right after it accepted its text: what it accepted before that one, an extension took.
        direct = [one for one in reversed(direct) if one.accepted_number < self.flow.started_number] or direct
        return next(iter([*same, *direct]), None)

    def _answered(self, outcome: Outcome) -> None:
        for tracked in self._consumed():
            tracked.outcome = outcome

    def _ended_badly(self, error: str) -> None:
        for tracked in self._consumed():
            tracked.outcome = Outcome("error", error or tracked.outcome.error, tracked.outcome.text)

    def _extension_failed(self, event: ev.ExtensionFailed, at: float) -> list[Receipt]:
        """A command of an extension threw: pi answers its prompt with success all the same."""
        command = "/" + event.path.removeprefix("command:")
        for tracked in self._seen():
            unread = RANK[tracked.receipt.stage] < RANK[Stage.CONSUMED]
            if unread and tracked.receipt.verb in TEXT_VERBS and tracked.expected.split(None, 1)[:1] == [command]:
                return self.move(tracked, Stage.FAILED, at, f"the extension's {command} failed: {event.error}")
        return []

    def _exited(self, code: int | None, at: float) -> list[Receipt]:
        """The agent is gone: its queues with it, but not what still lies unread in the FIFO."""
        changed: list[Receipt] = []
        how = f" with code {code}" if code is not None else ""
        for tracked in self._seen():
            stage = tracked.receipt.stage
            if stage is Stage.CONSUMED and tracked.outcome.stop_reason in ("stop", "length"):
                changed += self._close(tracked, at, "")
            elif stage is Stage.CONSUMED:
                changed += self.move(tracked, Stage.FAILED, at, f"the agent exited{how} in the middle of the run")
            elif stage is Stage.ACCEPTED and tracked.expected.startswith("/"):
                changed += self.move(tracked, Stage.DONE, at, self._without_message(tracked))
            elif stage in (Stage.ACCEPTED, Stage.QUEUED, Stage.STEERING):
                changed += self.move(tracked, Stage.FAILED, at, EXITED_UNREAD)
            elif stage is Stage.WRITTEN and code is not None:
                reason = f"{EXITED_UNREAD}; when it is started again it may still read it"
                changed += self.move(tracked, Stage.UNCONFIRMED, at, reason)
        self.strangers.clear()
        self.flow.restarted()
        return changed

    def _left_behind(self, at: float) -> list[Receipt]:
        """The agent is in another conversation: what stood in the queues of the one before is lost."""
        changed: list[Receipt] = []
        for tracked in self._seen():
            if tracked.receipt.stage in (Stage.QUEUED, Stage.STEERING):
                changed += self.move(tracked, Stage.FAILED, at, LEFT_BEHIND)
        self.strangers.clear()
        self.flow.restarted()
        return changed

    def _without_message(self, tracked: Tracked) -> str:
        """Say how a text ended that no message showed: some kinds of agent tell of runs, and of no message."""
        return RAN if self.flow.started_number > tracked.accepted_number else TAKEN

    # --- bookkeeping ---------------------------------------------------------------------------------

    def _seen(self) -> list[Tracked]:
        """The open receipts that were written before the record at hand."""
        return [tracked for tracked in self.tracked.values() if tracked.sees(self._place)]

    def _consumed(self) -> list[Tracked]:
        return [tracked for tracked in self._seen() if tracked.receipt.stage is Stage.CONSUMED]

    def _end_consumed(self, at: float, *, only_answered: bool = False) -> list[Receipt]:
        own_abort = any(tracked.receipt.verb == "abort" for tracked in self._seen())
        changed: list[Receipt] = []
        for tracked in self._consumed():
            if not only_answered or tracked.outcome.stop_reason in FINAL:
                changed += self._close(tracked, at, tracked.outcome.failure(own_abort=own_abort))
        return changed

    def _close(self, tracked: Tracked, at: float, failure: str) -> list[Receipt]:
        if not failure:
            self.answers[tracked.receipt.id] = tracked.outcome.text
            if doubt := tracked.outcome.doubt:
                self.tracked.pop(tracked.receipt.id, None)
                return self.unsure(tracked, at, doubt)
        return self.move(tracked, Stage.FAILED if failure else Stage.DONE, at, failure)

    def unsure(self, tracked: Tracked, at: float, reason: str) -> list[Receipt]:
        """Say of an accepted text that nobody can tell its fate; a message that still appears does."""
        receipt = tracked.receipt
        stages = (*receipt.stages, (Stage.UNCONFIRMED, at))
        tracked.receipt = replace(receipt, stage=Stage.UNCONFIRMED, stages=stages, reason=reason)
        return [tracked.receipt]

    def move(self, tracked: Tracked, stage: Stage, at: float, reason: str = "") -> list[Receipt]:
        """Bring a receipt to a stage; one that is closed by it leaves."""
        before = tracked.receipt
        tracked.receipt = advance(before, stage, at, reason)
        if is_closed(tracked.receipt):
            self.tracked.pop(before.id, None)
        return [tracked.receipt] if tracked.receipt is not before else []


def latest(changed: Iterable[Receipt]) -> list[Receipt]:
    """Keep the last version of each receipt."""
    return list({receipt.id: receipt for receipt in changed}.values())
