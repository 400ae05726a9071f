"""The services as an application of their own, for a machine that serves nothing else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cockpit.embedded.api.exchange import BodyTooLarge, Rejected, json_response, plain
from cockpit.embedded.api.gate import ServiceGate
from cockpit.embedded.api.javascript import ServerFault
from cockpit.embedded.api.manners import faulted, rejected, said_by_disk, too_large, unrouted
from cockpit.embedded.api.records import Records
from cockpit.embedded.api.service_records import ServiceRecords
from cockpit.embedded.api.streams import HEARTBEAT_INTERVAL
from cockpit.embedded.api.surface import AllServices


def create_coordination(
    records: Records, token: str, heartbeat: float = HEARTBEAT_INTERVAL
) -> tuple[Starlette, ServiceRecords]:
    """Build the application; the records of the services end its open streams.

    Args:
        records: the file; it stays the caller's to close.
        token: what every call must bring that is not public.
        heartbeat: seconds between two comments on an event stream.
    """
    surface = AllServices(records, token, heartbeat)
    began = time.monotonic()

    async def health(_request: Request) -> Response:
        return json_response({"status": "ok", "uptime": time.monotonic() - began})

    @asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            surface.records.end_streams()

    application = Starlette(
        routes=[
            Route("/health", health, methods=["GET"]),
            *surface.routes(),
        ],
        middleware=[Middleware(Gate, services=surface.gate)],
        exception_handlers={
            Rejected: rejected,
            ServerFault: faulted,
            BodyTooLarge: too_large,
            HTTPException: unrouted,
            Exception: _failed,
        },
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False
    return application, surface.records


class Gate:
    """Lets nobody to the services whom their gate refuses."""

    def __init__(self, app: ASGIApp, services: ServiceGate) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        refusal = self._services.refusal(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)


async def _failed(_request: Request, error: Exception) -> Response:
    # Only the answer: the error itself is raised on, into the server's log.
    return plain(500, said_by_disk(error) or "Internal Server Error")
