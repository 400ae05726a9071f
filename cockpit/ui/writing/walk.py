"""Walking through the texts that were sent, from what is written now back and forth; each place keeps its changes."""

from __future__ import annotations

from collections.abc import Sequence


class HistoryWalk:
    """A place in the history; it begins at what is written."""

    def __init__(self, sent: Sequence[str], written: str) -> None:
        """Begin.

        Args:
            sent: the newest last.
            written: what is written and not sent.
        """
        self._texts = [*(text for text in sent if text != written), written]
        self._at = len(self._texts) - 1

    @property
    def at_written(self) -> bool:
        """Whether it is back at what was written."""
        return self._at == len(self._texts) - 1

    @property
    def written(self) -> str:
        """What is written and not sent."""
        return self._texts[-1]

    @property
    def text(self) -> str:
        """What stands at the place."""
        return self._texts[self._at]

    def step(self, by: int, left: str | None = None) -> bool:
        """Go to an older (-1) or newer (1) text; return whether there is one.

        Args:
            by: how far.
            left: what the text at the place has become; it is there when one comes back.
        """
        at = self._at + by
        if not 0 <= at < len(self._texts):
            return False
        if left is not None:
            self._texts[self._at] = left
        self._at = at
        return True
