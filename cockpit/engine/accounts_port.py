"""The part of the engine's port that reads what the platforms keep besides VMs and agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.accounts import AccountView, CommitList, CommitView, RepositoryView
    from cockpit.model.ids import CommitId, VmId


class PlatformPort(Protocol):
    """What the platforms keep besides VMs and agents, read when somebody asks."""

    async def commits(self, *, public: bool = False) -> CommitList:
        """Return the commits of every source, newest first, with the names they have.

        Raises:
            CockpitError: none of the sources told its commits.
        """

    async def lineage(self, commit: CommitView) -> tuple[CommitView, ...]:
        """Return what a commit came from, nearest first, without the commit itself.

        Raises:
            CockpitError: it could not be had.
        """

    async def repositories(self, *, public: bool = False) -> tuple[RepositoryView, ...]:
        """Return the repositories with their tags; of public ones the names alone.

        Raises:
            CockpitError: they could not be had.
        """

    async def tags(self, repository: str) -> tuple[tuple[str, CommitId], ...]:
        """Return the tags of a repository, each with its commit; of a public one as `ORGANISATION/REPOSITORY`.

        Raises:
            CockpitError: they could not be had.
        """

    async def public_tag(self, reference: str) -> CommitId:
        """Return the commit that `ORGANISATION/REPOSITORY:TAG` names; anybody may restore it.

        Raises:
            CockpitError: there is none, or it could not be had.
        """

    async def accounts(self) -> tuple[AccountView, ...]:
        """Return the account behind each source; one whose platform does not answer says so."""

    async def variables(self) -> dict[str, str]:
        """Return the environment variables every VM gets as it starts.

        Raises:
            CockpitError: they could not be had.
        """

    async def labels(self, vm_id: VmId, source: str) -> dict[str, str]:
        """Return the labels the platform keeps of a VM.

        Raises:
            CockpitError: they could not be had.
        """

    async def learn(self) -> None:
        """Ask for the size and the origin of every VM that nothing was told of yet."""
