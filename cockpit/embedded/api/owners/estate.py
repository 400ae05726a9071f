"""What one owner of a fleet has: its records, its VMs, its services, and the application that answers for them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cockpit.embedded.api.callers import Callers
from cockpit.embedded.api.exchange import BodyTooLarge, Rejected, plain
from cockpit.embedded.api.gate import ServiceGate, is_below
from cockpit.embedded.api.information import Information
from cockpit.embedded.api.javascript import ServerFault
from cockpit.embedded.api.manners import faulted, rejected, said_by_disk, too_large, unrouted
from cockpit.embedded.api.owners.others import Holding, Others
from cockpit.embedded.api.surface import AllServices
from cockpit.embedded.api.vers.exchange import ApiError, BareError
from cockpit.embedded.api.vers.lifecycle import Lifecycle
from cockpit.embedded.api.vers.routes import VersApi
from cockpit.embedded.api.vers.running.sessions import StreamedCommands
from cockpit.embedded.hosting import Hosting
from cockpit.errors import ConfigError
from cockpit.vers.credentials import API_PREFIX, KEY_FORM

HEADER_LENGTH = 107
"""Characters of a good `Authorization` value: `Bearer `, a UUID and 64 hexadecimal digits."""
REQUEST_ID_LIMIT = 128
TWICE = f"{API_PREFIX}{API_PREFIX}/"


class Estate:
    """One owner's part of the fleet; nothing in it can be reached by another owner's token."""

    def __init__(
        self,
        holding: Holding,
        everybody: Sequence[Holding],
        hosting: Hosting,
        token: str,
        *,
        vm_limit: int,
        heartbeat: float,
        information: Information,
    ) -> None:
        """Build it; nothing is taken up before `recover`.

        Args:
            holding: what is on record.
            everybody: the holdings of all owners.
            hosting: what runs the VMs.
            token: the owner's key, for the API and the services.
            vm_limit: VMs of all owners that may exist at once.
            heartbeat: seconds between two comments on an event stream.
            information: what can be read without a key.

        Raises:
            ConfigError: the token has not the platform's form, so that no client could use it.
        """
        if not KEY_FORM.fullmatch(token):
            raise ConfigError("the embedded fleet's token is no UUID followed by 64 hexadecimal digits")
        self.holding = holding
        self.token = token
        self.lifecycle = Lifecycle(holding, Others(holding, everybody), hosting, vm_limit)
        self.surface = AllServices(holding.records, token, heartbeat)
        self.sessions = StreamedCommands(hosting)
        api = VersApi(holding, self.lifecycle, self.sessions)
        edge = Middleware(Edge, callers=self.surface.callers, services=self.surface.gate, information=information)
        self.application = Starlette(
            routes=[
                *information.routes(),
                Mount(API_PREFIX, routes=api.routes()),
                *self.surface.routes(),
            ],
            middleware=[edge],
            exception_handlers={
                ApiError: _api_error,
                Rejected: rejected,
                ServerFault: faulted,
                BodyTooLarge: too_large,
                HTTPException: _unrouted,
                Exception: _crashed,
            },
        )
        self.application.router.redirect_slashes = False

    def end_streams(self) -> None:
        """End the open event streams."""
        self.surface.records.end_streams()
        self.sessions.end_all()

    async def close(self) -> None:
        """End what is under way; the records stay open."""
        self.end_streams()
        await self.sessions.close()
        await self.lifecycle.close()


class Edge:
    """The gate: names each request, and lets nobody through without the key.

    The two APIs differ in how they say no: the Vers gateway with a bare 403, the services with a worded 401.
    """

    def __init__(self, app: ASGIApp, callers: Callers, services: ServiceGate, information: Information) -> None:
        self._app = app
        self._services = services
        self._callers = callers
        self._information = information

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._information.count()
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
