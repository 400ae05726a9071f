"""The course of one agent's runs and queues, as far as receipts are judged by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cockpit.model import events as ev
from cockpit.model.events import Event
from cockpit.model.ids import CommandId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import SILENT

TEXT_VERBS = frozenset({"prompt", "steer", "follow-up"})
"""The verbs whose text must appear as a user message before it counts as read."""

STREAM_VERBS = frozenset(
    {
        *TEXT_VERBS,
        "abort",
        "abort bash",
        "abort retry",
        "answer",
        "automatic compaction",
        "automatic retry",
        "bash",
        "bash aside",
        "clear queue",
        "clone",
        "compact",
        "export",
        "fork",
        "model",
        "name session",
        "new session",
        "permission mode",
        "queue mode",
        "switch session",
        "thinking",
    }
)
"""The verbs whose course the agent's own stream tells: those of all commands to an agent."""

TEXT_COMMANDS = frozenset({"prompt", "steer", "follow_up"})
"""The same as the agent's responses name them."""

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
        ev.ExtensionFailed,
    }
)
"""All that receipts look at: the deltas, which are nearly everything, are not among them."""

RELEASED_LIMIT = 64
"""Texts remembered between leaving a queue and appearing as a message."""

ABORTED = "the run was aborted"

CLEAR_QUEUE = "clear_queue"
"""How `Responded.command` calls the order to give back all that is queued."""

CLEARED_LIMIT = 16
"""Orders remembered that emptied the queues, each with what was in them."""

FINAL = frozenset({"stop", "length", "error", "aborted"})
"""Reasons to stop after which a message is the last word on what was asked; another answers something else."""


WENT_ON = frozenset(
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


@dataclass(slots=True)
class Outcome:
    """What came of a text since it was read: the last answer that belongs to it."""

    stop_reason: str = ""
    error: str = ""
    text: str = ""

    @property
    def doubt(self) -> str:
        """Why nobody can tell whether it is done; empty where somebody can."""
        return SILENT if self.stop_reason == "silent" else ""

    def failure(self, *, own_abort: bool) -> str:
        """Say why this is no success; empty if it is one."""
        if self.stop_reason == "aborted" or (own_abort and self.stop_reason == "error"):
            return ABORTED
        if self.stop_reason == "error":
            return self.error or "the run failed, and the agent gave no reason"
        if self.stop_reason == "compaction":
            return "a compaction cut the run short"
        if self.stop_reason in ("", "toolUse"):
            return ABORTED if own_abort else "the run ended without a final answer"
        return ""


@dataclass(slots=True, eq=False)
class Tracked:
    """A receipt that is followed, or a command of somebody whose receipt is not known."""

    receipt: Receipt
    expected: str
    """The text as it was sent."""
    known: bool = True
    """False: only the agent's response tells of it."""
    accepted_number: int = 0
    """At which of the agent's observed records it was accepted; 0 while it was not."""
    in_compaction: bool = False
    """It was accepted during a compaction or right after it: pi 0.73 may lose it then."""
    taken_since: float | None = None
    """Since when nothing follows its acceptance, in unix seconds."""
    outcome: Outcome = field(default_factory=Outcome)

    def sees(self, place: tuple[int, int]) -> bool:
        """Say whether a record at a place comes after the writing, so that it can be about this."""
        return self.receipt.place is None or place > self.receipt.place


@dataclass(slots=True, eq=False)
class QueueEntry:
    """A text in one of the agent's queues."""

    stage: Stage
    text: str
    number: int
    """At which of the agent's observed records it came in."""
    owner: Tracked | None = None
    left: int = 0
    """At which of them it left the queue; 0 while it waits."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """A text that was taken out of a queue before the agent read it."""

    stage: Stage
    """`steering` or `queued`: the queue it was in."""
    text: str
    """As the agent gave it back."""
    command: CommandId | None = None
    """Whose receipt it is; None for a text that no cockpit is known to have sent."""


class Flow:
    """What is remembered of one agent's stream."""

    def __init__(self) -> None:
        self.number = 0
        """Counts the records observed."""
        self.ended_number = -1
        """At which of them the last run ended."""
        self.started_number = -1
        """At which of them the last run started."""
        self.queues_seen = False
        self.run_over = False
        """A run ended and nothing of it follows any more, though a settled end was not seen."""
        self.retrying = False
        """A failed answer is about to be asked for again."""
        self.recovering = False
        """A compaction is about to be followed by the same question again."""
        self.compacting = False
        self.compacted = False
        """A compaction ran since the last whole answer."""
        self.queue_number = -1
        """At which record the queues changed last."""
        self.bound_number = -1
        """At which record a text was accepted last: entries from before it are not the next one's."""
        self.entries: list[QueueEntry] = []
        self.released: list[QueueEntry] = []

    def note(self, event: Event) -> None:
        """Take what an event says of the run as a whole."""
        match event:
            case ev.RunStarted():
                self.run_over, self.started_number = False, self.number
            case ev.RunEnded():
                self.ended_number = self.number
                self.run_over = event.will_retry is not True
            case ev.RetryStarted():
                self.run_over, self.retrying = False, True
            case ev.RetryEnded():
                self.retrying = False
            case ev.MessageStarted(role="assistant"):
                self.retrying = self.recovering = False
            case ev.MessageEnded(role="assistant"):
                self.compacted = self.compacting
            case ev.CompactionStarted():
                self.compacting = self.compacted = True
                if event.reason == "manual":
                    self.ended_number, self.run_over = self.number, True
                elif event.reason == "overflow":
                    self.run_over, self.recovering = False, True
            case ev.CompactionEnded():
                self.compacting, self.recovering = False, event.will_retry
                self.run_over = self.run_over and not event.will_retry
            case _:
                pass

    def settled(self) -> None:
        """The run is over for good: the next one is judged by its own answers."""
        self.run_over = self.retrying = self.recovering = False

    def restarted(self) -> None:
        """The agent's process ended or began: queues do not outlive it."""
        self.settled()
        self.compacting = False
        self.entries.clear()
        self.released.clear()
        self.ended_number = -1

    def queues(self, event: ev.QueueChanged) -> list[QueueEntry]:
        """Take over the queues, given whole each time; return the entries that are new."""
        self.queues_seen, self.queue_number = True, self.number
        before = self.entries[::-1]
        now: list[QueueEntry] = []
        entered: list[QueueEntry] = []
        # From the end: of equal texts it is the oldest that leaves.
        for stage, texts in ((Stage.QUEUED, event.follow_up), (Stage.STEERING, event.steering)):
            for text in (text.strip() for text in reversed(texts)):
                known = next((entry for entry in before if (entry.stage, entry.text) == (stage, text)), None)
                if known is not None:
                    before.remove(known)
                else:
                    known = QueueEntry(stage, text, self.number)
                    entered.append(known)
                now.append(known)
        self.entries = now[::-1]
        entered.reverse()
        for entry in before:
            entry.left = self.number
        self.released += before[::-1]
        del self.released[:-RELEASED_LIMIT]
        return entered

    def left_queue(self, text: str) -> QueueEntry | None:
        """Take the entry that a message appearing now was, if it has just left a queue."""
        found = next((entry for entry in self.released if entry.text == text), None)
        if found is not None:
            self.released.remove(found)
        return found

    def cleared(self, data: Any) -> list[tuple[Stage, str, QueueEntry | None]]:
        """Take what was given back: the texts as the agent names them, each with its entry if one is known.

        The queues were told to be empty right before: their entries are those that left with that.
        """
        left = [entry for entry in self.released if entry.left == self.queue_number]
        found: list[tuple[Stage, str, QueueEntry | None]] = []
        for stage, key in ((Stage.STEERING, "steering"), (Stage.QUEUED, "followUp")):
            texts = data.get(key) if isinstance(data, dict) else None
            for text in texts if isinstance(texts, list) else ():
                wanted = str(text).strip()
                entry = next((one for one in left if (one.stage, one.text) == (stage, wanted)), None)
                if entry is not None:
                    left.remove(entry)
                    self.released.remove(entry)
                found.append((stage, str(text), entry))
        return found

    def during_run(self, tracked: Tracked) -> bool:
        """Say whether a command was accepted in the middle of the open run: what is read later is queued then."""
        return self.ended_number < self.started_number < tracked.accepted_number and not tracked.in_compaction

    def owns(self, tracked: Tracked) -> bool:
        """Say whether a command stands in a queue, or has left it a moment ago."""
        return any(entry.owner is tracked for entry in (*self.entries, *self.released))


def read_as_one(text: str, known: Iterable[Tracked], strangers: Iterable[Tracked]) -> list[Tracked]:
    """Return the queued texts that an agent has read as one message, each on lines of its own; none for any other.

    Args:
        text: the message, without blanks around it.
        known: the open receipts of an agent.
        strangers: texts in its queues that nobody here knows: each may be any lines of the message.
    """
    waiting = [one for one in known if one.receipt.stage in (Stage.QUEUED, Stage.STEERING) and one.expected]
    waiting.sort(key=lambda one: len(one.expected), reverse=True)
    unknown, found, rest = list(strangers), list[Tracked](), text
    while rest:
        here = next((one for one in waiting if _begins(rest, one.expected)), None)
        if here is not None:
            waiting.remove(here)
            found.append(here)
            rest = rest[len(here.expected) :].lstrip()
        elif unknown:
            rest = rest.partition("\n")[2].lstrip()
        else:
            return []
    return found if len(found) > 1 or unknown else []


def _begins(text: str, with_lines: str) -> bool:
    """Say whether a text begins with whole lines; blanks behind them do not count."""
    return text.startswith(with_lines) and not text[len(with_lines) :].partition("\n")[0].strip()


def takes(verb: str, stage: Stage) -> bool:
    """Say whether a queue takes a verb's texts; where `prompt` goes is for the agent to say."""
    return verb == "prompt" or queue_stage(verb) is stage


def queue_stage(verb: str) -> Stage:
    """Return the stage of a text of a verb that waits in a queue."""
    return Stage.STEERING if verb == "steer" else Stage.QUEUED
