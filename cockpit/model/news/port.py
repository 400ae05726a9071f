"""What the engine's port promises about the feed, beyond its newest events, which stand in the fleet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.board import FeedItem
    from cockpit.model.news.folding import UsageSum

EVENT_KINDS = (
    "task_started",
    "task_completed",
    "task_failed",
    "blocker_found",
    "question",
    "finding",
    "skill_proposed",
    "file_changed",
    "cost_update",
    "agent_started",
    "agent_stopped",
    "token_update",
    "custom",
)
"""The types of events that a server takes (hdresearch/vers-agent-services, src/feed); a reader shows others, too."""


class Freshness(StrEnum):
    """How the stream of a feed stands."""

    CATCHING_UP = "catching up"
    """What was missed is on its way, or nothing came yet."""
    LIVE = "live"
    STALE = "stale"
    """The stream is lost: what is shown is the last known."""


@dataclass(frozen=True, slots=True)
class FeedLink:
    """The stream of one source's feed."""

    source: str
    state: Freshness
    since: float
    """Unix seconds."""
    reason: str = ""
    """Why it is lost, and what to do about it."""


@dataclass(frozen=True, slots=True)
class FeedStatistics:
    """What a server counts over the events it keeps."""

    total: int = 0
    by_agent: Mapping[str, int] = field(default_factory=dict)
    by_kind: Mapping[str, int] = field(default_factory=dict)
    latest: Mapping[str, FeedItem] = field(default_factory=dict)
    """The newest event of each agent."""


class FeedPort(Protocol):
    """The feed: how fresh it is, and what is asked of its server."""

    @property
    def links(self) -> tuple[FeedLink, ...]:
        """The stream of each source that has a feed."""

    @property
    def sums(self) -> tuple[UsageSum, ...]:
        """What the agents reported of tokens and cost since the oldest event known here, who did last first."""

    async def statistics(self) -> FeedStatistics:
        """Return what the servers count.

        Raises:
            CockpitError: one cannot be asked.
        """

    async def events(self, *, limit: int = 0, agent: str = "", kind: str = "", since: str = "") -> tuple[FeedItem, ...]:
        """Return events that the servers keep, oldest first.

        Args:
            limit: the newest so many of each server; 0 for all.
            agent: whose, by the whole name; empty for all.
            kind: of which type; empty for all.
            since: an event's id or a date (ISO 8601): those after it.

        Raises:
            CockpitError: a server cannot be asked.
        """
