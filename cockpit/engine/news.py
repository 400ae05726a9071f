"""The newest events of the feeds, each once; reports of tokens and cost are summed up, and push nothing else out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from cockpit.model.board import USAGE_KINDS, FeedItem
from cockpit.model.news.folding import UsageSums

FEED_KEPT = 500
REPORTS_KEPT = 100
"""Reports of tokens and cost that are kept beside the other events: most of what comes is such."""
SUMMED_KEPT = 20_000
"""Ids of reports that are remembered, so that none is counted twice: twice what a server keeps."""


class News:
    """What the feeds said."""

    def __init__(self) -> None:
        self.items: OrderedDict[str, FeedItem] = OrderedDict()
        """By id, in the order in which they came."""
        self.sums = UsageSums()
        """What the reports of tokens and cost sum up to."""
        self._summed: OrderedDict[str, None] = OrderedDict()
        self._reports = 0

    def take(self, items: Iterable[FeedItem]) -> bool:
        """Take in those that are not known yet; say whether there are any."""
        fresh = [item for item in items if item.id not in self.items and item.id not in self._summed]
        for item in fresh:
            self.items[item.id] = item
            if self.sums.take(item):
                self._summed[item.id] = None
                self._reports += 1
                self._bound(True, REPORTS_KEPT, self._reports)
            else:
                self._bound(False, FEED_KEPT, len(self.items) - self._reports)
        while len(self._summed) > SUMMED_KEPT:
            self._summed.popitem(last=False)
        return bool(fresh)

    def _bound(self, reports: bool, kept: int, number: int) -> None:
        """Drop the oldest of the reports, or of the others, if there are too many of them."""
        if number > kept:
            oldest = next(known for known, item in self.items.items() if (item.kind in USAGE_KINDS) is reports)
            del self.items[oldest]
            self._reports -= reports
