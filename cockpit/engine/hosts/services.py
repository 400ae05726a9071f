"""How agents on a host reach board, feed and registry: by a port of the host's loopback, over the connection to it."""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cockpit.engine.hosts.scripts import LISTENER
from cockpit.model.ids import VmId
from cockpit.remote.errors import ChannelRefused, RemoteError

if TYPE_CHECKING:
    from cockpit.remote.hosts.connection import HostConnection
    from cockpit.remote.hosts.line import LentConnection

log = logging.getLogger(__name__)

FIRST_PORT, PORTS = 20_000, 10_000
"""The port is one of these, below those that a system gives out by itself. It is the same whenever this cockpit, or
another one of the same fleet, connects: an agent knows one address for all its life."""

AGAIN = 30.0
"""Seconds until a port that could not be had is asked for again: who holds it may have gone."""

LOOK_LIMIT = 15.0
"""Seconds the host gets to say who listens on the port."""


class SharedServices:
    """The services of a fleet, for the agents of one host beside it."""

    def __init__(self, host: str, word: str, url: Callable[[], str], token: Callable[[VmId], str]) -> None:
        """Prepare; nothing is asked.

        Args:
            host: its name.
            word: the same for all cockpits of the fleet and the host, and of no other.
            url: returns where the services are, as this machine reaches them; empty text where there are none.
            token: returns that of the agent of a place.
        """
        self._host = host
        self._url = url
        self._token = token
        self.port = FIRST_PORT + zlib.crc32(word.encode()) % PORTS
        self._leads: HostConnection | None = None
        """The connection by which the port leads here."""
        self._tried: HostConnection | None = None
        self._tried_at = 0.0
        self._held = False
        """Another process of the same user there holds the port: another cockpit, of this one or of another machine."""
        self._taking = asyncio.Lock()
        self.trouble: RemoteError | None = None
        """Why agents there reach no services; None while they do, or there are none."""

    @property
    def forwarded(self) -> bool:
        """Whether they are led there; those that speak TLS are public and asked under their own name."""
        return self._url().startswith("http://")

    async def lead(self, lent: LentConnection, *, anyway: bool = False) -> None:
        """Have the port of the host lead to the services, unless it does; what is wrong is kept as `trouble`.

        Args:
            lent: the connection to the host, which is open.
            anyway: try also what a moment ago could not be.
        """
        if not self.forwarded:
            self.trouble = None
            return
        async with self._taking:
            common, now = lent.common, time.monotonic()
            if self._leads is common or (self._tried is common and not anyway and now - self._tried_at < AGAIN):
                return
            self._tried, self._tried_at = common, now
            try:
                await self._take(lent)
            except RemoteError as error:
                if self.trouble is None or error.message != self.trouble.message:
                    log.warning("the services are not reached from host %s: %s", self._host, error)
                self.trouble, self._held = error, False

    async def _take(self, connection: LentConnection) -> None:
        place = urlsplit(self._url())
        try:
            await connection.lead_back(self.port, place.hostname or "127.0.0.1", place.port or 80)
        except ChannelRefused as refused:
            done = await connection.run(LISTENER, str(self.port), timeout=LOOK_LIMIT)
            words = done.stdout.decode("ascii", "replace").split()
            if words[:1] == ["ours"]:
                self._held, self.trouble = True, None
            elif words[:1] == ["theirs"]:
                raise ChannelRefused(
                    f"port {self.port} of {connection.endpoint}, which would lead to the services, is another user's",
                    hint="ask who holds it there; agents there work without board, feed and registry",
                ) from refused
            else:
                raise
        else:
            self._leads, self._held, self.trouble = connection.common, False, None

    def access(self, vm_id: VmId) -> tuple[str, str] | None:
        """Return URL and token by which the agent of a place reaches the services; None where it does not."""
        if not self._url() or (self.forwarded and self.trouble is not None):
            return None
        return f"http://127.0.0.1:{self.port}" if self.forwarded else self._url(), self._token(vm_id)

    @property
    def words(self) -> str:
        """How they are reached from there."""
        if not self._url():
            return ""
        if self.trouble is not None:
            return f"no board, feed and registry: {self.trouble.message}"
        if not self.forwarded:
            return f"services at {self._url()}"
        held = ", which another cockpit holds" if self._held else ""
        return f"services at port {self.port} of its loopback{held}"
