"""What can be chosen while something is written: a word behind `/`, a template, a path of the agent's VM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cockpit.model.ids import AgentId
from cockpit.text.clean import NOTHING, Clean


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing to choose."""

    shown: Clean
    inserted: str
    """What stands in place of what was begun."""
    note: Clean = NOTHING
    is_whole: bool = False
    """It is written already: enter is not needed to choose it."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What is written of something that may be chosen."""

    start: int
    """Where it begins, in characters of the line the cursor is in."""
    needle: str


@dataclass(frozen=True, slots=True)
class Writing:
    """What a source of offers is told."""

    agent: AgentId
    before: str
    """What stands in the line before the cursor."""
    alone: bool
    """Nothing else is written."""


class Choosable(Protocol):
    """A source of offers."""

    async def renew(self) -> None:
        """Take in what may have changed since something was written last."""

    def begun(self, writing: Writing) -> Begun | None:
        """Return what is begun of its kind, or None."""

    def offers(self, agent: AgentId, needle: str) -> list[Offer]:
        """Return what fits, at once."""

    async def learn(self, agent: AgentId, needle: str) -> bool:
        """Ask for more that may fit; return whether `offers` says something new. Cancelled when writing goes on."""

    def trouble(self, agent: AgentId) -> Clean:
        """Say why there may be nothing to offer, or return empty text."""
