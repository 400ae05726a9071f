"""Counts the runs of the reading script that brought nothing, and says when starting it again makes no sense."""

from __future__ import annotations

import asyncio

from cockpit.remote.errors import CommandFailed

FRUITLESS_RUNS = 5
"""Script runs in a row without a single byte or answer after which the trouble is told instead of tried again."""
SETTLED_RUN = 10.0
"""Seconds after which a run counts as fruitful also without a byte."""
PAUSE_BETWEEN_RUNS = 0.2
"""Seconds before a script that ended by itself is started again."""


class Runs:
    """The runs of one Tail."""

    def __init__(self, what: str) -> None:
        """Prepare.

        Args:
            what: what is read, for people.
        """
        self._what = what
        self._fruitless = 0
        self._began_at = 0.0

    def begin(self) -> None:
        """Note the start of a run."""
        self._began_at = asyncio.get_running_loop().time()

    def fruitful(self) -> None:
        """Note that the run brought something."""
        self._fruitless = 0

    async def before_next(self, last_words: str) -> None:
        """Wait as long as is sensible before a run that ended by itself is followed by another.

        Args:
            last_words: what the VM said of the end of the last run; may be empty.

        Raises:
            CommandFailed: too many brought nothing.
        """
        lived = asyncio.get_running_loop().time() - self._began_at
        self._fruitless = 0 if lived > SETTLED_RUN else self._fruitless + 1
        if self._fruitless > FRUITLESS_RUNS:
            raise CommandFailed(
                f"the script that reads {self._what} ended at once, {self._fruitless} times in a row"
                + (f": {last_words}" if last_words else ""),
                hint="look at the VM: is its disk full, is it out of memory or processes?",
            )
        if self._fruitless > 1:
            await asyncio.sleep(PAUSE_BETWEEN_RUNS)
