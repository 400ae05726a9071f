"""The routes of commits: their lists, their lineage, and what can be changed of them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.callers import NOT_YOURS, caller_of, may_stop
from cockpit.embedded.api.exchange import json_response
from cockpit.embedded.api.owners.others import Holding
from cockpit.embedded.api.records import CommitRow
from cockpit.embedded.api.vers.exchange import (
    WRONG_TYPE,
    ApiError,
    TextError,
    field_text,
    path_id,
    read_object,
    whole,
    wrong_type,
)
from cockpit.embedded.api.vers.lifecycle import Lifecycle

PAGE = 50
PAGE_LIMIT = 100


class CommitRoutes:
    """Commits that are there; they are taken of a VM and started by its routes."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._records = lifecycle.records
        self._own = next(lifecycle.others.holdings())

    def routes(self) -> list[Route]:
        """Return the routes, the most specific first."""
        return [
            Route("/vm/commits/{commit_id}/parents", self.commit_parents, methods=["GET"]),
            Route("/commits", self.list_commits, methods=["GET"]),
            Route("/commits/public", self.list_public_commits, methods=["GET"]),
            Route("/commits/{commit_id}", self.change_commit, methods=["PATCH"]),
            Route("/commits/{commit_id}", self.delete_commit, methods=["DELETE"]),
        ]

    async def list_commits(self, request: Request) -> Response:
        """GET /commits."""
        return self._commit_page(request, [self._own], public=False)

    async def list_public_commits(self, request: Request) -> Response:
        """GET /commits/public: those of every owner."""
        return self._commit_page(request, list(self._lifecycle.others.holdings()), public=True)

    def _commit_page(self, request: Request, owners: list[Holding], *, public: bool) -> Response:
        limit = min(max(whole(request, "limit", PAGE), 1), PAGE_LIMIT)
        offset = max(whole(request, "offset", 0), 0)
        found: list[dict[str, Any]] = []
        total = 0
        for owner in owners:
            commits, count = owner.records.commits(offset + limit, 0, public=public)
            found += [_commit_json(commit, owner) for commit in commits]
            total += count
        if len(owners) > 1:
            found.sort(key=lambda commit: str(commit["created_at"]), reverse=True)
        page = found[offset : offset + limit]
        return json_response({"commits": page, "total": total, "limit": limit, "offset": offset})

    async def change_commit(self, request: Request) -> Response:
        """PATCH /commits/{commit_id}."""
        commit_id = path_id(request, "commit_id")
        body = await read_object(request)
        if "is_public" not in body:
            raise TextError(422, f"{WRONG_TYPE}missing field `is_public`")
        if not isinstance(body["is_public"], bool):
            raise wrong_type("is_public", body["is_public"], "a boolean")
        commit = self._lifecycle.commit_of(commit_id)
        name = (field_text(body, "name") or "").strip() or commit.name
        description = (field_text(body, "description") or "").strip() or commit.description
        self._records.change_commit(commit_id, name, description, body["is_public"])
        return json_response(_commit_json(self._lifecycle.commit_of(commit_id), self._own))

    async def delete_commit(self, request: Request) -> Response:
        """DELETE /commits/{commit_id}: 204."""
        commit_id, caller = path_id(request, "commit_id"), caller_of(request)
        origin = self._lifecycle.commit_of(commit_id).parent_vm_id or ""
        # A commit is what undoes an end: of another's VM it is not this one's to take away.
        if origin != caller and not may_stop(self._records, caller, origin):
            raise ApiError(403, f"commit {commit_id} is of a VM that this VM did not make: {NOT_YOURS}")
        await self._lifecycle.delete_commit(commit_id)
        return Response(status_code=204)

    async def commit_parents(self, request: Request) -> Response:
        """GET /vm/commits/{commit_id}/parents: itself and what it came from, the id under `id`."""
        found: list[dict[str, Any]] = []
        commit: CommitRow | None = self._lifecycle.commit_of(path_id(request, "commit_id"))
        while commit is not None:
            record = _commit_json(commit, self._own)
            found.append({"id": record.pop("commit_id"), **record})
            parent = commit.grandparent_commit_id
            commit = self._records.commit(parent) if parent else None
        return json_response(found)


def _commit_json(commit: CommitRow, owner: Holding) -> dict[str, Any]:
    return {
        "commit_id": commit.commit_id,
        "name": commit.name,
        "owner_id": owner.owner_id,
        "is_public": commit.is_public,
        "created_at": commit.created_at,
        "description": commit.description,
        "parent_vm_id": commit.parent_vm_id,
        "grandparent_commit_id": commit.grandparent_commit_id,
        "vcpu_count": commit.size.vcpu_count,
        "mem_size_mib": commit.size.mem_size_mib,
        "fs_size_mib": commit.size.fs_size_mib,
        "size_bytes": commit.size_bytes,
    }
