"""Puts an event on the feed; after a lost answer the feed itself tells whether it is there."""

from __future__ import annotations

from cockpit.engine.source import Source
from cockpit.errors import Refused, Undecided
from cockpit.model.board import OPERATOR, FeedItem
from cockpit.model.commands.feed import PublishEvent
from cockpit.services.errors import ServiceError


async def publish(source: Source, command: PublishEvent) -> FeedItem:
    """Publish an event and return it as the feed has it.

    Raises:
        Undecided: it cannot be told whether it is there.
        CockpitError: the feed refused it.
    """
    feed = source.feed
    if feed is None:
        raise Refused(
            "no feed is configured", hint="`cockpit infra` makes one, or set VERS_INFRA_URL and VERS_AUTH_TOKEN"
        )
    author = command.author or OPERATOR
    before = {item.id for item in await feed.list_events(agent=author, kind=command.kind)}
    try:
        return await feed.publish(author, command.kind, command.summary, detail=command.detail)
    except ServiceError as failure:
        if failure.undone:
            raise
        try:
            now = await feed.list_events(agent=author, kind=command.kind)
        except ServiceError as blind:
            raise Undecided(f"{failure.message}; whether it is there is unknown: {blind.message}") from failure
        fresh = (item for item in now if item.id not in before and item.summary == command.summary)
        found = next(fresh, None)
        if found is not None:
            return found
        raise Undecided(
            f"{failure.message}; the feed shows no such event", hint="look at the feed before you try again"
        ) from failure
