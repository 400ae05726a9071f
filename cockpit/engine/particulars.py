"""What the list of VMs does not tell: size and origin of each, and what it shares; asked once, a few at a time."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import CommitId, VmId
from cockpit.model.size import VmSize

if TYPE_CHECKING:
    from cockpit.engine.source import Source
    from cockpit.engine.state import FleetState

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Questions under way at once: a list of VMs must not be slower for what is only nice to know."""
INTERVAL = 5.0
"""Seconds between two looks for VMs that nothing was told of yet."""
PATIENCE = 60.0
"""Seconds until a VM is asked about again whose answer failed."""


class Particulars:
    """Learns the size and the origin of the VMs of one source."""

    def __init__(self, fleet_state: FleetState, source: Source) -> None:
        self._fleet_state = fleet_state
        self._source = source
        self._told: set[VmId] = set()
        self._again: dict[VmId, float] = {}

    async def run(self) -> None:
        """Learn for ever."""
        while True:
            await self.learn()
            await asyncio.sleep(INTERVAL)

    async def learn(self) -> None:
        """Ask about every VM of the list that nothing was told of yet."""
        now = self._fleet_state.clock.now()
        unknown = [vm for vm in self._fleet_state.vms.values() if self._is_wanted(vm, now)]
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(vm: Vm) -> None:
            async with gate:
                await self._ask(vm.id)

        await asyncio.gather(*(ask(vm) for vm in unknown))

    def _is_wanted(self, vm: Vm, now: float) -> bool:
        known = vm.source == self._source.name and vm.power not in (Power.GONE, Power.UNKNOWN) and not vm.doubt
        return known and vm.id not in self._told and self._again.get(vm.id, 0.0) <= now

    async def _ask(self, vm_id: VmId) -> None:
        try:
            told = await self._source.vers.metadata(vm_id)
        except CockpitError as error:
            # A sleeping VM answers no question, and a list goes on without what is only nice to know.
            log.info("size and origin of VM %s are not known: %s", vm_id, error)
            self._again[vm_id] = self._fleet_state.clock.now() + PATIENCE
            return
        self._told.add(vm_id)
        vm = self._fleet_state.vms.get(vm_id)
        if vm is None:
            return
        size = VmSize(
            told.vcpu_count or vm.size.vcpus,
            told.mem_size_mib or vm.size.memory_mib,
            told.fs_size_mib or vm.size.disk_mib,
        )
        parent = CommitId(told.parent_commit_id) if told.parent_commit_id else None
        self._fleet_state.put_vm(
            replace(vm, size=size, parent_commit=parent, confinement=told.sandbox or vm.confinement)
        )
