"""VMs that are known and not on the list: each is looked at by itself before anything is said of it."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.engine.operation import OperationProgress
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import OperationId, VmId
from cockpit.model.names import vm_called
from cockpit.vers.look import Found, Look, Missing, Unknown, look_at

if TYPE_CHECKING:
    from cockpit.engine.state import FleetState
    from cockpit.engine.streams.agent_sessions import AgentSessions
    from cockpit.vers.client import VersClient
    from cockpit.vers.wire import VmListing

log = logging.getLogger(__name__)

ROUND_LIMIT = 10.0
"""Seconds that the looks of one round may take together; who had no turn stays unknown until the next round."""

AT_ONCE = 4
"""Looks under way at once."""


class MissingVms:
    """Finds out what became of VMs that a list lacks. One that is gone leaves the fleet; its transcript stays."""

    def __init__(self, fleet_state: FleetState, source: str, vers: VersClient, agent_sessions: AgentSessions) -> None:
        self._source = source
        self._fleet_state = fleet_state
        self._vers = vers
        self._agent_sessions = agent_sessions
        self._looked_at: dict[VmId, float] = {}

    async def look_for_those_not_in(self, listing: VmListing, asked_at: float) -> bool:
        """Look at each known VM that a list lacks; say whether there was any.

        Args:
            listing: the list.
            asked_at: unix seconds; a VM that was heard of later is newer than the list.
        """
        listed = {record.vm_id for record in listing.records}
        agents = self._fleet_state.agents.values()
        remembered = [agent.vm_id for agent in agents if not agent.elsewhere and agent.source == self._source]
        newer = {vm.id for vm in self._fleet_state.vms.values() if vm.seen_at > asked_at}
        ours = [vm.id for vm in self._fleet_state.vms.values() if vm.source == self._source]
        known = dict.fromkeys((*ours, *remembered))
        missing = [vm_id for vm_id in known if vm_id not in listed and vm_id not in newer]
        self._looked_at = {vm_id: at for vm_id, at in self._looked_at.items() if vm_id in missing}
        if len(missing) > 1:
            # That many do not vanish by themselves every day: a list with a hole is as likely.
            for vm_id in missing:
                self._doubt(vm_id, f"the list lacks it and {len(missing) - 1} others, and it was not looked at yet")
        await self._look_at_each(sorted(missing, key=lambda vm_id: self._looked_at.get(vm_id, 0.0)), listing)
        return bool(missing)

    async def _look_at_each(self, missing: list[VmId], listing: VmListing) -> None:
        waiting = iter(missing)

        async def look_at_next() -> None:
            for vm_id in waiting:
                await self._look_at(vm_id, listing)

        try:
            async with asyncio.timeout(ROUND_LIMIT), asyncio.TaskGroup() as tasks:
                for number in range(min(AT_ONCE, len(missing))):
                    tasks.create_task(look_at_next(), name=f"look for missing VMs {number}")
        except TimeoutError:
            for vm_id in waiting:
                self._doubt(vm_id, "the list lacks it, and it was not looked at yet: others took too long")

    async def _look_at(self, vm_id: VmId, listing: VmListing) -> None:
        async def given() -> VmListing:
            return listing

        self._looked_at[vm_id] = self._fleet_state.clock.now()
        seen: Look = Unknown(f"the list lacks it, and its status did not answer within {ROUND_LIMIT:g} s")
        try:
            seen = await look_at(vm_id, given, self._vers.status)
        finally:
            self._note_unknown(vm_id, seen)
        if isinstance(seen, Found):
            label = self._fleet_state.vms[vm_id].label if vm_id in self._fleet_state.vms else ""
            self._fleet_state.put_vm(
                replace(seen.record.vm(self._fleet_state.clock.now()), label=label, source=self._source)
            )
        elif isinstance(seen, Missing) and self._is_unplaced(vm_id):
            self._doubt(vm_id, f"{seen.evidence}, but whose it was is not written down; destroy it to be rid of it")
        elif isinstance(seen, Missing):
            await self._gone(vm_id, seen.evidence)

    def _is_unplaced(self, vm_id: VmId) -> bool:
        agent = self._fleet_state.agent_on(vm_id)
        return agent is not None and agent.id in self._fleet_state.unplaced

    def _note_unknown(self, vm_id: VmId, seen: Look) -> None:
        if isinstance(seen, Unknown):
            self._doubt(vm_id, seen.evidence)

    def _doubt(self, vm_id: VmId, why: str) -> None:
        agent = self._fleet_state.agent_on(vm_id)
        known = self._fleet_state.vms.get(vm_id)
        if known is None and agent is None:
            return  # It was destroyed meanwhile.
        vm = known or Vm(vm_id, label=agent.name if agent is not None else "", source=self._source)
        self._fleet_state.put_vm(replace(vm, power=Power.UNKNOWN, doubt=why))

    async def _gone(self, vm_id: VmId, evidence: str) -> None:
        called = vm_called(vm_id, self._fleet_state.agents.values(), self._fleet_state.vms.values())
        log.info("%s is gone: VM %s: %s", called, vm_id, evidence)
        progress = OperationProgress(self._fleet_state, OperationId(f"gone-{uuid.uuid4().hex[:12]}"), "gone", called)
        with progress.step("find VM deleted"):
            progress.detail(evidence)
            await self._agent_sessions.vm_gone(vm_id)
        progress.finish()
