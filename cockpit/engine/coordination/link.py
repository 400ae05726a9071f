"""Links into the dashboards of the servers."""

from __future__ import annotations

from cockpit.engine.coordination.places import ServicePlaces
from cockpit.model.shared.link import MagicLink
from cockpit.services.magic_link import MagicLinkClient


class Links:
    """Implements `cockpit.model.shared.link.LinkPort`."""

    def __init__(self, places: ServicePlaces) -> None:
        self._places = places

    async def ask(self, place: str = "") -> MagicLink:
        """Ask the server of a source for a link into its dashboard; it is kept and logged nowhere.

        Raises:
            CockpitError: it gave none.
        """
        return await MagicLinkClient(self._places.services(place).http).ask()
