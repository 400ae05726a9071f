"""Board, feed and registry as an application of their own, for a VM that serves nothing else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cockpit.embedded.api.board import Board
from cockpit.embedded.api.exchange import BodyTooLarge, Rejected, json_response, plain
from cockpit.embedded.api.feed import FeedApi
from cockpit.embedded.api.manners import rejected, said_by_disk, service_refusal, too_large, unrouted
from cockpit.embedded.api.records import Records
from cockpit.embedded.api.registry import Registry
from cockpit.embedded.api.service_records import ServiceRecords


def create_coordination(records: Records, token: str) -> tuple[Starlette, ServiceRecords]:
    """Build the application; the records of the services end its open streams.

    Args:
        records: the file; it stays the caller's to close.
        token: what every call but that of `/health` must bring.
    """
    services = ServiceRecords(records)
    began = time.monotonic()

    async def health(_request: Request) -> Response:
        return json_response({"status": "ok", "uptime": time.monotonic() - began})

    @asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            services.feed.end_streams()

    application = Starlette(
        routes=[
            Route("/health", health, methods=["GET"]),
            *Board(services).routes(),
            *FeedApi(services).routes(),
            *Registry(services).routes(),
        ],
        middleware=[Middleware(Gate, token=token)],
        exception_handlers={
            Rejected: rejected,
            BodyTooLarge: too_large,
            HTTPException: unrouted,
            Exception: _failed,
        },
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False
    return application, services


class Gate:
    """Lets nobody to the services without the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        refusal = None
        if scope["type"] == "http":
            refusal = service_refusal(scope["path"], Headers(scope=scope), self._token)
        await (refusal or self._app)(scope, receive, send)


async def _failed(_request: Request, error: Exception) -> Response:
    # Only the answer: the error itself is raised on, into the server's log.
    return plain(500, said_by_disk(error) or "Internal Server Error")
