"""The golden images of every source, as they were last read."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.engine.running_source import RunningSource
from cockpit.model.images import GoldenImage


class ImageCatalogue:
    """Implements `cockpit.engine.port.ImagesPort`."""

    def __init__(self, running: Sequence[RunningSource]) -> None:
        self._running = running

    @property
    def known(self) -> tuple[GoldenImage, ...]:
        """The images as they were last read, the newest of each source first."""
        return tuple(image for running in self._running for image in running.golden)

    async def look(self) -> tuple[GoldenImage, ...]:
        """Read the images of every source and return them.

        Raises:
            CockpitError: a list could not be had.
        """
        for running in self._running:
            await running.look_at_images()
        return self.known
