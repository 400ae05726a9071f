"""Whether an agent can go on in its conversation once its process has ended: one may be started to write nothing down.

A process that ends takes such a conversation with it, and so does every copy, for in each copy the agent is started
anew.
"""

from __future__ import annotations

from cockpit.model.fleet import Agent


def is_forgetful(agent: Agent) -> bool:
    """Say whether an agent has said that no file holds what was said to it so far."""
    return agent.conversation_kept is False and agent.turns > 0


def may_be_forgetful(agent: Agent) -> bool:
    """Say whether nobody knows that: it was started by another tool, and has not said."""
    return agent.conversation_kept is None and agent.turns > 0 and not agent.process.run_id


def forgets(agent: Agent) -> str:
    """Say of a forgetful agent what that means, as the beginning of a sentence."""
    return f"the conversation of {agent.name} is in its process alone (no file holds it)"
