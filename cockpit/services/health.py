"""Which kind of server this is: what answers /health without a token, and what it has."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from cockpit.model.shared.server import ServerFacts, ServerKind
from cockpit.services.http import ServiceHttp
from cockpit.services.reading import one_of
from cockpit.services.wire import Amount, ServiceModel


def _modules(value: object) -> tuple[str, ...] | None:
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else None


class HealthRecord(ServiceModel):
    """Only a reef lists its services."""

    uptime: Amount = 0.0
    services: Annotated[tuple[str, ...] | None, BeforeValidator(_modules)] = None


class HealthClient:
    """The health of one server."""

    def __init__(self, http: ServiceHttp) -> None:
        self._http = http

    async def look(self) -> ServerFacts:
        """Return what the server says of itself.

        Raises:
            ServiceError: it does not answer, or it is another kind of server altogether.
        """
        what = "ask the server how it is"
        record = one_of(await self._http.request(what, "GET", "/health"), what, HealthRecord)
        kind = ServerKind.AGENT_SERVICES if record.services is None else ServerKind.REEF
        return ServerFacts(kind, record.uptime, record.services or ())
