"""The conversation an agent is in: after it went to another one, nothing of the one before is its present."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cockpit.model.events import Responded
from cockpit.model.fleet import Activity, ActivityState, Agent, Conversation

ANOTHER = {
    "new_session": "a new conversation begins",
    "switch_session": "another conversation goes on",
    "fork": "a fork of the conversation begins",
    "clone": "a copy of the conversation goes on",
}
"""The commands after which an agent is in another conversation, as its responses name them, in words for people."""


def is_another_conversation(event: Responded) -> bool:
    """Say whether a response tells that the agent is in another conversation; an extension may have cancelled it."""
    data = event.data if isinstance(event.data, dict) else {}
    return event.success and event.command in ANOTHER and data.get("cancelled") is not True


def another_conversation(agent: Agent, at: float) -> Agent:
    """Return the agent at the beginning of another conversation: at rest, with empty queues.

    A run of the one before is over without a word of it, and which model answers now it has not said yet. The sums go
    on: they are the agent's.
    """
    return replace(
        agent,
        activity=Activity(ActivityState.IDLE, at),
        context_tokens=0,
        last_text="",
        stop_reason="",
        run_open=False,
        abort_requested=False,
        former=(),
        conversation=Conversation(since=agent.line + 1, told=False),
    )


def in_session(agent: Agent, session: str) -> Agent:
    """Return the agent in the conversation that a run of it named; one it was not in before begins there."""
    known = agent.conversation
    if known.id == session:
        return agent
    return replace(agent, conversation=Conversation(session, since=agent.line + 1 if known.id else known.since))


def conversation_told(agent: Agent, data: Mapping[str, Any]) -> Agent:
    """Return the agent with what it says of its conversation when it is asked how it is set."""
    if not isinstance(data.get("sessionId"), str):
        return agent
    words = {name: value if isinstance(value, str) else "" for name, value in data.items()}
    return replace(
        agent,
        conversation=Conversation(
            words.get("sessionId", ""),
            words.get("sessionName", ""),
            words.get("sessionFile", ""),
            agent.conversation.since,
        ),
    )
