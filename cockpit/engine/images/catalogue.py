"""The golden images of every source, as they were last read."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.model.images import GoldenImage, newest_known, stale_reasons


class ImageCatalogue:
    """Implements `cockpit.engine.port.ImagesPort`."""

    def __init__(self, running: Sequence[RunningSource], fleet_state: FleetState) -> None:
        self._running = running
        self._fleet_state = fleet_state

    @property
    def known(self) -> tuple[GoldenImage, ...]:
        """The images as they were last read, the newest of each source first."""
        return tuple(image for running in self._running for image in running.golden)

    def stale(self, image: GoldenImage) -> tuple[str, ...]:
        """Say why an image is stale, by the bound of its source and by what is known of versions anywhere."""
        homes = [running.source for running in self._running if image in running.golden]
        source = homes[0] if homes else self._running[0].source
        programs = {program.name for running in self._running for program in running.source.programs}
        agents = ((agent.program, agent.version) for agent in self._fleet_state.agents.values())
        newest = newest_known(self.known, agents, programs)
        return stale_reasons(image, self._fleet_state.clock.now(), source.image_max_age, newest)

    async def look(self) -> tuple[GoldenImage, ...]:
        """Read the images of every source and return them.

        Raises:
            CockpitError: a list could not be had.
        """
        for running in self._running:
            await running.look_at_images()
        return self.known
