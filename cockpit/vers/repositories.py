"""Repositories: places for tags, so that `REPOSITORY:TAG` names a commit without its id; own ones and public ones."""

from __future__ import annotations

import re
from functools import partial

from cockpit.errors import UsageError
from cockpit.vers.errors import Resource
from cockpit.vers.settling import is_missing, settled
from cockpit.vers.tags import TagRecord, Tags
from cockpit.vers.transport import VersTransport, path_part
from cockpit.vers.wire import Flag, Text, Timestamp, VersModel, records_of

NAME_FORM = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""What the control plane takes as the name of a repository or a tag."""


class RepositoryRecord(VersModel):
    """A repository."""

    repo_id: Text = ""
    name: str
    description: Text = ""
    is_public: Flag = False
    created_at: Timestamp = 0.0
    org_name: Text = ""
    """Whose it is; told of public ones only."""

    @property
    def full_name(self) -> str:
        """The name with its organisation's, where that is told."""
        return f"{self.org_name}/{self.name}" if self.org_name else self.name


def reference_parts(reference: str) -> tuple[str, str]:
    """Return the repository and the tag of `REPOSITORY:TAG`.

    Raises:
        UsageError: it is none.
    """
    repository, _, tag = reference.partition(":")
    if NAME_FORM.fullmatch(repository) and NAME_FORM.fullmatch(tag):
        return repository, tag
    raise UsageError(
        f"{reference!r} names no tag of a repository",
        hint="write REPOSITORY:TAG, each of 1 to 64 letters, digits, - _ and .",
    )


def public_parts(reference: str) -> tuple[str, str, str]:
    """Return organisation, repository and tag of `ORGANISATION/REPOSITORY:TAG`.

    Raises:
        UsageError: it is none.
    """
    organisation, mark, rest = reference.partition("/")
    if not mark or not NAME_FORM.fullmatch(organisation):
        raise UsageError(f"{reference!r} names no public tag", hint="write ORGANISATION/REPOSITORY:TAG")
    return organisation, *reference_parts(rest)


class Repositories:
    """The repositories of one account, and the public ones of all."""

    def __init__(self, wire: VersTransport) -> None:
        self._wire = wire

    async def listed(self) -> tuple[RepositoryRecord, ...]:
        """Return the account's repositories.

        Raises:
            VersError: the list could not be had.
        """
        return await self._list("list the repositories", "/repositories")

    async def public(self) -> tuple[RepositoryRecord, ...]:
        """Return the public repositories of all organisations.

        Raises:
            VersError: the list could not be had.
        """
        return await self._list("list the public repositories", "/public/repositories")

    async def _list(self, what: str, path: str) -> tuple[RepositoryRecord, ...]:
        answer = await self._wire.request(what, "GET", path, resource=Resource.REPOSITORY)
        return answer.read(what, lambda body: records_of(body, "repositories", RepositoryRecord))

    async def public_tags(self, organisation: str, name: str) -> tuple[TagRecord, ...]:
        """Return the tags of a public repository; each names a commit that anybody may restore.

        Raises:
            RepositoryNotFound: nobody shows one of that name.
        """
        what = f"list the tags of public repository {organisation}/{name}"
        path = f"{_public_path(organisation, name)}/tags"
        answer = await self._wire.request(what, "GET", path, resource=Resource.REPOSITORY)
        return answer.read(what, lambda body: records_of(body, "tags", TagRecord))

    async def public_tag(self, reference: str) -> TagRecord:
        """Return the tag that `ORGANISATION/REPOSITORY:TAG` names.

        Raises:
            UsageError: it names none by its form.
            TagNotFound: there is none.
        """
        organisation, name, tag = public_parts(reference)
        what = f"read public tag {reference}"
        path = f"{_public_path(organisation, name)}/tags/{path_part(tag)}"
        answer = await self._wire.request(what, "GET", path, resource=Resource.TAG)
        return answer.read(what, TagRecord.model_validate)

    async def one(self, name: str) -> RepositoryRecord:
        """Return one repository.

        Raises:
            RepositoryNotFound: there is none of that name.
        """
        what = f"read repository {name}"
        answer = await self._wire.request(what, "GET", _path(name), resource=Resource.REPOSITORY)
        return answer.read(what, RepositoryRecord.model_validate)

    async def create(self, name: str, description: str = "") -> None:
        """Make a repository.

        Raises:
            UsageError: the name has not the form the platform takes.
            Conflict: the name is taken.
        """
        if not NAME_FORM.fullmatch(name):
            raise UsageError(f"{name!r} is no name of a repository", hint="1 to 64 letters, digits, - _ and .")
        what = f"make repository {name}"
        body = {"name": name, **({"description": description} if description else {})}

        async def act() -> None:
            await self._wire.request(
                what, "POST", "/repositories", body=body, repeatable=False, resource=Resource.REPOSITORY
            )

        await settled(what, act, partial(self._is_there, name))

    async def delete(self, name: str) -> None:
        """Remove a repository with its tags; the commits stay.

        Raises:
            RepositoryNotFound: there is none of that name.
        """
        what = f"delete repository {name}"

        async def act() -> None:
            await self._wire.request(what, "DELETE", _path(name), repeatable=False, resource=Resource.REPOSITORY)

        await settled(what, act, lambda: is_missing(partial(self.one, name)))

    async def set_public(self, name: str, public: bool) -> None:
        """Show a repository to everybody, or to the organisation alone.

        Raises:
            RepositoryNotFound: there is none of that name.
        """
        what = f"make repository {name} {'public' if public else 'private'}"

        async def act() -> None:
            path = f"{_path(name)}/visibility"
            await self._wire.request(what, "PATCH", path, body={"is_public": public}, resource=Resource.REPOSITORY)

        async def is_so() -> bool:
            return (await self.one(name)).is_public is public

        await settled(what, act, is_so)

    def tags(self, name: str) -> Tags:
        """Return the tags of a repository."""
        return Tags(self._wire, f"{_path(name)}/tags", f" of repository {name}")

    async def _is_there(self, name: str) -> bool:
        return not await is_missing(partial(self.one, name))


def _public_path(organisation: str, name: str) -> str:
    return f"/public/repositories/{path_part(organisation)}/{path_part(name)}"


def _path(name: str) -> str:
    return f"/repositories/{path_part(name)}"
