"""What became of questions: who answered what, and which were withdrawn before anybody did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.ids import AgentId


class HowEnded(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    """It waits no more, and no cockpit of this history answered: its run ended, its time was over, or another did."""


KEPT_WORDS = 2_000
"""Characters of a question and of an answer that are kept."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One question that waits no more."""

    key: str
    """The entry's; together with the mark it is one question."""
    mark: str
    at: float
    """Unix seconds at which it ended."""
    who: str
    """The name under which it was asked."""
    asked: str
    outcome: HowEnded
    answer: str = ""
    by: str = ""
    """Who answered: user and host."""
    agent: AgentId | None = None
