"""Orders about what the platform keeps: VMs without agents, disks, labels, commits and their names, variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cockpit.engine.commands.creations import Creations
from cockpit.engine.commands.sizes import check_size
from cockpit.engine.infrastructure.maker import InfraMaker
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, Refused
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import AgentId, CommitId, VmId
from cockpit.model.names import looks_like_id
from cockpit.model.platform import (
    ChangeCommit,
    ChangeRepository,
    DeleteCommit,
    MakeInfra,
    NewVm,
    PlatformCommand,
    Resize,
    SetLabels,
    SetVariables,
    TagCommit,
    Untag,
)
from cockpit.model.size import UNKNOWN_SIZE, VmSize
from cockpit.vers.errors import EffectUnknown, VersError
from cockpit.vers.reconcile import BranchResult
from cockpit.vers.repositories import reference_parts
from cockpit.vers.tags import Tags

LOOK_LIMIT = 15.0
"""Seconds a look at a VM's file system may take."""
LEAST_PART = 0.85
"""Part of a disk that its file system has at least: the rest is its own bookkeeping."""
OWN_LABELS = "swarm-cockpit-"
"""How the labels begin that cockpits put on VMs for themselves."""


class PlatformOrders:
    """Carries out orders about the platform of one source."""

    def __init__(
        self,
        fleet_state: FleetState,
        source: Source,
        creations: Creations,
        agent_session: Callable[[AgentId], AgentSession | None],
        infra: InfraMaker,
    ) -> None:
        self._fleet_state = fleet_state
        self._source = source
        self._vers = source.vers
        self._creations = creations
        self._agent_session = agent_session
        self._infra = infra

    async def carry_out(self, command: PlatformCommand, progress: OperationProgress) -> None:
        """Carry out one order, with its steps.

        Raises:
            CockpitError: it was not done, or it cannot be told.
        """
        match command:
            case MakeInfra():
                await self._infra.make(command, progress)
            case NewVm():
                await self._new_vm(command, progress)
            case Resize():
                await self._resize(command, progress)
            case SetLabels():
                await self._label(command, progress)
            case ChangeCommit(commit=commit):
                with progress.step("change the commit"):
                    await self._vers.commits.change(
                        commit, name=command.name, description=command.description, public=command.public
                    )
            case DeleteCommit(commit=commit):
                with progress.step("delete the commit"):
                    await self._vers.commits.delete(commit)
            case TagCommit() | Untag():
                await self._tag(command, progress)
            case ChangeRepository():
                await self._repository(command, progress)
            case SetVariables():
                await self._variables(command, progress)

    # -- VMs -----------------------------------------------------------------------------------------------------

    async def _new_vm(self, command: NewVm, progress: OperationProgress) -> None:
        size = UNKNOWN_SIZE if command.origin else command.size or VmSize()
        if not command.origin:
            with progress.step(f"check the size {size.text}"):
                await check_size(self._vers, size)
        target = command.origin or "a fresh VM"
        source = f"commit {command.origin}" if command.origin else "image"
        async with self._creations.written_down("new VM", target, source, None) as request:
            with progress.step("make the VM" if command.count == 1 else f"make {command.count} VMs"):
                made = await self._make(command, size, request)
                progress.detail(", ".join(made.vms))
        now = self._fleet_state.clock.now()
        for vm_id in made.vms:
            vm = Vm(vm_id, Power.BOOTING, now, seen_at=now, source=self._source.name, size=size)
            self._fleet_state.put_vm(vm)
        trouble = _trouble_of(made)
        if command.labels and command.origin:
            # A restored VM begins without labels, whatever its origin had.
            try:
                with progress.step("label"):
                    for vm_id in made.vms:
                        await self._vers.add_labels(vm_id, dict(command.labels))
            except VersError as error:
                if trouble is None:
                    raise
                raise trouble from error
        if trouble is not None:
            raise trouble

    async def _make(self, command: NewVm, size: VmSize, request: str) -> BranchResult:
        origin, count = command.origin, command.count
        if "/" in origin:
            origin = (await self._vers.repositories.public_tag(origin)).commit_id
        if not origin:
            return BranchResult((await self._vers.create_root(size, labels=dict(command.labels), request=request),), 1)
        if count > 1:
            if looks_like_id(origin):
                return await self._vers.branch_commit(CommitId(origin), count=count)
            return await (
                self._vers.branch_reference(origin, count=count)
                if ":" in origin
                else self._vers.branch_tag(origin, count=count)
            )
        if looks_like_id(origin):
            vm_id = await self._vers.from_commit(CommitId(origin))
        else:
            vm_id = await (self._vers.from_reference(origin) if ":" in origin else self._vers.from_tag(origin))
        return BranchResult((vm_id,), 1)

    async def _resize(self, command: Resize, progress: OperationProgress) -> None:
        with progress.step(f"let the disk grow to {command.disk_mib} MiB"):
            await self._vers.resize_disk(command.vm, command.disk_mib)
        with progress.step("look"):
            progress.detail(await self._seen_size(command))
        vm = self._fleet_state.vms.get(command.vm)
        if vm is not None:
            self._fleet_state.put_vm(replace(vm, size=replace(vm.size, disk_mib=command.disk_mib)))

    async def _seen_size(self, command: Resize) -> str:
        """Say what is seen of a disk that has grown.

        Raises:
            Refused: its file system has not grown with it: the platform reports that failure to nobody.
        """
        if await self._told_size(command.vm) == command.disk_mib:
            return f"the platform says {command.disk_mib} MiB"
        try:
            seen = await self._file_system(command.vm)
        except (CockpitError, ValueError) as error:
            return f"the VM cannot be looked at ({error}): `df -h /` on it shows whether it has them"
        if seen < command.disk_mib * LEAST_PART:
            raise Refused(
                f"the disk of VM {command.vm} has {command.disk_mib} MiB, but its file system only {seen}",
                hint="grow it on the VM, with resize2fs and the device that `df /` names",
            )
        return f"the file system of the VM has {seen} MiB"

    async def _file_system(self, vm_id: VmId) -> int:
        """Return the MiB of a VM's root file system, over the link to its agent.

        Raises:
            CockpitError: there is no link, or it does not answer.
            ValueError: the answer is no number.
        """
        agent = self._fleet_state.agent_on(vm_id)
        session = self._agent_session(agent.id) if agent is not None else None
        if session is None or session.link is None:
            raise Refused("no agent of it is attached")
        connection = await session.link.ready(LOOK_LIMIT)
        done = await connection.run("df -Pk / | awk 'END { print $2 }'", timeout=LOOK_LIMIT)
        return int(done.stdout.decode("utf-8", "replace").strip()) // 1024

    async def _told_size(self, vm_id: VmId) -> int:
        try:
            return (await self._vers.metadata(vm_id)).fs_size_mib
        except VersError:
            return 0

    async def _label(self, command: SetLabels, progress: OperationProgress) -> None:
        labels = dict(command.labels)
        with progress.step("label"):
            if command.replace:
                there = (await self._vers.status(command.vm)).labels
                # By these a name is held and a lost call is found again: nobody means them by "all others".
                ours = {name: text for name, text in there.items() if name.startswith(OWN_LABELS)}
                await self._vers.replace_labels(command.vm, {**ours, **labels})
            elif labels:
                await self._vers.add_labels(command.vm, labels)
            for name in command.removed:
                await self._vers.remove_label(command.vm, name)

    # -- names ---------------------------------------------------------------------------------------------------

    def _list_of(self, tag: str) -> tuple[Tags, str]:
        """Return the list a tag is in, and its name there."""
        if ":" not in tag:
            return self._vers.tags, tag
        repository, name = reference_parts(tag)
        return self._vers.repositories.tags(repository), name

    async def _tag(self, command: TagCommit | Untag, progress: OperationProgress) -> None:
        tags, name = self._list_of(command.tag)
        if isinstance(command, Untag):
            with progress.step("remove the tag"):
                await tags.delete(name)
            return
        with progress.step("tag"):
            there = command.move and any(tag.tag_name == name for tag in await tags.listed())
            await (tags.move(name, command.commit) if there else tags.create(name, command.commit))

    async def _repository(self, command: ChangeRepository, progress: OperationProgress) -> None:
        repositories = self._vers.repositories
        if command.delete:
            with progress.step("delete the repository"):
                await repositories.delete(command.name)
        elif command.public is None:
            with progress.step("make the repository"):
                await repositories.create(command.name, command.description)
        else:
            with progress.step("show it to everybody" if command.public else "hide it from others"):
                await repositories.set_public(command.name, command.public)

    async def _variables(self, command: SetVariables, progress: OperationProgress) -> None:
        with progress.step("change the variables"):
            if command.variables or command.replace:
                await self._vers.variables.set(dict(command.variables), replace=command.replace)
            for name in command.removed:
                await self._vers.variables.delete(name)


def _trouble_of(made: BranchResult) -> CockpitError | None:
    """Return why not all VMs are known to be there, or None."""
    if made.error:
        return Refused(f"{len(made.vms)} of {made.wanted} VMs were made: {made.error}")
    if not made.unseen:
        return None
    return EffectUnknown(
        f"the answer names {', '.join(made.vms)}; whether they are there is unknown: {made.unseen}",
        hint="look at the VM list before you try again",
    )
