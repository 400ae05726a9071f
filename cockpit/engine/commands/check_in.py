"""The last step of a spawn: the feed is told that the agent started, unless an extension of its has said so already."""

from __future__ import annotations

import logging

from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.errors import CockpitError
from cockpit.model.fleet import Agent
from cockpit.services.errors import ServiceError
from cockpit.services.feed import FeedClient

log = logging.getLogger(__name__)

STARTED = "agent_started"
"""The feed's word for it."""


class CheckIn:
    """Made before the agent starts, so that an earlier start of one of its name is not taken for this one."""

    def __init__(self, source: Source, name: str) -> None:
        self._feed: FeedClient | None = source.told_to
        self._name = name
        self._before: set[str] | None = None

    async def expect(self) -> None:
        """Look what was said before; an extension of the agent's may say that it started."""
        if self._feed is None:
            return
        try:
            self._before = {item.id for item in await self._feed.list_events(agent=self._name, kind=STARTED)}
        except CockpitError as error:
            log.info("whether %s checks in by itself is not known: %s", self._name, error)

    async def settle(self, agent: Agent, progress: OperationProgress) -> None:
        """Take the agent's own word if it is there, else say it; without a feed there is nobody to say it to.

        Nobody is waited for: the published extension speaks at the first prompt (hdresearch/vers-agent-services), and
        an agent that gets none would be waited for in vain.
        """
        if self._feed is None:
            progress.detail("no feed is configured")
            return
        try:
            own = await self._own(self._feed)
            if own is not None:
                progress.detail(f"its own: {own}")
                return
            why = "its extension speaks later" if self._before is not None else "no extension of its says it"
            place = {"vmId": agent.vm_id, "by": "cockpit"}
            await self._feed.publish(self._name, STARTED, f"{self._name} started", metadata=place)
            progress.detail(f"ours: {why}")
        except ServiceError as error:
            log.warning("the start of %s is not on the feed: %s", self._name, error)
            progress.detail(f"not said: {error.message}")

    async def _own(self, feed: FeedClient) -> str | None:
        if self._before is None:
            return None
        said = await feed.list_events(agent=self._name, kind=STARTED)
        return next((item.summary for item in said if item.id not in self._before), None)
