"""An agent's model and thinking level: what is set counts from then on, also if the run's answers name the old ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cockpit.model.events import MessageEnded, SettingChanged
from cockpit.model.fleet import Agent

FORMER_LIMIT = 16
"""Replaced settings remembered of one run."""


def with_model(agent: Agent, name: str, provider: str = "") -> Agent:
    """Return the agent with a model that was set, by whomever."""
    if not name:
        return agent
    former = _replaced(agent, agent.model, name)
    inputs = agent.inputs if name == agent.model else ()
    return replace(agent, model=name, provider=provider or agent.provider, former=former, inputs=inputs)


def with_level(agent: Agent, level: str) -> Agent:
    """Return the agent with a thinking level that was set, by whomever."""
    if not level:
        return agent
    return replace(agent, thinking=level, former=_replaced(agent, agent.thinking, level))


def setting_changed(agent: Agent, event: SettingChanged, at: float) -> Agent:
    """Return the agent after it said that a setting was changed."""
    if event.name == "session_name":
        return replace(agent, conversation=replace(agent.conversation, name=event.value))
    if event.name == "permission_mode":
        return replace(agent, permission_mode=event.value)
    return with_level(agent, event.value) if event.name == "thinking_level" else agent


def settings_told(agent: Agent, data: Any) -> Agent:
    """Return the agent with the thinking level that an answer to a command names."""
    level = data.get("thinkingLevel", data.get("level")) if isinstance(data, dict) else None
    return with_level(agent, level) if isinstance(level, str) and level != agent.thinking else agent


def settings_of_answer(agent: Agent, event: MessageEnded) -> Agent:
    """Return the agent with what an answer says it was given with.

    An answer was asked for some time ago, in pi 0.73 with the settings that its run began with: what was replaced since
    then stays replaced.
    """
    model = event.model if event.model and event.model not in agent.former else agent.model
    level = event.thinking if event.thinking and event.thinking not in agent.former else agent.thinking
    same = model == agent.model
    return replace(
        agent,
        model=model,
        thinking=level,
        provider=agent.provider if same else event.provider,
        inputs=agent.inputs if same else (),
    )


def _replaced(agent: Agent, before: str, now: str) -> tuple[str, ...]:
    """Return what the answers of the open run may still name though it was replaced."""
    if before == now:
        return agent.former
    rest = tuple(value for value in agent.former if value != now)
    return (*rest, before)[-FORMER_LIMIT:] if agent.run_open and before else rest
