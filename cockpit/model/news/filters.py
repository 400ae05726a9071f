"""Which events an operator wants to see: by words, agent and type."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.board import USAGE_KINDS, FeedItem
from cockpit.model.filters.fields import Vocabulary, Wording
from cockpit.model.filters.language import filter_of


def _words(item: FeedItem) -> Iterable[str]:
    return (item.agent, item.kind, item.summary, item.detail)


EVENTS: Vocabulary[FeedItem] = Vocabulary(
    _words,
    {
        "agent": Wording(lambda item: (item.agent,)),
        "type": Wording(lambda item: (item.kind,)),
        "task": Wording(lambda item: (item.task,) if item.task is not None else ()),
        "text": Wording(lambda item: (item.summary, item.detail), within=True),
    },
    marks={"@": "agent"},
    others={"is": "type", "kind": "type", "by": "agent", "state": "type"},
)
"""Events: `@agent is:type`, and words."""


def wished(items: Iterable[FeedItem], text: str) -> list[FeedItem]:
    """Return the events that a line asks for, in their order.

    Reports of tokens and cost are among them only if they are asked for by their type.
    """
    wanted = filter_of(text, EVENTS)
    by_type = any(term.field == "type" and not term.negated for term in wanted.terms)
    return [item for item in items if wanted.fits(item) and (by_type or item.kind not in USAGE_KINDS)]
