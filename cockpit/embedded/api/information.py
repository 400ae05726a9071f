"""What can be read of a fleet without a key: its banner, its version, its health."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cockpit import __version__
from cockpit.embedded.api.exchange import json_response

BANNER = "Swarm Cockpit, embedded fleet. It speaks the Vers API under /api/v1.\n"


class Information:
    """The routes for everybody, and the count of requests that they tell."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._requests = 0

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self.banner, methods=["GET"]),
            Route("/version", self.version, methods=["GET"]),
            Route("/health", self.health, methods=["GET"]),
        ]

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
