"""Reading backwards as the engine does it: a page is folded by itself and put before what is held."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.transcript.history import Item
from cockpit.model.transcript.window import TranscriptWindow


def prepend(window: TranscriptWindow, older: Sequence[Item]) -> None:
    """Fold in the records directly before the oldest one held."""
    page = TranscriptWindow()
    for item in window.with_head(older):
        page.take(item)
    window.put_before(page)
