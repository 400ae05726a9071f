"""Tags: names for commits, in the account's flat list or in a repository; both have one form on the wire."""

from __future__ import annotations

from functools import partial

from cockpit.model.ids import CommitId
from cockpit.vers.errors import Resource
from cockpit.vers.settling import is_missing, settled
from cockpit.vers.transport import ApiResponse, VersTransport, path_part
from cockpit.vers.wire import Identifier, Text, Timestamp, VersModel, records_of


class TagRecord(VersModel):
    """A name for a commit; it can be moved to another one."""

    tag_name: str
    commit_id: Identifier
    description: Text = ""
    created_at: Timestamp = 0.0
    updated_at: Timestamp = 0.0
    """Unix seconds."""


class Tags:
    """The tags of one list."""

    def __init__(self, wire: VersTransport, path: str, of: str) -> None:
        """Prepare.

        Args:
            wire: the connection.
            path: `/commit_tags`, or `/repositories/REPOSITORY/tags`.
            of: whose they are, for messages, with a space before it; empty for the account's.
        """
        self._wire = wire
        self._path = path
        self._of = of

    async def listed(self) -> tuple[TagRecord, ...]:
        """Return the tags.

        Raises:
            VersError: the list could not be had.
        """
        what = f"list the tags{self._of}"
        answer = await self._wire.request(what, "GET", self._path, resource=Resource.TAG)
        return answer.read(what, lambda body: records_of(body, "tags", TagRecord))

    async def one(self, name: str) -> TagRecord:
        """Return one tag.

        Raises:
            TagNotFound: there is none of that name.
        """
        what = f"read tag {name}{self._of}"
        return (await self._request(what, "GET", name)).read(what, TagRecord.model_validate)

    async def create(self, name: str, commit_id: CommitId, description: str = "") -> None:
        """Give a commit a name that is free.

        Raises:
            Conflict: the name is taken.
            EffectUnknown: the answer was lost, and the tag cannot be looked at.
        """
        what = f"tag commit {commit_id} as {name}{self._of}"
        body = {"tag_name": name, "commit_id": commit_id, **({"description": description} if description else {})}

        async def act() -> None:
            await self._wire.request(what, "POST", self._path, body=body, repeatable=False, resource=Resource.COMMIT)

        await settled(what, act, partial(self._names, name, commit_id))

    async def move(self, name: str, commit_id: CommitId, description: str | None = None) -> None:
        """Let a tag name another commit.

        Args:
            name: the tag.
            commit_id: what it names from now on.
            description: another description; None leaves it.

        Raises:
            TagNotFound: there is none of that name.
        """
        what = f"move tag {name}{self._of} to commit {commit_id}"
        body = {"commit_id": commit_id, **({} if description is None else {"description": description})}

        async def act() -> None:
            await self._request(what, "PATCH", name, body)

        async def is_so() -> bool:
            now = await self.one(name)
            return now.commit_id == commit_id.lower() and description in (None, now.description)

        await settled(what, act, is_so)

    async def delete(self, name: str) -> None:
        """Remove a tag; its commit stays.

        Raises:
            TagNotFound: there is none of that name.
        """
        what = f"delete tag {name}{self._of}"

        async def act() -> None:
            await self._request(what, "DELETE", name, repeatable=False)

        await settled(what, act, lambda: is_missing(partial(self.one, name)))

    async def _names(self, name: str, commit_id: CommitId) -> bool:
        return (await self.one(name)).commit_id == commit_id.lower()

    async def _request(
        self, what: str, method: str, name: str, body: object = None, *, repeatable: bool = True
    ) -> ApiResponse:
        path = f"{self._path}/{path_part(name)}"
        return await self._wire.request(what, method, path, body=body, repeatable=repeatable, resource=Resource.TAG)
