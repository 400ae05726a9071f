"""Calls of the platform that an embedded fleet has not: each is answered with the reason, and nothing is done.

A path that the platform does not know either is answered as the platform does, with an empty 404.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.vers.exchange import ApiError

NO_DOMAINS = "the embedded fleet has no domains: its VMs are reached on this machine alone"
NO_IMAGES = "the embedded fleet has one base image, `default`, and takes no other: build on a VM, and commit it"
NO_DEPLOY = "the embedded fleet deploys nothing from a repository of source text: spawn an agent that does"

ABSENT: tuple[tuple[str, str, str], ...] = (
    ("POST", "/domains", NO_DOMAINS),
    ("POST", "/images/create", NO_IMAGES),
    ("POST", "/images/upload", NO_IMAGES),
    ("DELETE", "/images/images/{image_id}", NO_IMAGES),
    ("POST", "/deploy", NO_DEPLOY),
)
"""Method and path of each such call, with what it is answered."""


def absent_routes() -> list[Route]:
    """Return a route for each of them."""
    return [Route(path, _saying(reason), methods=[method]) for method, path, reason in ABSENT]


def _saying(reason: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return ApiError(501, reason).response()

    return answer
