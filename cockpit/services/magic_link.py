"""The dashboard's client: asks for the link that lets a browser in."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from cockpit.model.shared.link import MagicLink
from cockpit.services.errors import ServiceBroken, ServiceMissing, TokenRefused
from cockpit.services.http import ServiceHttp
from cockpit.services.reading import one_of, server_now
from cockpit.services.wire import ServiceModel, Text, Timestamp

USUAL_SECONDS = 300.0
"""How long a link is good where the server does not say it."""

DEVELOPMENT_TOKEN = "test-token"
"""What a server that was given no token wants here, and here alone."""


class DoorRecord(ServiceModel):
    """A link, and until when it is good."""

    url: Text = ""
    expiresAt: Timestamp = 0.0


class MagicLinkClient:
    """The dashboard of one server."""

    def __init__(self, http: ServiceHttp) -> None:
        self._http = http

    @property
    def dashboard(self) -> str:
        """Where the dashboard is: without the slash the servers answer 404."""
        return f"{self._http.base_url}/ui/"

    async def ask(self) -> MagicLink:
        """Ask for a link. It is good once, and for some minutes.

        Raises:
            TokenRefused: the token is not the server's.
            ServiceError: it gave none.
        """
        what = "ask for a link into the dashboard"
        try:
            reply = await self._http.request(what, "POST", "/auth/magic-link")
        except ServiceMissing as missing:
            missing.hint = f"this server gives no links; its dashboard may be at {self.dashboard}"
            raise
        except TokenRefused as refused:
            refused.hint = (
                f"{refused.hint}; a server that was given no token takes {DEVELOPMENT_TOKEN!r} here, as it is"
            )
            raise
        record = one_of(reply, what, DoorRecord)
        now = server_now(reply)
        seconds = max(0.0, record.expiresAt - now) if record.expiresAt else USUAL_SECONDS
        return MagicLink(self._reachable(what, record.url), self.dashboard, record.expiresAt, seconds)

    def _reachable(self, what: str, url: str) -> str:
        """Return the link at the address by which the server is reached from here.

        A server takes https for granted unless it is told, and names the host that it was asked by; where something
        between changed either, the link it made leads nowhere.

        Raises:
            ServiceBroken: the answer has no link.
        """
        parts, base = urlsplit(url), urlsplit(self._http.base_url)
        if not parts.netloc or not parts.query:
            raise ServiceBroken(f"could not {what}: the answer has no link", hint="check the server's address")
        path = parts.path if not base.path or parts.path.startswith(base.path) else base.path + parts.path
        return urlunsplit((base.scheme, base.netloc, path, parts.query, ""))
