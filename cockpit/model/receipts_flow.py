"""The course of one agent's runs and queues, as far as receipts are judged by it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from cockpit.model import events as ev
from cockpit.model.events import Event
from cockpit.model.fleet import Receipt, Stage

TEXT_VERBS = frozenset({"prompt", "steer", "follow-up"})
"""The verbs whose text must appear as a user message before it counts as read."""

ENDING = (
    ev.RunSettled,
    ev.RetryEnded,
    ev.CompactionStarted,
    ev.CompactionEnded,
    ev.DaemonStarted,
    ev.DaemonExited,
    ev.EpochStarted,
)
"""The events that can end a run by themselves; at any other record its end lies before it."""

RELEVANT = frozenset(
    {
        *ENDING,
        ev.Responded,
        ev.QueueChanged,
        ev.MessageStarted,
        ev.MessageEnded,
        ev.RunStarted,
        ev.RunEnded,
        ev.RetryStarted,
        ev.ToolOutput,
        ev.ToolEnded,
        ev.TurnEnded,
        ev.DialogRequested,
        ev.ExtensionNotice,
    }
)
"""All that receipts look at: the deltas, which are nearly everything, are not among them."""

RELEASED_LIMIT = 64
"""Texts remembered between leaving a queue and appearing as a message."""

ABORTED = "the run was aborted"


@dataclass(slots=True)
class Tracked:
    """A receipt that is followed."""

    receipt: Receipt
    expected: str
    """The text as it will appear in the stream: as sent, or as a queue showed it after expansion."""
    accepted_number: int = 0
    """At which of the agent's observed records it was accepted."""


class Flow:
    """What is remembered of one agent's stream."""

    def __init__(self) -> None:
        self.number = 0
        """Counts the records observed."""
        self.ended_number = -1
        """At which of them the last run ended."""
        self.queues_seen = False
        self.run_over = False
        """A run ended and nothing of it follows any more, though a settled end was not seen."""
        self.retrying = False
        """A failed answer is about to be asked for again."""
        self._stop_reason = ""
        self._error = ""
        self._steering: tuple[str, ...] = ()
        self._follow_up: tuple[str, ...] = ()
        self._released: list[tuple[Stage, str]] = []

    def note(self, event: Event) -> None:
        """Take what an event says of the run as a whole."""
        match event:
            case ev.MessageEnded(role="assistant"):
                self._stop_reason, self._error = event.stop_reason, event.error
            case ev.RunStarted():
                self.run_over = False
                self._error = ""
            case ev.RunEnded():
                self.ended_number = self.number
                self.run_over = event.will_retry is not True
            case ev.RetryStarted():
                self.run_over, self.retrying = False, True
            case ev.MessageStarted(role="assistant"):
                self.retrying = False
            case ev.RetryEnded(success=False):
                self._stop_reason, self._error = "error", event.error or self._error
            case ev.CompactionStarted(reason="manual"):
                self._stop_reason = self._stop_reason if self.run_over else "compaction"
                self.ended_number = self.number
                self.run_over = True
            case ev.CompactionStarted(reason="overflow") | ev.CompactionEnded(will_retry=True):
                self.run_over = False
            case ev.CompactionEnded() if event.error and self.ended_number >= 0:
                self._stop_reason, self._error = "error", event.error
            case _:
                pass

    def failure(self, *, own_abort: bool = False) -> str:
        """Say why the run that ended was no success; empty if it was one."""
        if self._stop_reason == "aborted" or (own_abort and self._stop_reason == "error"):
            return ABORTED
        if self._stop_reason == "error":
            return self._error or "the run failed, and the agent gave no reason"
        if self._stop_reason == "compaction":
            return "a compaction cut the run short"
        if self._stop_reason in ("", "toolUse"):
            return "the run ended without a final answer"
        return ""

    def settled(self) -> None:
        """The run is over for good: the next one is judged by its own answers."""
        self._stop_reason = ""
        self._error = ""
        self.run_over = self.retrying = False

    def restarted(self) -> None:
        """The agent's process ended or began: queues do not outlive it."""
        self.settled()
        self._steering = self._follow_up = ()
        self._released.clear()
        self.ended_number = -1

    def queues(self, event: ev.QueueChanged) -> list[tuple[Stage, str]]:
        """Take over the queues; return what entered them, by the stage a text in that queue has."""
        self.queues_seen = True
        entered: list[tuple[Stage, str]] = []
        for stage, before, now in (
            (Stage.STEERING, self._steering, event.steering),
            (Stage.QUEUED, self._follow_up, event.follow_up),
        ):
            entered += [(stage, text) for text in (Counter(now) - Counter(before)).elements()]
            self._released += [(stage, text.strip()) for text in (Counter(before) - Counter(now)).elements()]
        del self._released[:-RELEASED_LIMIT]
        self._steering, self._follow_up = event.steering, event.follow_up
        return entered

    def left_queue(self, text: str) -> Stage | None:
        """Say which queue a text that appears now has just left."""
        for stage in (Stage.STEERING, Stage.QUEUED):
            if (stage, text) in self._released:
                self._released.remove((stage, text))
                return stage
        return None
