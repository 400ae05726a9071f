"""The embedded fleet's HTTP application: the Vers API and the services on one port, each with its own manners."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cockpit import __version__
from cockpit.embedded.api.callers import Callers
from cockpit.embedded.api.exchange import BodyTooLarge, Rejected, json_response, plain
from cockpit.embedded.api.gate import ServiceGate, is_below
from cockpit.embedded.api.javascript import ServerFault
from cockpit.embedded.api.manners import faulted, rejected, said_by_disk, too_large, unrouted
from cockpit.embedded.api.records import Records
from cockpit.embedded.api.service_records import ServiceRecords
from cockpit.embedded.api.streams import HEARTBEAT_INTERVAL
from cockpit.embedded.api.surface import AllServices
from cockpit.embedded.api.vers.exchange import ApiError, BareError
from cockpit.embedded.api.vers.lifecycle import VM_LIMIT, Lifecycle
from cockpit.embedded.api.vers.named import NameRecords
from cockpit.embedded.api.vers.routes import VersApi
from cockpit.embedded.api.vers.running.sessions import StreamedCommands
from cockpit.embedded.hosting import Hosting
from cockpit.errors import ConfigError
from cockpit.vers.credentials import API_PREFIX, KEY_FORM, owner_id

HEADER_LENGTH = 107
"""Characters of a good `Authorization` value: `Bearer `, a UUID and 64 hexadecimal digits."""
REQUEST_ID_LIMIT = 128
TWICE = f"{API_PREFIX}{API_PREFIX}/"
BANNER = "Swarm Cockpit, embedded fleet. It speaks the Vers API under /api/v1.\n"


@dataclass(frozen=True, slots=True)
class Parts:
    """What an application is made of; kept as `application.state.parts`."""

    lifecycle: Lifecycle
    services: ServiceRecords
    sessions: StreamedCommands

    def end_streams(self) -> None:
        """End the open event streams: call it when the server is told to stop, or it waits for them for ever."""
        self.services.end_streams()
        self.sessions.end_all()


def create_application(
    records: Records,
    hosting: Hosting,
    token: str,
    *,
    vm_limit: int = VM_LIMIT,
    heartbeat: float = HEARTBEAT_INTERVAL,
) -> Starlette:
    """Build the application.

    Args:
        records: the fleet's file; it stays the caller's to close.
        hosting: what runs the VMs.
        token: the one key, for the API and the services.
        vm_limit: VMs that may exist at once.
        heartbeat: seconds between two comments on an event stream.

    Raises:
        ConfigError: the token has not the platform's form, so that no client could use it.
    """
    if not KEY_FORM.fullmatch(token):
        raise ConfigError("the embedded fleet's token is no UUID followed by 64 hexadecimal digits")
    names = NameRecords(records)
    lifecycle = Lifecycle(records, hosting, names, vm_limit)
    surface = AllServices(records, token, heartbeat)
    edge = _Information()
    sessions = StreamedCommands(hosting)
    parts = Parts(lifecycle, surface.records, sessions)

    @asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncIterator[None]:
        await lifecycle.recover()
        try:
            yield
        finally:
            parts.end_streams()
            await sessions.close()
            await lifecycle.close()

    application = Starlette(
        routes=[
            Route("/", edge.banner, methods=["GET"]),
            Route("/version", edge.version, methods=["GET"]),
            Route("/health", edge.health, methods=["GET"]),
            Mount(API_PREFIX, routes=VersApi(lifecycle, names, sessions, owner_id(token)).routes()),
            *surface.routes(),
        ],
        middleware=[Middleware(Edge, callers=surface.callers, services=surface.gate, count=edge.count)],
        exception_handlers={
            ApiError: _api_error,
            Rejected: rejected,
            ServerFault: faulted,
            BodyTooLarge: too_large,
            HTTPException: _unrouted,
            Exception: _crashed,
        },
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False
    application.state.parts = parts
    return application


class _Information:
    """What can be read without a key."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._requests = 0

    def count(self) -> None:
        """Count one request."""
        self._requests += 1

    async def banner(self, _request: Request) -> Response:
        """GET /."""
        return PlainTextResponse(BANNER)

    async def version(self, _request: Request) -> Response:
        """GET /version, in the gateway's form."""
        return json_response({"executable_name": "proxy", "workspace_version": __version__, "git_hash": "embedded"})

    async def health(self, _request: Request) -> Response:
        """GET /health: the gateway's counters and the services' word in one object."""
        uptime = time.monotonic() - self._started
        return json_response({"status": "ok", "uptime": uptime, "http": {"requests": self._requests}})


class Edge:
    """The gate: names each request, and lets nobody through without the key.

    The two APIs differ in how they say no: the Vers gateway with a bare 403, the services with a worded 401.
    """

    def __init__(self, app: ASGIApp, callers: Callers, services: ServiceGate, count: Callable[[], None]) -> None:
        self._app = app
        self._services = services
        self._callers = callers
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._count()
        if scope["path"].startswith(TWICE):
            # `VERS_BASE_URL` has two meanings: who is given one with the prefix may add it again.
            scope = {**scope, "path": scope["path"].removeprefix(API_PREFIX)}
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if 0 < len(given) <= REQUEST_ID_LIMIT and given.isprintable() else str(uuid.uuid4())

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        refusal = self._refusal(scope, headers)
        await (refusal or self._app)(scope, receive, named)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if is_below(scope["path"], API_PREFIX):
            value = headers.get("authorization", "")
            good = len(value) == HEADER_LENGTH and value.startswith("Bearer ") and self._callers.admit(scope, value[7:])
            return None if good else BareError(403, "403 Forbidden").response()
        return self._services.refusal(scope)


async def _api_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return error.response()


async def _unrouted(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and is_below(request.url.path, API_PREFIX):
        return Response(status_code=error.status_code)
    return await unrouted(request, error)


async def _crashed(request: Request, error: Exception) -> Response:
    # Only the answer: the error itself is raised on, into the server's log.
    if is_below(request.url.path, API_PREFIX):
        return ApiError(500, said_by_disk(error) or "internal server error").response()
    return plain(500, "Internal Server Error")
