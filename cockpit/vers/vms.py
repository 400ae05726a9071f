"""The VMs of an account: what is told of them, their power, their labels and disks, and their end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from cockpit.errors import UsageError
from cockpit.model.ids import VmId
from cockpit.model.size import disk_fault
from cockpit.vers.effects import about, confirm_deleted, confirm_power
from cockpit.vers.errors import EffectUnknown, ResourceNotFound, VersError, VmNotFound, may_have_happened
from cockpit.vers.look import Look, look_at
from cockpit.vers.reconcile import Reconciler
from cockpit.vers.settling import settled
from cockpit.vers.transport import CREATION_TIMEOUT, VersTransport, path_part
from cockpit.vers.wire import SshKey, VmListing, VmMetadata, VmRecord, vm_list

READ_TIMEOUT = 20.0
"""Seconds a call that only reads may take, with all its attempts: who asked must hear of a silent platform soon."""
DELETION_TIMEOUT = 60.0
"""Seconds a deletion may take: about seven are usual, and the VM is looked at afterwards in any case."""


class Vms:
    """The VMs one key sees."""

    def __init__(self, wire: VersTransport, owner: str, rest: Callable[[float], Awaitable[None]]) -> None:
        """Prepare.

        Args:
            wire: the connection.
            owner: the owner of what is made here; empty if unknown.
            rest: how waits between looks are spent.
        """
        self._wire = wire
        self._rest = rest
        self._list_path = "/vms"
        self._pause_word = "Paused"
        self._reconciler = Reconciler(self.list_vms, self.metadata, owner, rest)

    # -- reading -------------------------------------------------------------------------------------------------

    async def list_vms(self) -> tuple[VmRecord, ...]:
        """Return the VMs of the organisation.

        A VM whose host does not answer is left out by the server, so absence is no proof of deletion: ask `status`.

        Raises:
            VersError: the list could not be had.
        """
        return (await self.listing()).records

    async def listing(self) -> VmListing:
        """Return the VMs of the organisation, with how many entries could not be read.

        Raises:
            VersError: the list could not be had.
        """
        what = "list the VMs"
        try:
            answer = await self._wire.request(what, "GET", self._list_path)
        except ResourceNotFound:
            # Servers from June 2026 on know the list under the singular only.
            other = "/vm" if self._list_path == "/vms" else "/vms"
            answer = await self._wire.request(what, "GET", other)
            self._list_path = other
        listing = answer.read(what, vm_list)
        self._reconciler.learn(record.vm_id for record in listing.records)
        return listing

    async def look(self, vm_id: VmId) -> Look:
        """Look whether a VM exists: found, missing or unknown, with what was seen; see `cockpit.vers.look`."""
        return await look_at(vm_id, self.listing, self.status)

    async def status(self, vm_id: VmId) -> VmRecord:
        """Return one VM.

        Raises:
            VmNotFound: it is gone.
            VmAsleep: it sleeps, although the list shows it.
            BadAnswer: the answer is about another VM.
        """
        what = f"read the status of VM {vm_id}"
        answer = await self._wire.request(what, "GET", f"/vm/{path_part(vm_id)}/status")
        return about(what, vm_id, answer.read(what, VmRecord.model_validate))

    async def metadata(self, vm_id: VmId) -> VmMetadata:
        """Return one VM with its lineage.

        Raises:
            VersError: as `status`.
        """
        what = f"read the lineage of VM {vm_id}"
        answer = await self._wire.request(what, "GET", f"/vm/{path_part(vm_id)}/metadata")
        return about(what, vm_id, answer.read(what, VmMetadata.model_validate))

    async def ssh_key(self, vm_id: VmId) -> SshKey:
        """Return the key that opens a VM; it stays the same for the VM's life, so keep it.

        Raises:
            VmPaused: keys are given for running VMs only.
        """
        what = f"fetch the SSH key of VM {vm_id}"
        answer = await self._wire.request(what, "GET", f"/vm/{path_part(vm_id)}/ssh_key")
        return answer.read(what, SshKey.model_validate)

    # -- power and deletion --------------------------------------------------------------------------------------

    async def set_power(self, vm_id: VmId, paused: bool) -> None:
        """Pause or resume a VM; doing it to one that is so already is no error.

        Raises:
            VersError: the platform refused, or it is unknown whether it happened.
        """
        what = f"{'pause' if paused else 'resume'} VM {vm_id}"
        try:
            await (self._pause(what, vm_id) if paused else self._write_state(what, vm_id, "Running"))
        except VersError as error:
            # The state itself decides: an answer may be lost, and a host refuses to do again what is done.
            await confirm_power(what, vm_id, paused, error, self.look, self._rest)

    async def _pause(self, what: str, vm_id: VmId) -> None:
        """Write the state in the word this server knows."""
        try:
            await self._write_state(what, vm_id, self._pause_word)
        except VersError as error:
            other = "Sleeping" if self._pause_word == "Paused" else "Paused"
            if error.status != 422 or f"`{other}`" not in error.message:
                raise
            await self._write_state(what, vm_id, other)
            self._pause_word = other

    async def _write_state(self, what: str, vm_id: VmId, word: str) -> None:
        await self._wire.request(
            what, "PATCH", f"/vm/{path_part(vm_id)}/state", body={"state": word}, timeout=CREATION_TIMEOUT
        )

    async def delete(self, vm_id: VmId) -> None:
        """Delete a VM; one that is gone already is no error if it was known to be ours.

        The answer decides nothing: the VM is gone when the list and its status say so, see `cockpit.vers.look`.

        Raises:
            VmNotFound: there is no such VM, and none was ever known here.
            EffectUnknown: it cannot be told whether it is gone.
            VersError: it is still there.
        """
        what = f"delete VM {vm_id}"
        was_known = self._reconciler.knows(vm_id)
        failure: VersError | None = None
        try:
            await self._wire.request(what, "DELETE", f"/vm/{path_part(vm_id)}", timeout=DELETION_TIMEOUT)
        except VersError as error:
            failure = error
        await confirm_deleted(what, vm_id, failure, self.look, self._rest)
        if failure is not None and failure.status in (403, 404) and not was_known:
            raise VmNotFound(f"could not {what}: there is no such VM", hint="list the VMs", status=404) from failure

    # -- labels and disk -----------------------------------------------------------------------------------------

    async def add_labels(self, vm_id: VmId, labels: Mapping[str, str]) -> None:
        """Add server-side labels to those a VM has; restores and branches begin with none.

        Raises:
            EffectUnknown: the answer was lost, and the VM cannot be looked at.
            VersError: it was refused.
        """
        what = f"label VM {vm_id}"

        async def is_so() -> bool:
            return labels.items() <= (await self.status(vm_id)).labels.items()

        path = f"/vm/{path_part(vm_id)}/label"
        await settled(what, partial(self._write_labels, what, "PATCH", path, labels), is_so)

    async def replace_labels(self, vm_id: VmId, labels: Mapping[str, str]) -> None:
        """Give a VM these labels and no others.

        Raises:
            EffectUnknown: the answer was lost, and the VM cannot be looked at.
            VersError: it was refused.
        """
        what = f"replace the labels of VM {vm_id}"

        async def is_so() -> bool:
            return (await self.status(vm_id)).labels == dict(labels)

        path = f"/vm/{path_part(vm_id)}/labels"
        await settled(what, partial(self._write_labels, what, "PUT", path, labels), is_so)

    async def remove_label(self, vm_id: VmId, name: str) -> None:
        """Take a label from a VM; one it has not is no error.

        Raises:
            EffectUnknown: the answer was lost, and the VM cannot be looked at.
            VersError: it was refused.
        """
        what = f"remove label {name} of VM {vm_id}"

        async def is_so() -> bool:
            return name not in (await self.status(vm_id)).labels

        path = f"/vm/{path_part(vm_id)}/label/{path_part(name)}"
        await settled(what, partial(self._write_labels, what, "DELETE", path, None), is_so)

    async def _write_labels(self, what: str, method: str, path: str, labels: Mapping[str, str] | None) -> None:
        body = None if labels is None else {"labels": dict(labels)}
        await self._wire.request(what, method, path, body=body)

    async def resize_disk(self, vm_id: VmId, disk_mib: int) -> None:
        """Let a VM's disk grow; the VM is paused for it, and the growing of its file system is not reported.

        Args:
            vm_id: the VM.
            disk_mib: its new size in MiB, larger than the present one.

        Raises:
            UsageError: no disk can have that size.
            EffectUnknown: the answer was lost: the platform tells the size of no disk.
            VersError: it was refused.
        """
        if fault := disk_fault(0, disk_mib):
            raise UsageError(f"could not resize the disk of VM {vm_id}: {fault}", hint="nothing was sent")
        what = f"resize the disk of VM {vm_id} to {disk_mib} MiB"
        path = f"/vm/{path_part(vm_id)}/disk"
        body = {"fs_size_mib": disk_mib}
        try:
            # A second try would be refused where the first was done: a disk can only grow.
            await self._wire.request(what, "PATCH", path, body=body, repeatable=False, timeout=CREATION_TIMEOUT)
        except VersError as failure:
            if may_have_happened(failure) and not await self._has_disk(vm_id, disk_mib):
                raise EffectUnknown(
                    f"{failure.message}; whether the disk has grown is unknown",
                    hint="look on the VM with `df -h /` before you try again",
                    status=failure.status,
                ) from failure
            if not may_have_happened(failure):
                raise

    async def _has_disk(self, vm_id: VmId, disk_mib: int) -> bool:
        try:
            return (await self.metadata(vm_id)).fs_size_mib == disk_mib
        except VersError:
            return False
