"""Words behind `/` in what an operator writes: some are the agent's, some are done here, the rest is text.

An agent's own screen carries some words out itself. Over the wire such a word would go to the model as text, so the
cockpit does what it stands for.
"""

from __future__ import annotations

import re

from cockpit.model.commands.conversation import (
    CloneSession,
    CompactContext,
    ConversationCommand,
    NameSession,
    NewSession,
    SetThinking,
)
from cockpit.model.ids import AgentId

DONE_HERE = {
    "model": "choose the model that answers",
    "thinking": "choose how much it thinks, or say it: /thinking high",
    "compact": "put a summary in the place of what was said; what follows says what to keep",
    "new": "begin another conversation",
    "name": "name the conversation: /name NAME",
    "session": "what the conversation has cost",
    "fork": "begin anew before one of your messages",
    "clone": "go on in a copy of the conversation",
    "resume": "go on with a saved conversation",
    "tree": "how the conversation branches",
    "export": "bring the conversation into a file",
    "copy": "read its last answer",
}
"""The words of agents' own screens that the cockpit carries out, and what each does."""

_WORD = re.compile(r"/([A-Za-z][\w:.-]*)(?:\s+(.*))?\Z", re.DOTALL)


def slash_word(text: str) -> tuple[str, str] | None:
    """Return the word behind a text's first `/` and what follows it; None for a text that begins with none.

    A path is none: `/etc/hosts` holds another slash.
    """
    found = _WORD.match(text.strip())
    return (found[1], (found[2] or "").strip()) if found is not None else None


def order_of(word: str, rest: str, agent: AgentId) -> ConversationCommand | None:
    """Return the command that a word done here stands for; None where something is to be chosen first."""
    match word:
        case "compact":
            return CompactContext(agent, rest)
        case "new":
            return NewSession(agent)
        case "clone":
            return CloneSession(agent)
        case "name" if rest:
            return NameSession(agent, rest)
        case "thinking" if rest:
            return SetThinking(agent, rest)
        case _:
            return None
