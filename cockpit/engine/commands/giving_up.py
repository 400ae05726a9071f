"""A spawn that failed: what its agent said is kept, and its VM is deleted again, so that nothing costs unseen."""

from __future__ import annotations

import logging
from collections.abc import Callable

from cockpit.engine.commands.launch_record import keep_evidence
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.model.ids import AgentId, VmId, agent_of
from cockpit.store.errors import StoreError
from cockpit.store.store import Store
from cockpit.vers.errors import VersError

log = logging.getLogger(__name__)


class GivingUp:
    """Gives the VMs of failed spawns up."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        detach: Callable[[AgentId], None],
        attached: Callable[[AgentId], AgentSession | None],
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._detach = detach
        self._attached = attached

    async def keep_output(self, vm_id: VmId, name: str, progress: OperationProgress) -> str:
        """Keep what an agent that did not start has said, before its VM goes."""
        sessions = [self._attached(agent_id) for agent_id in self._ids_on(vm_id)]
        connection = next((session.connection() for session in sessions if session is not None), None)
        if connection is None:
            return ""
        with progress.step("keep its output"):
            place = self._store.path.parent / "failed-starts"
            kept = await keep_evidence(connection, self._source.paths_on(vm_id), place, name)
            progress.detail(kept or "there is none")
        return kept

    def _ids_on(self, vm_id: VmId) -> tuple[AgentId, ...]:
        """Return who lives on a VM; where nobody is known, who would: a VM that is gone tells that no longer."""
        known = tuple(agent.id for agent in self._fleet_state.agents.values() if agent.vm_id == vm_id)
        return known or (agent_of(vm_id, self._source.usual_directory(vm_id)),)

    async def delete(self, vm_id: VmId, progress: OperationProgress) -> None:
        """Delete the VM of a failed spawn, so that nothing runs and costs unseen."""
        leaving = self._ids_on(vm_id)
        try:
            with progress.step("delete the VM again"):
                await self._source.vers.delete(vm_id)
        except VersError as error:
            log.error("VM %s of a failed spawn could not be deleted: %s", vm_id, error)
            self._fleet_state.notice(f"VM {vm_id} of a failed spawn could not be deleted: {describe(error)}")
            return
        for agent_id in leaving:
            self._detach(agent_id)
            self._fleet_state.agents.pop(agent_id, None)
        self._fleet_state.vms.pop(vm_id, None)
        self._fleet_state.changed()
        for agent_id in leaving:
            try:
                await self._store.forget_agent(agent_id)
            except StoreError as error:
                log.error("the failed agent %s is still remembered: %s", agent_id, error)
