"""Dismissing: what the operator wants to hear no more of is kept with why it was shown, and no VM is touched."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.engine.operation import OperationProgress
from cockpit.engine.state import FleetState
from cockpit.model.commands.life import Dismiss
from cockpit.model.dismissal import evidence
from cockpit.model.ids import AgentId
from cockpit.store.store import Store


class Dismissals:
    """Takes VMs that are perhaps ours, and agents whose VM is in no list of this account, out of sight."""

    def __init__(self, fleet_state: FleetState, store: Store, detach: Callable[[AgentId], None]) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._detach = detach

    async def dismiss(self, command: Dismiss, progress: OperationProgress) -> None:
        """Carry out a command.

        Raises:
            StoreError: the disk refused: a dismissal that would not last is none.
        """
        state, vm_id = self._fleet_state, command.vm
        with progress.step("dismiss"):
            why = evidence(vm_id, state.snapshot())
            await self._store.names.dismiss(vm_id, why)
            await self._store.audit(state.clock.now(), "dismissed", vm_id, why)
            progress.detail(why)
            state.dismissed[vm_id] = why
            state.suspects.pop(vm_id, None)
            for agent in [agent for agent in state.agents.values() if agent.vm_id == vm_id]:
                self._detach(agent.id)
                del state.agents[agent.id]
                state.unplaced.discard(agent.id)
            vm = state.vms.pop(vm_id, None)
            if vm is not None and not vm.doubt:
                state.put_vm(vm)
            state.changed()
