"""VMs and commits by their ids, as one owner finds them: its own, those of others, and those that are nobody's."""

from __future__ import annotations

from cockpit.embedded.api.owners.others import Holding, Others
from cockpit.embedded.api.records import CommitRow, VmRow
from cockpit.embedded.api.vers.exchange import ApiError


class Possessions:
    """What one owner has, and how it is answered for what it has not."""

    def __init__(self, holding: Holding, others: Others) -> None:
        self.records = holding.records
        self.others = others
        self._names = holding.names

    def visible(self) -> list[VmRow]:
        """Return the VMs a listing shows: a restore under way is not among them."""
        return [vm for vm in self.records.vms() if _is_visible(vm)]

    def vm(self, vm_id: str, text: str = "not found") -> VmRow:
        """Return a VM.

        Raises:
            ApiError: 404 with the given text, 403 if it is another owner's.
        """
        vm = self.records.vm(vm_id)
        if vm is None or not _is_visible(vm):
            self.check_not_others(vm_id)
            raise ApiError(404, text)
        return vm

    def check_not_others(self, vm_id: str) -> None:
        """See that a VM is not another owner's.

        Raises:
            ApiError: it is.
        """
        if self.others.have_vm(vm_id):
            raise ApiError(403, "forbidden")

    def commit_of(self, commit_id: str) -> CommitRow:
        """Return a commit.

        Raises:
            ApiError: 404, or 403 if it is another owner's.
        """
        commit = self.records.commit(commit_id)
        if commit is not None:
            return commit
        if self.others.commit(commit_id) is not None:
            raise ApiError(403, "forbidden")
        raise ApiError(404, "commit not found")

    def startable(self, commit_id: str) -> CommitRow:
        """Return a commit that VMs may be made of: one's own, or another's that is shown to everybody.

        Raises:
            ApiError: as `commit_of`.
        """
        shown = self.others.commit(commit_id)
        return shown if shown is not None and shown.is_public else self.commit_of(commit_id)


def _is_visible(vm: VmRow) -> bool:
    return vm.started or vm.parent_commit_id is None
