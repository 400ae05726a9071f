"""The only Static for data: what it is given is Content or clean text, never markup."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from cockpit.text.clean import NOTHING, Clean


class Plain(Static):
    """A Static with markup off that repaints only when its content changed, and never lays out again for it."""

    def __init__(self, text: Clean | Content = NOTHING, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(text, markup=False, id=id, classes=classes)
        self.auto_links = False  # what can be clicked looks as its piece says
        self._shown: Clean | Content = text

    def show(self, text: Clean | Content, *, layout: bool = False) -> None:
        """Show new content; `layout` only where its height may change."""
        if _same(text, self._shown):
            return
        self._shown = text
        self.update(text, layout=layout)


def _same(first: Clean | Content, second: Clean | Content) -> bool:
    """Compare text and spans: Content's own equality ignores the spans."""
    if isinstance(first, Content) and isinstance(second, Content):
        return first.is_same(second)
    return type(first) is type(second) and first == second
