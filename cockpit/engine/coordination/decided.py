"""What became of a question, as the history of the inbox has it, and who answers here."""

from __future__ import annotations

import getpass
import socket

from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import Agent
from cockpit.model.inbox.history import Decided, HowEnded
from cockpit.model.inbox.question import digest_of, words_of


def whose() -> str:
    """Return who answers here: user and host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"  # an account that the system does not know
    return f"{user}@{socket.gethostname()}"


def decided(
    agent: Agent, request: DialogRequested, at: float, outcome: HowEnded, answer: str = "", by: str = ""
) -> Decided:
    """Return what became of an agent's own question."""
    key = f"ask:{agent.id}:{request.dialog_id}"
    return Decided(key, digest_of(request), at, agent.name, words_of(request), outcome, answer, by, agent.id)
