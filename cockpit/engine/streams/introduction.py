"""What an agent is asked by itself: what its stream, read to its end, has never told of it as it is now."""

from __future__ import annotations

import logging

from cockpit.engine.streams.sender import Sender
from cockpit.errors import CockpitError
from cockpit.model.events import DaemonExited, Event, Responded
from cockpit.model.fleet import Agent
from cockpit.model.ids import CONVERSATION_QUESTION
from cockpit.model.inquiries import MESSAGES
from cockpit.model.reduce.conversations import is_another_conversation

log = logging.getLogger(__name__)


def calls_for_a_look(event: Event) -> bool:
    """Say whether an event is a reason to look at the agent now: it ended, or is in another conversation."""
    return isinstance(event, DaemonExited) or (isinstance(event, Responded) and is_another_conversation(event))


class Introduction:
    """Asks once for a conversation: every question costs a line in the agent's output."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._asked = -1

    async def ask(self, agent: Agent) -> None:
        """Ask for model and settings if nothing has named them, and what was said in a conversation it went to."""
        conversation = agent.conversation
        if (agent.model and conversation.told) or conversation.since == self._asked:
            return
        self._asked = conversation.since
        try:
            await self._sender.ask(agent, "cockpit-state")
            if not conversation.told:
                await self._sender.ask(agent, f"{CONVERSATION_QUESTION}-{conversation.since}", MESSAGES)
        except CockpitError as error:
            log.info("agent %s: its state could not be asked: %s", agent.id, error)
