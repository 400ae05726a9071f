"""Giving what was read to who takes it, in the callback that brought it: nobody has to be woken for each piece."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.remote.tail.filter import Piece

PieceSink = Callable[[list[Piece]], bool]
"""Takes pieces; returns whether it has room for more."""


class Delivery:
    """Gives pieces in their order to one taker at a time, as long as it has room."""

    def __init__(self, pieces: Callable[[], list[Piece]]) -> None:
        """Prepare.

        Args:
            pieces: returns the next pieces, none if there are none now.
        """
        self._pieces = pieces
        self._sink: PieceSink | None = None
        self._giving = False
        self.full = False
        """The taker has no room."""
        self.failure: Exception | None = None
        """What the taker, or taking the stream apart, raised: to be raised again where somebody waits, and not in the
        callback of a library."""

    @property
    def open(self) -> bool:
        """There is a taker."""
        return self._sink is not None

    def begin(self, sink: PieceSink) -> None:
        """Give to this taker from now on, first what is there."""
        self._sink, self.full = sink, False
        self.give()

    def end(self) -> None:
        """Give no more."""
        self._sink = None

    def give(self) -> None:
        """Give what is there."""
        # Letting the channel go on delivers what it held back at once: that must stay behind what is being given.
        if self._giving or self._sink is None or self.failure is not None:
            return
        self._giving = True
        try:
            while not self.full and (pieces := self._pieces()):
                self.full = not self._sink(pieces)
        except Exception as error:
            self.failure = error
        finally:
            self._giving = False
