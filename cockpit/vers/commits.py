"""Commits: their lists, their lineage, what is changed of them, and their taking, which counts when the list has it."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import CommitId, VmId
from cockpit.vers.errors import (
    BadAnswer,
    CommitNotFound,
    CreationUncertain,
    EffectUnknown,
    Resource,
    VersError,
    is_over,
    may_have_happened,
)
from cockpit.vers.settling import settled
from cockpit.vers.transport import CREATION_TIMEOUT, VersTransport, path_part
from cockpit.vers.wire import CommitPage, CommitRecord, records_of

DELETION_TIMEOUT = 60.0
"""Seconds a deletion may take; the commits are looked at afterwards in any case."""
COMMIT_PAGE = 100
"""Largest page the server gives."""
COMMIT_LIMIT = 5_000
"""Commits read at most: beyond it a list is no use to a person."""


@dataclass(frozen=True, slots=True)
class CommitListing:
    """Commits over all pages, newest first as the server orders them."""

    records: tuple[CommitRecord, ...]
    whole: bool
    """These are all there are, as far as the server says."""


class Commits:
    """The commits of one account."""

    def __init__(self, wire: VersTransport) -> None:
        self._wire = wire

    async def listed(self, *, public: bool = False) -> CommitListing:
        """Return the commits of this key; those taken of a colleague's VM belong to the colleague and are not listed.

        Args:
            public: the public ones of all organisations instead.

        Raises:
            VersError: a page could not be had.
        """
        what, path = ("list the public commits", "/commits/public") if public else ("list the commits", "/commits")
        found: dict[str, CommitRecord] = {}
        offset = total = 0
        while offset < COMMIT_LIMIT:
            params: dict[str, str | int] = {"limit": COMMIT_PAGE, "offset": offset}
            answer = await self._wire.request(what, "GET", path, params=params, resource=Resource.COMMIT)
            page = answer.read(what, CommitPage.model_validate)
            before = len(found)
            found.update((commit.commit_id, commit) for commit in page.commits)
            offset, total = offset + len(page.commits), page.total
            # A page with nothing new ends it: a server that ignores `offset` would go round for ever.
            if len(found) == before or 0 < total <= offset:
                break
        return CommitListing(tuple(found.values()), len(found) >= total and offset < COMMIT_LIMIT)

    async def one(self, commit_id: CommitId) -> CommitRecord:
        """Return one of this key's commits; the platform has no call for it, so the list is read.

        Raises:
            CommitNotFound: the list lacks it.
            VersError: the list could not be had.
        """
        return _named(commit_id, await self.listed())

    async def parents(self, commit_id: CommitId) -> tuple[CommitRecord, ...]:
        """Return what a commit came from, nearest first; some servers begin with the commit itself.

        Raises:
            CommitNotFound: there is no such commit.
        """
        what = f"read the parents of commit {commit_id}"
        path = f"/vm/commits/{path_part(commit_id)}/parents"
        answer = await self._wire.request(what, "GET", path, resource=Resource.COMMIT)
        return answer.read(what, lambda body: records_of(body, "commits", CommitRecord))

    async def change(
        self,
        commit_id: CommitId,
        *,
        name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
    ) -> CommitRecord:
        """Change a commit's name, description or visibility; what is None stays as it is.

        Raises:
            CommitNotFound: there is no such commit.
            EffectUnknown: the answer was lost, and the commits cannot be listed.
        """
        what = f"change commit {commit_id}"
        # The call demands the visibility: without looking first, a new name would hide or show the commit.
        is_public = (await self.one(commit_id)).is_public if public is None else public
        texts = {key: text for key, text in (("name", name), ("description", description)) if text is not None}

        async def act() -> None:
            path = f"/commits/{path_part(commit_id)}"
            body = {"is_public": is_public, **texts}
            await self._wire.request(what, "PATCH", path, body=body, resource=Resource.COMMIT)

        async def is_so() -> bool:
            now = await self.one(commit_id)
            return now.is_public is is_public and all(getattr(now, key) == text for key, text in texts.items())

        await settled(what, act, is_so)
        return await self.one(commit_id)

    async def delete(self, commit_id: CommitId) -> None:
        """Delete a commit; what the list and the commit's own lineage say of it afterwards decides.

        Raises:
            CommitNotFound: there is no such commit, and none was listed before.
            Conflict: VMs made from it are there.
            EffectUnknown: it cannot be told whether it is gone.
        """
        what = f"delete commit {commit_id}"
        was_listed = _holds(commit_id, await self.listed())
        failure: VersError | None = None
        try:
            path = f"/commits/{path_part(commit_id)}"
            await self._wire.request(what, "DELETE", path, resource=Resource.COMMIT, timeout=DELETION_TIMEOUT)
        except VersError as error:
            if not may_have_happened(error) and not isinstance(error, CommitNotFound):
                raise
            failure = error
        there, seen = await self._is_there(commit_id, was_listed)
        if there is None:
            raise EffectUnknown(
                f"{failure.message if failure else f'the order to {what} was accepted'}; whether it is gone is"
                f" unknown: {seen}",
                hint="list the commits before you try again",
                status=failure.status if failure else 0,
            ) from failure
        if there:
            said = f"{failure.message}; {seen}" if failure else f"could not {what}: it was accepted, but {seen}"
            raise VersError(said, hint="try again", status=failure.status if failure else 0) from failure
        if isinstance(failure, CommitNotFound) and failure.own and not was_listed:
            raise failure

    async def _is_there(self, commit_id: CommitId, was_listed: bool) -> tuple[bool | None, str]:
        """Look for a commit: whether it is there, None if that cannot be told, and what was seen."""
        try:
            listing = await self.listed()
        except VersError as error:
            return None, error.message
        if _holds(commit_id, listing):
            return True, "the list shows it"
        if was_listed and listing.whole:
            return False, "the list lacks it"
        try:
            await self.parents(commit_id)
        except VersError as error:
            return (False if isinstance(error, CommitNotFound) and error.own else None), error.message
        return True, "its parents can be read"

    async def take(self, vm_id: VmId, name: str, description: str, keep_paused: bool) -> CommitId:
        """Take a snapshot; see `VersClient.commit`."""
        what = f"commit VM {vm_id}"
        before = {commit.commit_id for commit in (await self.listed()).records}
        body = {key: text for key, text in (("name", name), ("description", description)) if text.strip()}
        params: dict[str, str | int] = {"keep_paused": str(keep_paused).lower()}
        try:
            path = f"/vm/{path_part(vm_id)}/commit"
            answer = await self._wire.request(
                what, "POST", path, params=params, body=body, repeatable=False, timeout=CREATION_TIMEOUT
            )
            commit_id = answer.read(what, CommitRecord.model_validate).id
            if commit_id in before:
                raise BadAnswer(f"could not {what}: the answer names commit {commit_id}, which was there before")
            await self._confirm(what, commit_id)
            return commit_id
        except VersError as lost:
            try:
                after: tuple[CommitRecord, ...] | None = (await self.listed()).records
            except VersError:
                after = None
            fresh = _fresh(vm_id, before, after or ())
            if not fresh and (not may_have_happened(lost) or (after is not None and is_over(lost))):
                raise
            raise _uncertain(lost, fresh, listed=after is not None) from lost

    async def _confirm(self, what: str, commit_id: CommitId) -> None:
        """Refuse a commit that a whole list lacks, or of which the list cannot be had.

        Raises:
            BadAnswer: so it is.
        """
        try:
            listing = await self.listed()
        except VersError as error:
            unseen = f"{what} was answered with commit {commit_id}, which could not be looked for: {error.message}"
            raise BadAnswer(unseen) from error
        if listing.whole and not _holds(commit_id, listing):
            raise BadAnswer(f"could not {what}: the answer names commit {commit_id}, which is not among the commits")


def _holds(commit_id: CommitId, listing: CommitListing) -> bool:
    return any(commit.commit_id == commit_id.lower() for commit in listing.records)


def _named(commit_id: CommitId, listing: CommitListing) -> CommitRecord:
    for commit in listing.records:
        if commit.commit_id == commit_id.lower():
            return commit
    raise CommitNotFound(
        f"could not find commit {commit_id}: this key's list of {len(listing.records)} lacks it",
        hint="a commit belongs to whoever owns the VM it was taken of; list the commits again",
        status=404,
    )


def _fresh(vm_id: VmId, before: set[str], after: tuple[CommitRecord, ...]) -> tuple[str, ...]:
    """Return the commits that appeared and may be of a VM: not every server says of which one they are."""
    parents = ("", vm_id.lower())
    new = (commit for commit in after if commit.commit_id not in before)
    return tuple(commit.commit_id for commit in new if commit.parent_vm_id.lower() in parents)


def _uncertain(lost: VersError, fresh: tuple[str, ...], *, listed: bool) -> CreationUncertain:
    """Return the error for a commit whose answer was lost: a listed one is no proof, its record precedes the copy."""
    if fresh:
        seen = f"new since the call: {', '.join(fresh)}"
    else:
        seen = "none of this VM has appeared yet" if listed else "the commits could not be listed either"
    return CreationUncertain(
        f"{lost.message}; the commit may exist all the same: {seen}",
        hint="a commit is listed before its copy is complete: start a VM from it before you trust it",
        candidates=fresh,
        status=lost.status,
    )
