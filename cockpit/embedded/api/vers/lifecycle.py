"""The life of the embedded VMs: records and sandboxes kept in step, one act at a time per VM.

A record is written before its sandbox or copy is made and completed after it, so that whatever a stopped server left
half made is found and removed at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from weakref import WeakValueDictionary

from cockpit.embedded.api.owners.others import Holding, Others
from cockpit.embedded.api.owners.possessions import Possessions
from cockpit.embedded.api.records import CommitRow, Size, VmRow, now_text
from cockpit.embedded.api.vers.exchange import ApiError, BranchError
from cockpit.embedded.hosting import PROCESS_LIMIT, Execution, Hosting, HostingError, Limits

log = logging.getLogger(__name__)

ASLEEP = "The requested VM is not currently running (node_id is null); is it sleeping?"
"""What a VM that sleeps answers to nearly everything, with 409."""
VM_LIMIT = 256
"""VMs that may exist at once: all of them share the machine the cockpit runs on."""

LEAST_MEMORY_MIB = 128
"""Nothing runs in less, whatever was asked for."""


class Lifecycle(Possessions):
    """Makes, copies, freezes and ends VMs."""

    def __init__(self, holding: Holding, others: Others, hosting: Hosting, vm_limit: int = VM_LIMIT) -> None:
        """Prepare.

        Args:
            holding: whose VMs these are, and what is on record of them.
            others: the holdings of the fleet's other owners.
            hosting: what runs the VMs.
            vm_limit: VMs of all owners that may exist at once.
        """
        super().__init__(holding, others)
        self.hosting = hosting
        self._vm_limit = vm_limit
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._boots: dict[str, asyncio.Task[None]] = {}

    async def recover(self) -> None:
        """Remove what was half made when the server stopped."""
        vm_ids, commit_ids = self.records.unfinished()
        for vm_id in vm_ids:
            if vm_id in self._boots:
                continue
            log.warning("VM %s was never finished: removing it", vm_id)
            await self.hosting.destroy(vm_id)
            self.records.delete_vm(vm_id)
        for commit_id in commit_ids:
            log.warning("commit %s was never finished: removing it", commit_id)
            await self.hosting.destroy_commit(commit_id)
            self.records.remove_commit(commit_id)

    async def close(self) -> None:
        """End the boots under way; `recover` removes their traces at the next start."""
        boots = list(self._boots.values())
        for boot in boots:
            boot.cancel()
        await asyncio.gather(*boots, return_exceptions=True)

    # -- reading -------------------------------------------------------------------------------------------------

    async def state(self, vm: VmRow) -> str:
        """Return the state word as it is read."""
        if not vm.started:
            return "booting"
        return "sleeping" if vm.asleep else await self.hosting.state(vm.vm_id)

    def check_awake(self, vm: VmRow) -> None:
        """See that a VM does not sleep.

        Raises:
            ApiError: 409 with the platform's text.
        """
        if vm.asleep:
            raise ApiError(409, ASLEEP)

    async def private_key(self, vm_id: str) -> tuple[str, int]:
        """Return the key and the port of a running VM.

        Raises:
            ApiError: it is paused or sleeps, or there is none.
        """
        vm = await self._booted(vm_id, "not found")
        self.check_awake(vm)
        if await self.state(vm) == "paused":
            # The host refuses for a paused VM, and the control plane fails to read that refusal as a key.
            raise ApiError(500, "db error: body unparsable")
        try:
            return await self.hosting.private_key(vm_id)
        except HostingError as error:
            raise node_error(error) from error

    async def running(self, vm_id: str, asleep: str = "internal server error") -> None:
        """See that commands can be run in a VM, waiting for its boot.

        Args:
            vm_id: where.
            asleep: what is said of one that sleeps.

        Raises:
            ApiError: there is none, or it is paused or sleeps.
        """
        vm = await self._booted(vm_id, "not found")
        if (state := await self.state(vm)) in ("paused", "sleeping"):
            raise ApiError(500, asleep if state == "sleeping" else "internal server error")

    async def run(self, vm_id: str, command: Execution) -> tuple[int, bytes, bytes]:
        """Run a command in a running VM; return its exit code, output and error output.

        Raises:
            ApiError: there is none, it is paused, or the command could not be run to its end.
        """
        await self.running(vm_id)
        try:
            return await self.hosting.execute(vm_id, command)
        except HostingError as error:
            raise node_error(error) from error

    # -- making --------------------------------------------------------------------------------------------------

    async def create(self, size: Size, labels: dict[str, str] | None, *, wait_boot: bool, made_by: str = "") -> str:
        """Make a VM, for the agent of another if one asks; unless told to wait, return while it boots.

        Raises:
            ApiError: the limit is reached, or the boot that was waited for failed.
        """
        self._check_limit(1)
        vm_id = str(uuid.uuid4())
        self.records.add_vm(vm_id, size, labels=labels, made_by=made_by)
        boot = asyncio.create_task(self._boot(vm_id, limits_of(size)), name=f"boot {vm_id}")
        self._boots[vm_id] = boot
        boot.add_done_callback(lambda _: self._boots.pop(vm_id, None))
        if wait_boot:
            await asyncio.wait([boot])
            if self.records.vm(vm_id) is None:
                raise ApiError(500, "failed to provision VM on node: the VM did not boot")
        return vm_id

    async def _boot(self, vm_id: str, limits: Limits) -> None:
        try:
            await self.hosting.create(vm_id, limits)
            await self._give_variables(vm_id)
        except HostingError as error:
            log.error("VM %s did not boot: %s", vm_id, error)
            self.records.delete_vm(vm_id)
            return
        except Exception:
            self.records.delete_vm(vm_id)
            raise
        self.records.set_started(vm_id)

    async def _give_variables(self, vm_id: str) -> None:
        """Replace what the VM has in its environment by the account's variables, if the account has any."""
        if variables := self._names.variables():
            try:
                await self.hosting.write_environment(vm_id, variables)
            except HostingError:
                await self.hosting.destroy(vm_id)
                raise

    async def restore(self, commit_id: str, made_by: str = "") -> str:
        """Start a VM from a commit; it runs when this returns.

        Raises:
            ApiError: no such commit, the limit is reached, or the copy failed.
        """
        return await self.start(self.startable(commit_id), made_by)

    async def start(self, commit: CommitRow, made_by: str = "") -> str:
        """Start a VM from a commit that the caller may have, whoever's it is.

        Raises:
            ApiError: as `restore`.
        """
        self._check_limit(1)
        return await self._restore(commit, made_by)

    async def _restore(self, commit: CommitRow, made_by: str) -> str:
        vm_id = str(uuid.uuid4())
        self.records.add_vm(
            vm_id,
            commit.size,
            parent_commit_id=commit.commit_id,
            grandparent_vm_id=commit.parent_vm_id,
            made_by=made_by,
        )
        try:
            await self.hosting.restore(vm_id, commit.commit_id, limits_of(commit.size))
            await self._give_variables(vm_id)
        except HostingError as error:
            self.records.delete_vm(vm_id)
            raise ApiError(500, f"failed to provision VM on node: {error}") from error
        self.records.set_started(vm_id)
        return vm_id

    async def branch_commit(self, commit: CommitRow, count: int, made_by: str = "") -> list[str]:
        """Start several VMs from a commit, one after another.

        Raises:
            BranchError: one failed; those made before it are named and stay.
            ApiError: the limit is reached.
        """
        self._check_limit(count)
        made: list[str] = []
        for _ in range(count):
            try:
                made.append(await self._restore(commit, made_by))
            except ApiError as error:
                raise BranchError(error.status, error.text, made) from error
        return made

    async def branch_vm(
        self, vm_id: str, count: int, *, keep_paused: bool, skip_wait_boot: bool, made_by: str = ""
    ) -> list[str]:
        """Commit a VM and start several from the commit.

        Raises:
            BranchError: as `branch_commit`.
            ApiError: the limit is reached.
        """
        self._check_limit(count)
        try:
            commit_id = await self.commit(vm_id, "", None, keep_paused=keep_paused, skip_wait_boot=skip_wait_boot)
        except ApiError as error:
            text = "parent vm not found" if error.status == 404 else f"error committing vm: {error.text}"
            # The platform tells of one that sleeps as of any failure here.
            raise BranchError(500 if error.status == 409 else error.status, text, []) from error
        return await self.branch_commit(self.commit_of(commit_id), count, made_by)

    async def commit(
        self, vm_id: str, name: str, description: str | None, *, keep_paused: bool, skip_wait_boot: bool
    ) -> str:
        """Take a snapshot. Unless `keep_paused`, the VM runs afterwards, even if it was paused before.

        Raises:
            ApiError: no such VM, or the copy failed; then the VM is as before.
        """
        async with self._lock(vm_id):
            vm = await self._booted(vm_id, "vm not found", skip_wait_boot=skip_wait_boot)
            self.check_awake(vm)
            commit_id = str(uuid.uuid4())
            title = name or f"commit: of_vm={vm_id} timestamp={now_text()}"
            self.records.add_commit(commit_id, vm, title, description)
            try:
                before = await self.hosting.state(vm_id)
                await self.hosting.snapshot(vm_id, commit_id)
                self.records.set_complete(commit_id, await self.hosting.commit_bytes(commit_id))
            except HostingError as error:
                self.records.remove_commit(commit_id)
                raise node_error(error) from error
            try:
                if keep_paused and before == "running":
                    await self.hosting.pause(vm_id)
                elif not keep_paused and before == "paused":
                    await self.hosting.resume(vm_id)
            except HostingError as error:
                raise node_error(error) from error
            return commit_id

    # -- changing ------------------------------------------------------------------------------------------------

    async def set_state(self, vm_id: str, word: str, *, skip_wait_boot: bool) -> None:
        """Freeze a VM, put it to sleep or let it run; doing it again changes nothing.

        A VM that sleeps stands as still as a paused one, and answers as the platform's do.

        Args:
            vm_id: which.
            word: `Paused`, `Sleeping` or `Running`.
            skip_wait_boot: do not wait until it has booted.

        Raises:
            ApiError: no such VM, its processes could not be frozen, or it sleeps and is to be paused.
        """
        async with self._lock(vm_id):
            vm = await self._booted(vm_id, "vm not found", skip_wait_boot=skip_wait_boot)
            if word == "Paused":
                self.check_awake(vm)
            try:
                await (self.hosting.resume(vm_id) if word == "Running" else self.hosting.pause(vm_id))
            except HostingError as error:
                raise node_error(error) from error
            self.records.set_asleep(vm_id, asleep=word == "Sleeping")

    async def resize_disk(self, vm_id: str, fs_size_mib: int, *, skip_wait_boot: bool) -> None:
        """Let a disk grow: the size is kept and reported, for a sandbox has the whole machine's disk anyhow.

        Raises:
            ApiError: no such VM, or the disk has that size already.
        """
        async with self._lock(vm_id):
            vm = await self._booted(vm_id, "vm not found", skip_wait_boot=skip_wait_boot)
            if vm.asleep:
                raise ApiError(500, "node not found")
            if fs_size_mib <= vm.size.fs_size_mib:
                said = f"the new disk size must be greater than the current one ({vm.size.fs_size_mib} MiB)"
                raise ApiError(400, said)
            self.records.set_disk(vm_id, fs_size_mib)

    async def delete(self, vm_id: str, *, skip_wait_boot: bool) -> None:
        """End a VM. Its commits and its copies stay.

        Raises:
            ApiError: 403 for an unknown id, as the control plane answers.
        """
        async with self._lock(vm_id):
            try:
                self.check_awake(await self._booted(vm_id, "", skip_wait_boot=skip_wait_boot))
            except ApiError as error:
                raise (ApiError(403, "Forbidden") if error.status == 404 else error) from error
            try:
                await self.hosting.destroy(vm_id)
            except HostingError as error:
                raise node_error(error) from error
            self.records.delete_vm(vm_id)

    async def delete_commit(self, commit_id: str) -> None:
        """Remove a commit.

        Raises:
            ApiError: no such commit, or VMs made from it live.
        """
        self.commit_of(commit_id)
        living = self.records.vms_from(commit_id) + self.others.vms_from(commit_id)
        if living:
            raise ApiError(409, f"commit still has {living} active VM(s)")
        self.records.remove_commit(commit_id)
        try:
            await self.hosting.destroy_commit(commit_id)
        except HostingError as error:
            raise node_error(error) from error

    def _lock(self, vm_id: str) -> asyncio.Lock:
        lock = self._locks.get(vm_id)
        if lock is None:
            lock = self._locks[vm_id] = asyncio.Lock()
        return lock

    async def _booted(self, vm_id: str, text: str, *, skip_wait_boot: bool = False) -> VmRow:
        """Return a VM that has booted, waiting for it.

        Raises:
            ApiError: 404 with the text, also if the boot fails; 500 if it boots and must not be waited for.
        """
        vm = self.vm(vm_id, text)
        boot = self._boots.get(vm_id)
        if vm.started or boot is None:
            return vm
        if skip_wait_boot:
            waiting = f"VM {vm_id} is not finished booting. Try again shortly."
            raise ApiError(500, f'http error: NonSuccessStatusCode(409, "{waiting}")')
        await asyncio.wait([boot])
        return self.vm(vm_id, text)

    def _check_limit(self, count: int) -> None:
        existing = len(self.records.vms()) + self.others.vms()
        if existing + count > self._vm_limit:
            raise ApiError(403, f"resource limit exceeded: {existing} of {self._vm_limit} VMs exist")


def limits_of(size: Size) -> Limits:
    """Return what a VM of this size is kept to where its host can: its memory, and a number of processes."""
    return Limits(max(LEAST_MEMORY_MIB, size.mem_size_mib), PROCESS_LIMIT)


def node_error(error: HostingError) -> ApiError:
    """Return the 500 that a failure on a node is told as."""
    return ApiError(500, f"http error: NonSuccessStatusCode(500, {str(error)!r})")
