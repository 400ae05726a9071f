"""An agent's queues: which texts wait, and since when each does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cockpit.model.events import QueueChanged
from cockpit.model.fleet import UNKNOWN_TIME, Agent


def queues_changed(agent: Agent, event: QueueChanged, at: float) -> Agent:
    """Return the agent with the queues it told, each whole."""
    before = agent.activity
    activity = replace(
        before,
        steering=event.steering,
        follow_up=event.follow_up,
        steering_since=since_of(before.steering, before.steering_since, event.steering, at),
        follow_up_since=since_of(before.follow_up, before.follow_up_since, event.follow_up, at),
    )
    return replace(agent, activity=activity)


def since_of(before: Sequence[str], times: Sequence[float], now: Sequence[str], at: float) -> tuple[float, ...]:
    """Return since when each text waits, of a queue that loses at its front and grows behind.

    Args:
        before: the queue as it was.
        times: since when those waited, unix seconds; of another length if nobody knows it.
        now: the queue as it is.
        at: when it was told, unix seconds.
    """
    known = tuple(times) if len(times) == len(before) else (UNKNOWN_TIME,) * len(before)
    left = next(gone for gone in range(len(before) + 1) if tuple(before[gone:]) == tuple(now[: len(before) - gone]))
    return (*known[left:], *(at for _ in now[len(before) - left :]))
