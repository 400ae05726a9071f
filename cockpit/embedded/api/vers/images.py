"""The routes of images and domains that an embedded fleet can answer: it has one image, and no domain."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.exchange import json_response
from cockpit.embedded.api.records import Size
from cockpit.embedded.api.vers.exchange import ApiError, path_id, whole

IMAGE = "default"
"""The one image there is: an empty home on this machine."""
IMAGE_ID = str(uuid.uuid5(uuid.NAMESPACE_URL, "embedded image default"))
IMAGE_SINCE = "2026-01-01T00:00:00.000000Z"
PAGE = 50
PAGE_LIMIT = 100


class ImageRoutes:
    """What can be read of images and domains."""

    def __init__(self, owner_id: str) -> None:
        self._owner_id = owner_id

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/images", self.list_images, methods=["GET"]),
            Route("/images/{name}/status", self.status, methods=["GET"]),
            Route("/domains", self.list_domains, methods=["GET"]),
            Route("/domains/{domain_id}", self.no_domain, methods=["GET", "DELETE"]),
        ]

    async def list_images(self, request: Request) -> Response:
        """GET /images."""
        limit = min(max(whole(request, "limit", PAGE), 1), PAGE_LIMIT)
        offset = max(whole(request, "offset", 0), 0)
        image: dict[str, Any] = {
            "base_image_id": IMAGE_ID,
            "created_at": IMAGE_SINCE,
            "image_name": IMAGE,
            "is_public": True,
            "owner_id": self._owner_id,
            "size_mib": Size().fs_size_mib,
            "source_type": "embedded",
            "description": "this machine, with a home of its own",
        }
        return json_response({"images": [image][offset:], "total": 1, "limit": limit, "offset": offset})

    async def status(self, request: Request) -> Response:
        """GET /images/{name}/status."""
        name = request.path_params["name"]
        if name != IMAGE:
            raise ApiError(404, f"image not found: {name}")
        return json_response({"image_name": IMAGE, "size_mib": Size().fs_size_mib, "status": "completed"})

    async def list_domains(self, _request: Request) -> Response:
        """GET /domains: a bare array."""
        return json_response([])

    async def no_domain(self, request: Request) -> Response:
        """GET and DELETE /domains/{domain_id}."""
        path_id(request, "domain_id")
        raise ApiError(404, "domain not found")
