"""The dashboard of a server, and the link that lets a browser in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class MagicLink:
    """A link that lets one browser in, once."""

    url: str = field(repr=False)
    """Whoever has it is let in: it is shown to who asked, and stands in no log."""
    dashboard: str
    """Where the dashboard is, with the slash that it needs."""
    expires_at: float
    """Unix seconds of the server's clock; 0 where it does not say."""
    seconds: float
    """For how long it is good, by the server's clock."""


class LinkPort(Protocol):
    """Asks servers for links."""

    async def ask(self, place: str = "") -> MagicLink:
        """Ask the server of a source, the first if none is named, for a link into its dashboard.

        Raises:
            CockpitError: it gave none.
        """
