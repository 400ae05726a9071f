"""What an agent's answers to commands tell of its state: the model, the context, and drift from the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cockpit.model.events import Responded
from cockpit.model.fleet import ActivityState, Agent
from cockpit.model.ids import is_cockpits
from cockpit.model.reduce.activity import (
    BETWEEN_RUNS,
    BY_ANOTHER,
    OVERDUE,
    UNCLAIMED,
    base_state,
    entered,
    finished,
    rested,
    working,
)
from cockpit.model.reduce.conversations import another_conversation, conversation_told, is_another_conversation
from cockpit.model.reduce.settings import settings_told, with_model

CLAIMED_WITHIN = 10.0
"""Seconds after a run's end in which the answer to the abort that ended it comes: it comes at once."""

RETRY_CANCELLED = "Retry cancelled"
"""What pi calls the end of a backoff that was aborted."""

AT_REST = frozenset(
    {
        ActivityState.UNKNOWN,
        ActivityState.STARTING,
        ActivityState.IDLE,
        ActivityState.ABORTED,
        ActivityState.ERROR,
        ActivityState.DONE_UNSEEN,
    }
)

OUTCOMES = frozenset({ActivityState.ABORTED, ActivityState.ERROR, ActivityState.DONE_UNSEEN})
"""How a run can have ended: what is still true of an idle agent after its output file was replaced."""


def responded(agent: Agent, event: Responded, at: float) -> Agent:
    """Return the agent after its answer to a command, whoever sent that."""
    if not event.success:
        return _refused(agent, event, at)
    data: Mapping[str, Any] = event.data if isinstance(event.data, dict) else {}
    if event.command == "get_state":
        agent = _state(_model(agent, data.get("model")), data, at)
        if event.conversation_kept is not None:
            agent = replace(agent, conversation_kept=event.conversation_kept)
    elif event.command == "set_model":
        agent = _model(agent, data)
    elif event.command == "cycle_model":
        agent = settings_told(_model(agent, data.get("model")), data)
    elif event.command in ("cycle_thinking_level", "set_thinking_level"):
        agent = settings_told(agent, data)
    elif event.command == "set_permission_mode":
        agent = replace(agent, permission_ordered=str(data.get("mode") or agent.permission_ordered))
    elif event.command == "get_session_stats":
        agent = _context(agent, data.get("contextUsage"))
    elif event.command == "abort":
        agent = _aborted(agent, event, at)
    elif is_another_conversation(event):
        agent = another_conversation(agent, at)
    if base_state(agent.activity) is ActivityState.STARTING:
        agent = replace(agent, activity=entered(agent.activity, ActivityState.IDLE, at))
    return agent


def _refused(agent: Agent, event: Responded, at: float) -> Agent:
    # A prompt refused because a run is going on says nothing bad of that run.
    if event.command == "prompt" and not agent.run_open and base_state(agent.activity) in AT_REST:
        error = event.error or "the agent refused a prompt and gave no reason"
        return replace(agent, activity=entered(agent.activity, ActivityState.ERROR, at, error=error, detail=""))
    return agent


def _aborted(agent: Agent, event: Responded, at: float) -> Agent:
    """An abort is answered after the run has ended, and its id says whether a cockpit asked for it.

    An agent that answers while the run still ends says so (`ending`): then the end that follows is of this abort.
    """
    activity = agent.activity
    if agent.run_open and isinstance(event.data, dict) and event.data.get("ending") is True:
        return replace(agent, abort_requested=True) if is_cockpits(event.command_id) else agent
    by = "" if is_cockpits(event.command_id) else BY_ANOTHER
    state = base_state(activity)
    if agent.run_open and activity.detail in BETWEEN_RUNS and agent.stop_reason in ("error", "aborted"):
        agent = finished(agent, at, aborted=True)
        return replace(agent, activity=replace(agent.activity, detail=by))
    cut = state is ActivityState.ERROR and ("abort" in activity.error.lower() or activity.error == RETRY_CANCELLED)
    if cut:
        # pi 0.87 shows an abort during a tool as an error, and one during a backoff as a retry that was cancelled.
        return replace(agent, activity=entered(activity, ActivityState.ABORTED, at, error="", detail=by))
    if state is ActivityState.ABORTED and activity.detail == UNCLAIMED and at - activity.since < CLAIMED_WITHIN:
        return replace(agent, activity=replace(activity, detail=by))
    return agent


def _model(agent: Agent, model: Any) -> Agent:
    """Take over the model's name and context window; without credentials pi says `unknown`."""
    if not isinstance(model, dict):
        return agent
    name, window, provider = model.get("id"), model.get("contextWindow"), model.get("provider")
    kinds = model.get("input")
    agent = with_model(agent, name if isinstance(name, str) else "", provider if isinstance(provider, str) else "")
    return replace(
        agent,
        context_window=window if isinstance(window, int) and window > 0 else agent.context_window,
        inputs=tuple(kind for kind in kinds if isinstance(kind, str)) if isinstance(kinds, list) else agent.inputs,
    )


def _context(agent: Agent, usage: Any) -> Agent:
    """Take over how full the context is; right after a compaction pi does not know."""
    if not isinstance(usage, dict):
        return agent
    tokens, window = usage.get("tokens"), usage.get("contextWindow")
    return replace(
        agent,
        context_tokens=tokens if isinstance(tokens, int) and tokens >= 0 else agent.context_tokens,
        context_window=window if isinstance(window, int) and window > 0 else agent.context_window,
    )


def _state(agent: Agent, data: Mapping[str, Any], at: float) -> Agent:
    """Take over the thinking level, and correct the state where events were missed.

    In pi 0.73 `isStreaming` is false during a retry's backoff and during an automatic compaction, so "not streaming"
    ends neither; events do.
    """
    agent = conversation_told(settings_told(agent, data), data)
    streaming, compacting = data.get("isStreaming"), data.get("isCompacting")
    activity = agent.activity
    state = base_state(activity)
    if compacting is True:
        if state is ActivityState.COMPACTING:
            return agent
        return replace(agent, activity=entered(activity, ActivityState.COMPACTING, at, detail=""))
    if streaming is True:
        return working(agent, at, "") if state in AT_REST else agent
    if streaming is not False or compacting is not False:
        return agent
    quiet = at - (agent.last_event_at if agent.last_event_at is not None else at)
    if state in (ActivityState.UNKNOWN, ActivityState.STARTING):
        idle = activity.beneath if activity.beneath in OUTCOMES else ActivityState.IDLE
        return replace(agent, activity=entered(activity, idle, at))
    if state is ActivityState.RETRYING:
        overdue = activity.retry_at is not None and at >= activity.retry_at + OVERDUE
        return finished(agent, at, error=activity.error) if overdue else agent
    if state is ActivityState.COMPACTING:
        return finished(agent, at) if agent.run_open else rested(agent, at)
    if state is ActivityState.WORKING:
        if activity.detail in BETWEEN_RUNS:
            return finished(agent, at) if quiet >= OVERDUE else agent
        return rested(agent, at)
    return agent
