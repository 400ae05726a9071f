"""What an owner is told of the other owners' things: that they are not its own, and what is shown to everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cockpit.embedded.api.records import CommitRow, Records
from cockpit.embedded.api.vers.named import NameRecords


@dataclass(frozen=True, slots=True, eq=False)
class Holding:
    """What one owner has on record."""

    owner_id: str
    """The part of its token that may be shown."""
    organisation: str
    """Under which name its public repositories are found."""
    user_name: str
    records: Records
    names: NameRecords


class Others:
    """The holdings of all owners, as one of them sees them."""

    def __init__(self, own: Holding, everybody: Sequence[Holding] = ()) -> None:
        """Prepare.

        Args:
            own: whose view this is.
            everybody: all holdings, one's own among them; it may grow later.
        """
        self._own = own
        self._everybody = everybody

    def holdings(self) -> Iterator[Holding]:
        """Yield one's own holding first, then those of the others."""
        yield self._own
        yield from self._foreign()

    def have_vm(self, vm_id: str) -> bool:
        """Say whether a VM is another owner's."""
        return any(holding.records.vm(vm_id) is not None for holding in self._foreign())

    def commit(self, commit_id: str) -> CommitRow | None:
        """Return a commit of another owner."""
        found = (holding.records.commit(commit_id) for holding in self._foreign())
        return next((commit for commit in found if commit is not None), None)

    def vms(self) -> int:
        """Return how many VMs the others have: all share one machine."""
        return sum(len(holding.records.vms()) for holding in self._foreign())

    def vms_from(self, commit_id: str) -> int:
        """Return how many living VMs of others were made from a commit."""
        return sum(holding.records.vms_from(commit_id) for holding in self._foreign())

    def organisation(self, name: str) -> Holding | None:
        """Return the holding whose public repositories stand under a name."""
        return next((holding for holding in self.holdings() if holding.organisation == name), None)

    def _foreign(self) -> Iterator[Holding]:
        return (holding for holding in self._everybody if holding is not self._own)
