"""The routes of repositories: the fleet's own, and those it shows to everybody."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.callers import caller_of
from cockpit.embedded.api.exchange import json_response
from cockpit.embedded.api.owners.others import Holding
from cockpit.embedded.api.vers.exchange import WRONG_TYPE, ApiError, TextError, field_text, read_object, wrong_type
from cockpit.embedded.api.vers.lifecycle import Lifecycle
from cockpit.embedded.api.vers.named import NameRecords, RepositoryRow
from cockpit.embedded.api.vers.tags import NAME_FORM, needed_text, tag_json


class RepositoryRoutes:
    """Repositories."""

    def __init__(self, lifecycle: Lifecycle, names: NameRecords) -> None:
        self._lifecycle = lifecycle
        self._names = names

    def routes(self) -> list[Route]:
        """Return the routes, the most specific first."""
        one, public = "/repositories/{repository}", "/public/repositories"
        shown = f"{public}/{{organisation}}/{{repository}}"
        return [
            Route("/repositories", self.list_repositories, methods=["GET"]),
            Route("/repositories", self.create, methods=["POST"]),
            Route("/repositories/fork", self.fork, methods=["POST"]),
            Route(one, self.read, methods=["GET"]),
            Route(one, self.delete, methods=["DELETE"]),
            Route(f"{one}/visibility", self.show, methods=["PATCH"]),
            Route(public, self.list_public, methods=["GET"]),
            Route(shown, self.read_public, methods=["GET"]),
            Route(f"{shown}/tags", self.list_public_tags, methods=["GET"]),
            Route(f"{shown}/tags/{{tag}}", self.read_public_tag, methods=["GET"]),
        ]

    def _repository(self, request: Request) -> RepositoryRow:
        repository = self._names.repository(request.path_params["repository"])
        if repository is None:
            raise ApiError(404, "repository not found")
        return repository

    async def list_repositories(self, _request: Request) -> Response:
        """GET /repositories."""
        return json_response({"repositories": [_repository_json(row) for row in self._names.repositories()]})

    async def create(self, request: Request) -> Response:
        """POST /repositories."""
        body = await read_object(request)
        name, description = needed_text(body, "name"), field_text(body, "description")
        if not NAME_FORM.fullmatch(name):
            raise ApiError(400, "Invalid repository name: 1-64 characters of letters, digits, '-', '_', '.'")
        if self._names.repository(name) is not None:
            raise ApiError(409, "repository already exists")
        return json_response({"repo_id": self._names.add_repository(name, description), "name": name}, 201)

    async def read(self, request: Request) -> Response:
        """GET /repositories/{repository}."""
        return json_response(_repository_json(self._repository(request)))

    async def delete(self, request: Request) -> Response:
        """DELETE /repositories/{repository}: its tags go with it."""
        self._names.delete_repository(self._repository(request).name)
        return Response(status_code=204)

    async def show(self, request: Request) -> Response:
        """PATCH /repositories/{repository}/visibility."""
        body = await read_object(request)
        if "is_public" not in body:
            raise TextError(422, f"{WRONG_TYPE}missing field `is_public`")
        if not isinstance(body["is_public"], bool):
            raise wrong_type("is_public", body["is_public"], "a boolean")
        self._names.set_public(self._repository(request).name, body["is_public"])
        return Response(status_code=204)

    async def fork(self, request: Request) -> Response:
        """POST /repositories/fork: a VM of a public tag, its commit, and a tag of one's own for that."""
        body = await read_object(request)
        organisation, source, source_tag = (
            needed_text(body, name) for name in ("source_org", "source_repo", "source_tag")
        )
        name, tag_name = field_text(body, "repo_name") or source, field_text(body, "tag_name") or source_tag
        if not NAME_FORM.fullmatch(name) or not NAME_FORM.fullmatch(tag_name):
            raise ApiError(400, "Invalid repository or tag name: 1-64 characters of letters, digits, '-', '_', '.'")
        owner, shown = self._shown(organisation, source)
        tag = owner.names.tag(source, source_tag)
        commit = owner.records.commit(tag.commit_id) if tag is not None else None
        if tag is None or commit is None:
            raise ApiError(404, "tag not found")
        if self._names.tag(name, tag_name) is not None:
            raise ApiError(409, "tag already exists")
        vm_id = await self._lifecycle.start(commit, caller_of(request))
        commit_id = await self._lifecycle.commit(vm_id, "", None, keep_paused=False, skip_wait_boot=False)
        if self._names.repository(name) is None:
            self._names.add_repository(name, shown.description)
        self._names.put_tag(name, tag_name, commit_id, tag.description)
        reference = f"{name}:{tag_name}"
        made = {"repo_name": name, "tag_name": tag_name, "reference": reference}
        return json_response({**made, "commit_id": commit_id, "vm_id": vm_id}, 201)

    # -- public --------------------------------------------------------------------------------------------------

    def _shown(self, organisation: str, name: str) -> tuple[Holding, RepositoryRow]:
        """Return a repository that its owner shows to everybody.

        Raises:
            ApiError: there is none.
        """
        owner = self._lifecycle.others.organisation(organisation)
        repository = owner.names.repository(name) if owner is not None else None
        if owner is None or repository is None or not repository.is_public:
            raise ApiError(404, "repository not found")
        return owner, repository

    def _public(self, request: Request) -> tuple[Holding, RepositoryRow]:
        return self._shown(request.path_params["organisation"], request.path_params["repository"])

    async def list_public(self, _request: Request) -> Response:
        """GET /public/repositories: those of every owner."""
        shown = [
            _public_json(row, owner)
            for owner in self._lifecycle.others.holdings()
            for row in owner.names.repositories()
            if row.is_public
        ]
        return json_response({"repositories": shown})

    async def read_public(self, request: Request) -> Response:
        """GET /public/repositories/{organisation}/{repository}."""
        owner, repository = self._public(request)
        return json_response(_public_json(repository, owner))

    async def list_public_tags(self, request: Request) -> Response:
        """GET /public/repositories/{organisation}/{repository}/tags."""
        owner, repository = self._public(request)
        tags = owner.names.tags(repository.name)
        return json_response({"repository": repository.name, "tags": [tag_json(tag) for tag in tags]})

    async def read_public_tag(self, request: Request) -> Response:
        """GET /public/repositories/{organisation}/{repository}/tags/{tag}."""
        owner, repository = self._public(request)
        tag = owner.names.tag(repository.name, request.path_params["tag"])
        if tag is None:
            raise ApiError(404, "tag not found")
        return json_response(tag_json(tag))


def _repository_json(row: RepositoryRow) -> dict[str, Any]:
    return {
        "repo_id": row.repo_id,
        "name": row.name,
        "is_public": row.is_public,
        "created_at": row.created_at,
        "description": row.description,
    }


def _public_json(row: RepositoryRow, owner: Holding) -> dict[str, Any]:
    named = {"org_name": owner.organisation, "full_name": f"{owner.organisation}/{row.name}"}
    return {**_repository_json(row), **named}
