"""The routes of tags: the account's flat list, and the list of each repository."""

from __future__ import annotations

import re
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.exchange import json_response
from cockpit.embedded.api.vers.exchange import (
    WRONG_TYPE,
    ApiError,
    TextError,
    field_text,
    read_object,
)
from cockpit.embedded.api.vers.lifecycle import Lifecycle
from cockpit.embedded.api.vers.named import NameRecords, TagRow

NAME_FORM = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""Names of repositories and tags."""


class TagRoutes:
    """Tags, in the flat list and in repositories."""

    def __init__(self, lifecycle: Lifecycle, names: NameRecords) -> None:
        self._lifecycle = lifecycle
        self._names = names

    def routes(self) -> list[Route]:
        """Return the routes of both kinds of list."""
        found: list[Route] = []
        for path in ("/commit_tags", "/repositories/{repository}/tags"):
            found += [
                Route(path, self.list_tags, methods=["GET"]),
                Route(path, self.create, methods=["POST"]),
                Route(f"{path}/{{tag}}", self.read, methods=["GET"]),
                Route(f"{path}/{{tag}}", self.change, methods=["PATCH"]),
                Route(f"{path}/{{tag}}", self.delete, methods=["DELETE"]),
            ]
        return found

    def _list_of(self, request: Request) -> str:
        """Return the repository of a path, empty for the flat list.

        Raises:
            ApiError: there is no such repository.
        """
        name: str = request.path_params.get("repository", "")
        if name and self._names.repository(name) is None:
            raise ApiError(404, "repository not found")
        return name

    def _tag(self, request: Request) -> TagRow:
        tag = self._names.tag(self._list_of(request), request.path_params["tag"])
        if tag is None:
            raise ApiError(404, "tag not found")
        return tag

    async def list_tags(self, request: Request) -> Response:
        """GET /commit_tags, GET /repositories/{repository}/tags."""
        repository = self._list_of(request)
        head = {"repository": repository} if repository else {}
        return json_response({**head, "tags": [tag_json(tag) for tag in self._names.tags(repository)]})

    async def create(self, request: Request) -> Response:
        """POST: a new tag; one of that name must not be there."""
        repository = self._list_of(request)
        body = await read_object(request)
        name, commit_id = needed_text(body, "tag_name"), self._commit(body)
        if not NAME_FORM.fullmatch(name):
            raise ApiError(400, "Invalid tag name: 1-64 characters of letters, digits, '-', '_', '.'")
        if self._names.tag(repository, name) is not None:
            raise ApiError(409, "tag already exists")
        tag = self._names.put_tag(repository, name, commit_id, field_text(body, "description"))
        answer = {"tag_id": tag.tag_id, "commit_id": commit_id}
        named = {"reference": f"{repository}:{name}"} if repository else {"tag_name": name}
        return json_response({**answer, **named}, 201)

    async def read(self, request: Request) -> Response:
        """GET: one tag."""
        return json_response(tag_json(self._tag(request)))

    async def change(self, request: Request) -> Response:
        """PATCH: another commit, another description; null clears it."""
        body = await read_object(request)
        tag = self._tag(request)
        commit_id = self._commit(body) if body.get("commit_id") is not None else tag.commit_id
        description = field_text(body, "description") if "description" in body else tag.description
        self._names.put_tag(tag.repository, tag.tag_name, commit_id, description)
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        """DELETE: the name goes, the commit stays."""
        tag = self._tag(request)
        self._names.delete_tag(tag.repository, tag.tag_name)
        return Response(status_code=204)

    def _commit(self, body: dict[str, Any]) -> str:
        text = needed_text(body, "commit_id")
        try:
            commit_id = str(uuid.UUID(text))
        except ValueError as error:
            raise TextError(422, f"{WRONG_TYPE}commit_id: UUID parsing failed") from error
        return self._lifecycle.commit_of(commit_id).commit_id


def needed_text(body: dict[str, Any], name: str) -> str:
    """Return a text that a body must have.

    Raises:
        TextError: it is missing or of another type.
    """
    value = field_text(body, name)
    if value is None:
        raise TextError(422, f"{WRONG_TYPE}missing field `{name}`")
    return value


def tag_json(tag: TagRow) -> dict[str, Any]:
    """Return a tag as it is read."""
    record = {
        "tag_id": tag.tag_id,
        "tag_name": tag.tag_name,
        "commit_id": tag.commit_id,
        "created_at": tag.created_at,
        "updated_at": tag.updated_at,
        "description": tag.description,
    }
    return record | ({"reference": f"{tag.repository}:{tag.tag_name}"} if tag.repository else {})
