"""What the platforms keep besides VMs and agents, read when somebody asks: commits and their tags, accounts, labels."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError, NotFound
from cockpit.model.accounts import AccountView, CommitList, CommitView, RepositoryView
from cockpit.model.ids import CommitId, VmId
from cockpit.model.size import VmSize

if TYPE_CHECKING:
    from cockpit.engine.hosts.platform import HostPlatform
    from cockpit.engine.running_source import RunningSource
    from cockpit.vers.client import VersClient
    from cockpit.vers.wire import CommitRecord

log = logging.getLogger(__name__)


class Platform:
    """Reads of every source what no list of the fleet tells; it changes nothing."""

    def __init__(self, running: Sequence[RunningSource]) -> None:
        self._running = running

    async def commits(self, *, public: bool = False) -> CommitList:
        """Return the commits of every source, newest first, with the names they have.

        Raises:
            CockpitError: none of the sources told its commits.
        """
        found: list[CommitView] = []
        missing: list[str] = []
        failure: CockpitError | None = None
        for running in self._running:
            vers = running.source.vers
            try:
                listing = await vers.commits.listed(public=public)
            except CockpitError as error:
                failure = error
                missing.append(error.message)
                continue
            tags = await self._tags(vers, missing)
            found += [_view(record, running.name, tags) for record in listing.records]
            if not listing.whole:
                missing.append(f"{running.name} has more commits than are listed")
        if failure is not None and len(missing) == len(self._running) and not found:
            raise failure
        return CommitList(tuple(sorted(found, key=lambda commit: -commit.created_at)), tuple(missing))

    async def _tags(self, vers: VersClient, missing: list[str]) -> dict[str, list[str]]:
        """Return the names of commits by their ids; what could not be had is added to `missing`."""
        names: dict[str, list[str]] = {}
        try:
            for tag in await vers.tags.listed():
                names.setdefault(tag.commit_id, []).append(tag.tag_name)
            for repository in await vers.repositories.listed():
                for tag in await vers.repositories.tags(repository.name).listed():
                    names.setdefault(tag.commit_id, []).append(f"{repository.name}:{tag.tag_name}")
        except CockpitError as error:
            missing.append(f"not all names are known: {error.message}")
        return names

    async def lineage(self, commit: CommitView) -> tuple[CommitView, ...]:
        """Return what a commit came from, nearest first, without the commit itself.

        Raises:
            CockpitError: it could not be had.
        """
        vers = self._source_named(commit.source).source.vers
        parents = await vers.commits.parents(commit.id)
        return tuple(_view(parent, commit.source, {}) for parent in parents if parent.commit_id != commit.id)

    async def repositories(self, *, public: bool = False) -> tuple[RepositoryView, ...]:
        """Return the first source's repositories with their tags; of public ones the names alone.

        Raises:
            CockpitError: they could not be had.
        """
        repositories = self._running[0].source.vers.repositories
        if public:
            return tuple(RepositoryView(one.full_name, one.description, True) for one in await repositories.public())
        views = []
        for one in await repositories.listed():
            tags = [(tag.tag_name, CommitId(tag.commit_id)) for tag in await repositories.tags(one.name).listed()]
            views.append(RepositoryView(one.name, one.description, one.is_public, tuple(tags)))
        return tuple(views)

    async def tags(self, repository: str) -> tuple[tuple[str, CommitId], ...]:
        """Return the tags of a repository, each with its commit; of a public one as `ORGANISATION/REPOSITORY`.

        Raises:
            CockpitError: they could not be had.
        """
        repositories = self._running[0].source.vers.repositories
        organisation, mark, name = repository.partition("/")
        listed = repositories.public_tags(organisation, name) if mark else repositories.tags(repository).listed()
        return tuple((tag.tag_name, CommitId(tag.commit_id)) for tag in await listed)

    async def public_tag(self, reference: str) -> CommitId:
        """Return the commit that `ORGANISATION/REPOSITORY:TAG` names; anybody may restore it.

        Raises:
            CockpitError: there is none, or it could not be had.
        """
        return CommitId((await self._running[0].source.vers.repositories.public_tag(reference)).commit_id)

    async def accounts(self) -> tuple[AccountView, ...]:
        """Return the account behind each source; one whose platform does not answer says so."""
        return tuple(await asyncio.gather(*(self._account(running) for running in self._running)))

    async def _account(self, running: RunningSource) -> AccountView:
        vers, key_from = running.source.vers, running.source.key_source
        if (host := running.source.plain_host) is not None:
            return await _login(running.name, host)
        try:
            verdict = await vers.key.check()
            who = await vers.key.whoami() if verdict.valid else None
            version = await vers.version() if verdict.valid else ""
        except CockpitError as error:
            return AccountView(running.name, vers.account, False, error.message, key_from=key_from)
        if who is None:
            return AccountView(
                running.name, vers.account, verdict.valid, verdict.message, version=version, key_from=key_from
            )
        return AccountView(
            running.name,
            vers.account,
            verdict.valid,
            verdict.message,
            who.user.email or who.user.user_name,
            who.org.name,
            who.api_key.label,
            who.api_key.expires_at,
            who.limits,
            version,
            key_from,
        )

    async def variables(self) -> dict[str, str]:
        """Return the first source's environment variables.

        Raises:
            CockpitError: they could not be had.
        """
        return await self._running[0].source.vers.variables.listed()

    async def labels(self, vm_id: VmId, source: str) -> dict[str, str]:
        """Return the labels the platform keeps of a VM.

        Raises:
            CockpitError: they could not be had.
        """
        return dict((await self._source_named(source).source.vers.status(vm_id)).labels)

    async def learn(self) -> None:
        """Ask for the size and the origin of every VM that nothing was told of yet."""
        await asyncio.gather(*(running.particulars.learn() for running in self._running))

    def _source_named(self, name: str) -> RunningSource:
        for running in self._running:
            if running.name == name:
                return running
        raise NotFound(f"there is no fleet named {name!r}")


def _view(record: CommitRecord, source: str, names: dict[str, list[str]]) -> CommitView:
    return CommitView(
        record.id,
        source,
        record.name,
        record.description,
        record.created_at,
        record.is_public,
        record.parent_vm_id,
        record.grandparent_commit_id,
        tuple(names.get(record.commit_id, ())),
        VmSize(record.vcpu_count, record.mem_size_mib, record.fs_size_mib),
        record.size_bytes,
    )


async def _login(name: str, host: HostPlatform) -> AccountView:
    """Return who one is on a plain host; it has no account, and the login is all there is to be proven."""
    try:
        return AccountView(name, f"host {name}", True, "the login works", await host.who(), host=True)
    except CockpitError as error:
        return AccountView(name, f"host {name}", False, error.message, host=True)
