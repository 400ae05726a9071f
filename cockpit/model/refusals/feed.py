"""Why a command about the feed is refused."""

from __future__ import annotations

from cockpit.model.commands.feed import PublishEvent
from cockpit.model.news.port import EVENT_KINDS
from cockpit.model.refusals.grounds import Refusal, RefusalCode

NO_FEED = Refusal(
    RefusalCode.NO_BOARD,
    "no feed is configured: `cockpit infra` makes one, or set VERS_INFRA_URL and VERS_AUTH_TOKEN",
)


def to_feed(command: PublishEvent) -> Refusal | None:
    """Return why an event cannot be published, or None."""
    if command.kind not in EVENT_KINDS:
        return Refusal(RefusalCode.NO_COLUMN, f"there are no events of type {command.kind!r}: {', '.join(EVENT_KINDS)}")
    return None if command.summary.strip() else Refusal(RefusalCode.NO_TEXT, "an event needs a summary")
