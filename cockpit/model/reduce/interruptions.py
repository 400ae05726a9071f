"""Transitions of one agent's activity while its run stands still: retries and compaction, and how they end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cockpit.model import events as ev
from cockpit.model.fleet import ActivityState, Agent
from cockpit.model.reduce.activity import (
    BETWEEN_RUNS,
    QUEUED_START,
    SETTLING,
    base_state,
    entered,
    finished,
    says_its_end,
    working,
)


def retry_started(agent: Agent, event: ev.RetryStarted, at: float) -> Agent:
    """Return the agent waiting to ask its model again."""
    activity = entered(
        agent.activity,
        ActivityState.RETRYING,
        at,
        detail="",
        error=event.error,
        retry_attempt=event.attempt,
        retry_of=event.max_attempts,
        retry_at=at + event.delay,
    )
    return replace(agent, run_open=True, activity=activity)


def retry_ended(agent: Agent, event: ev.RetryEnded, at: float) -> Agent:
    """Return the agent after its retries: back at work, or given up."""
    retrying = base_state(agent.activity) is ActivityState.RETRYING
    if event.success:
        return working(agent, at, SETTLING, retry_attempt=0, retry_of=0, retry_at=None) if retrying else agent
    error = event.error or agent.activity.error
    if not agent.run_open or not says_its_end(agent):
        return finished(agent, at, error=error)
    # What is queued now runs by itself from pi 0.87 on, so that only the settled end tells whether this was the end.
    return replace(agent, activity=replace(agent.activity, detail=SETTLING, error=error))


def compaction_started(agent: Agent, event: ev.CompactionStarted, at: float) -> Agent:
    """Return the agent at its compaction."""
    changes: dict[str, Any] = {"detail": "", "compaction_reason": event.reason}
    if event.reason == "manual":
        # Before pi 0.85 it swallows the end of the run it interrupts; later builds have ended the run by now.
        agent = replace(agent, run_open=False, abort_requested=False)
        changes |= {
            "tools": (),
            "dialogs": (),
            "error": "",
            "retry_attempt": 0,
            "retry_of": 0,
            "retry_at": None,
        }
    return replace(agent, activity=entered(agent.activity, ActivityState.COMPACTING, at, **changes))


def compaction_ended(agent: Agent, event: ev.CompactionEnded, at: float) -> Agent:
    """Return the agent after its compaction: going on, at rest, or failed.

    One that was asked for between two runs ("Nothing to compact") fails as a command, and no work of the agent does.
    """
    if event.usage is not None:
        agent = replace(agent, usage=agent.usage + event.usage)
    activity = agent.activity
    compacting = base_state(activity) is ActivityState.COMPACTING
    if not compacting and activity.detail not in BETWEEN_RUNS and agent.run_open:
        return agent  # it ran beside a run that a queued text started meanwhile, and says nothing of that run
    asked_for = activity.compaction_reason == "manual" and not agent.run_open
    if event.error and not asked_for:
        return finished(agent, at, error=event.error)
    if event.will_retry:
        return working(agent, at, "", compaction_reason="")
    if activity.steering or activity.follow_up:
        return working(agent, at, QUEUED_START, compaction_reason="")
    if not agent.run_open:
        return replace(
            agent,
            activity=entered(activity, ActivityState.IDLE, at, detail="", error="", compaction_reason=""),
        )
    if says_its_end(agent):
        return working(agent, at, SETTLING, compaction_reason="")
    return finished(agent, at)
