"""Commits: the list of them, and the taking of one, which counts as taken when the list has it."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import CommitId, VmId
from cockpit.vers.errors import BadAnswer, CreationUncertain, VersError, is_over, may_have_happened
from cockpit.vers.transport import CREATION_TIMEOUT, VersTransport, path_part
from cockpit.vers.wire import CommitPage, CommitRecord

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

    async def listed(self) -> CommitListing:
        """Return the commits.

        Raises:
            VersError: a page could not be had.
        """
        what = "list the commits"
        found: dict[str, CommitRecord] = {}
        offset = total = 0
        while offset < COMMIT_LIMIT:
            params: dict[str, str | int] = {"limit": COMMIT_PAGE, "offset": offset}
            answer = await self._wire.request(what, "GET", "/commits", params=params)
            page = answer.read(what, CommitPage.model_validate)
            before = len(found)
            found.update((commit.commit_id, commit) for commit in page.commits)
            offset, total = offset + len(page.commits), page.total
            # A page with nothing new ends it: a server that ignores `offset` would go round for ever.
            if len(found) == before or 0 < total <= offset:
                break
        return CommitListing(tuple(found.values()), len(found) >= total and offset < COMMIT_LIMIT)

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
        if listing.whole and all(commit.commit_id != commit_id for commit in listing.records):
            raise BadAnswer(f"could not {what}: the answer names commit {commit_id}, which is not among the commits")


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
