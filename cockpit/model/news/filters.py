"""Which events an operator wants to see: by words, agent and type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.model.board import USAGE_KINDS, FeedItem


@dataclass(frozen=True, slots=True)
class EventWish:
    """What an event must have; beginnings of names are enough, whatever the case: they are being typed."""

    words: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def fits(self, item: FeedItem) -> bool:
        """Say whether an event is wanted: reports of tokens and cost only if they are asked for by their type."""
        kind = item.kind.casefold()
        asked = any(kind.startswith(wanted) for wanted in self.kinds)
        if not asked and (self.kinds or item.kind in USAGE_KINDS):
            return False
        if self.agents and not any(item.agent.casefold().startswith(wanted) for wanted in self.agents):
            return False
        text = f"{item.agent}\n{item.kind}\n{item.summary}\n{item.detail}".casefold() if self.words else ""
        return all(word in text for word in self.words)


def wish_of(text: str) -> EventWish:
    """Return what a line asks for: `@agent is:type`, and words."""
    found: dict[str, list[str]] = {"@": [], "is:": [], "": []}
    for word in text.casefold().split():
        mark = next((mark for mark in found if mark and word.startswith(mark)), "")
        if rest := word.removeprefix(mark):
            found[mark].append(rest)
    return EventWish(tuple(found[""]), tuple(found["@"]), tuple(found["is:"]))


def wished(items: Iterable[FeedItem], text: str) -> list[FeedItem]:
    """Return the events that a line asks for, in their order."""
    wanted = wish_of(text)
    return [item for item in items if wanted.fits(item)]
