"""Dismissing: what the operator wants to hear no more of is kept with why it was shown, and no VM is touched.

What was dismissed can be heard of again: it is shown as it was then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cockpit.engine.agent_record import agent_from_row
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.model.commands.life import Dismiss, Recall
from cockpit.model.dismissal import PERHAPS, evidence
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.store.rows import UNKNOWN_ACCOUNT
from cockpit.store.store import Store


class Dismissals:
    """Takes VMs that are perhaps ours, and agents whose VM is in no list of this account, out of sight."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        detach: Callable[[AgentId], None],
        load: Callable[[Agent], Awaitable[None]],
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._detach = detach
        self._load = load

    async def carry_out(self, command: Dismiss | Recall, progress: OperationProgress) -> None:
        """Do it.

        Raises:
            StoreError: the disk refused: a dismissal that would not last is none.
        """
        if isinstance(command, Dismiss):
            await self._dismiss(command, progress)
        else:
            await self._recall(command, progress)

    async def _dismiss(self, command: Dismiss, progress: OperationProgress) -> None:
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

    async def _recall(self, command: Recall, progress: OperationProgress) -> None:
        state, vm_id = self._fleet_state, command.vm
        with progress.step("recall"):
            why = state.dismissed.get(vm_id, "")
            rows = [row for row in await self._store.agents(living=True) if row.vm_id == vm_id]
            if why.startswith(PERHAPS):
                await self._store.names.suspect(vm_id, why.removeprefix(PERHAPS))
                state.suspects[vm_id] = why.removeprefix(PERHAPS)
            await self._store.names.recall(vm_id)
            state.dismissed.pop(vm_id, None)
            for row in rows:
                known = row.account in ("", UNKNOWN_ACCOUNT, self._source.vers.account)
                if row.account == UNKNOWN_ACCOUNT:
                    state.unplaced.add(row.id)
                await self._load(agent_from_row(row, self._source.name if known else "", "" if known else row.account))
            vm = state.vms.get(vm_id)
            if vm is not None:
                state.put_vm(vm)
            state.changed()
