"""Renaming: another name, role, labels or colour; id and history stay, and everything that names the agent follows."""

from __future__ import annotations

from dataclasses import replace

from cockpit.engine.commands.names import Names
from cockpit.engine.commands.registration import register_again
from cockpit.engine.commands.sharing import Sharing
from cockpit.engine.memory import keep_identity
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.model.commands.life import Rename
from cockpit.model.family import parents_of
from cockpit.model.fleet import Agent
from cockpit.store.store import Store


class Renaming:
    """Gives agents other names."""

    def __init__(self, fleet_state: FleetState, store: Store, source: Source, names: Names, sharing: Sharing) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._names = names
        self._sharing = sharing

    async def rename(self, command: Rename, progress: OperationProgress) -> None:
        """Carry out a command. The old name is free once this returns.

        Raises:
            CockpitError: the name is somebody's, or the disk refused to keep it.
        """
        agent = self._fleet_state.agents[command.agent]
        if command.name == agent.name:
            await self._change(agent, command, progress)
            return
        async with self._names.reserved(command.name, agent.vm_id):
            await self._change(agent, command, progress)
        with progress.step("label the VM"):
            await self._names.label(command.name, agent.vm_id)
            if agent.process.run_id:
                progress.detail(f"its process calls itself {agent.name} until it is relaunched")

    async def _change(self, agent: Agent, command: Rename, progress: OperationProgress) -> None:
        state, now = self._fleet_state, self._fleet_state.clock.now()
        children = [child for child, parent in parents_of(state.agents.values()).items() if parent == agent.id]
        changed = replace(
            state.agents[agent.id],
            name=command.name,
            role=command.role,
            labels=command.labels,
            colour=command.colour,
            named_at=now,
        )
        with progress.step("rename"):
            await keep_identity(self._store, changed)
            state.put_agent(changed)
        vm = state.vms.get(agent.vm_id)
        if vm is not None and vm.label in ("", agent.name):
            state.put_vm(replace(vm, label=changed.name))
        for child in (state.agents[child_id] for child_id in children):
            # They know it by its name: what says which agent is meant is written down beside the new one.
            follows = replace(child, parent=changed.name, parent_vm=changed.vm_id)
            state.put_agent(follows)
            await keep_identity(self._store, follows)
        with progress.step("register"):
            await register_again(self._source, changed, now, progress)
        if changed.findable:
            await self._sharing.enter_files(changed, progress)
