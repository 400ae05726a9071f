"""What waits in an agent's queues: each text with its kind and its age, and what will become of it by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.fleet import UNKNOWN_TIME, ActivityState, Agent, ProcessState
from cockpit.model.ids import CommandId
from cockpit.model.reduce.activity import BETWEEN_RUNS, base_state


class QueueKind(StrEnum):
    """Which of its two queues a text waits in."""

    STEER = "steer"
    FOLLOW_UP = "follow-up"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One text that an agent has accepted and not read."""

    kind: QueueKind
    text: str
    """As the agent shows it: an extension may have changed it. Hostile until sanitised."""
    since: float = UNKNOWN_TIME
    """When it came into the queue, unix seconds; `UNKNOWN_TIME` where nothing tells it."""
    command: CommandId | None = None
    """Whose receipt it is; None for a text that no cockpit is known to have sent."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of what waits."""

    by_itself: bool
    """Whether it is read without anybody doing anything."""
    now: str
    """A sentence about what waits now."""
    after_abort: str
    """A sentence about what an abort would change."""
    after_failure: str
    """A sentence about what a failure of the model, or a retry that is given up, would change."""


WITH_THE_NEXT_PROMPT = "it waits for the next prompt, and is read behind that"

NOT_KNOWN = "it is not known of this version whether it is read by itself or waits for the next prompt"

INTO_THE_CUT_RUN = "the next steer is read into the run that ends, and not answered; of all else "


def waiting_in(agent: Agent) -> Iterator[Waiting]:
    """Yield what waits in an agent's queues in the order in which each is read; whose it is is not said."""
    activity = agent.activity
    kinds = (
        (QueueKind.STEER, activity.steering, activity.steering_since),
        (QueueKind.FOLLOW_UP, activity.follow_up, activity.follow_up_since),
    )
    for kind, texts, times in kinds:
        known = times if len(times) == len(texts) else (UNKNOWN_TIME,) * len(texts)
        for text, since in zip(texts, known, strict=True):
            yield Waiting(kind, text, since)


def fate_of(agent: Agent) -> Fate:
    """Say what becomes of what waits in an agent's queues: it differs by what the agent is at, and by its version."""
    state, activity, rules = base_state(agent.activity), agent.activity, agent.queue_rules
    after_failure = _after(rules.after_failure, "the failure")
    after_abort = _after(rules.after_abort, "the abort")
    if rules.cut_tool_takes_steer and activity.tools and activity.steering:
        after_abort = INTO_THE_CUT_RUN + after_abort
    if agent.process.state is ProcessState.DEAD:
        lost = "it was lost when the agent's process ended"
        return Fate(False, lost, lost, lost)
    if state is ActivityState.COMPACTING:
        return Fate(True, "it is read by itself once the compaction has ended", after_abort, after_failure)
    if not agent.run_open:
        return Fate(False, f"no run is open: {WITH_THE_NEXT_PROMPT}", WITH_THE_NEXT_PROMPT, WITH_THE_NEXT_PROMPT)
    if state is ActivityState.RETRYING or activity.detail in BETWEEN_RUNS:
        now = "it is read by itself if the agent goes on; if it gives up, " + after_failure.removeprefix("it ")
        return Fate(rules.after_failure is True, now, after_abort, after_failure)
    now = "a steer is read before the next step, a follow-up at the end of the run"
    return Fate(True, now, after_abort, after_failure)


def _after(by_itself: bool | None, what: str) -> str:
    if by_itself is None:
        return NOT_KNOWN
    return f"it is read by itself after {what}" if by_itself else WITH_THE_NEXT_PROMPT


def losing_images(waiting: Iterable[Waiting]) -> str:
    """Say what a change of the queues may lose, or return empty text.

    An agent gives back the texts that wait, and not the images that came with them. Of a text that a cockpit sent the
    receipt names them, and they go along again; of any other nothing tells whether there were some.
    """
    number = sum(one.command is None for one in waiting)
    if not number:
        return ""
    texts = "a text here came" if number == 1 else f"{number} texts here came"
    return f"{texts} from elsewhere: images with it, if there are any, are lost, for the agent gives back texts alone"


def counted(agent: Agent) -> tuple[int, int]:
    """Return how many texts wait as steering and as follow-ups."""
    return len(agent.activity.steering), len(agent.activity.follow_up)
