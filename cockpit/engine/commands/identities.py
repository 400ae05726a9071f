"""What is known of agents besides their VMs: taken over, renamed, found by other tools, taken out of the registry."""

from __future__ import annotations

from cockpit.engine.commands.adoption import Adoption
from cockpit.engine.commands.deregistration import Deregistration
from cockpit.engine.commands.names import Names
from cockpit.engine.commands.renaming import Renaming
from cockpit.engine.commands.sharing import Sharing
from cockpit.engine.living import living
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions
from cockpit.model.commands.life import Adopt, Deregister, IdentityCommand, Rename, SetFindable, Spawn
from cockpit.model.ids import VmId
from cockpit.store.store import Store


class Identities:
    """Carries out the commands that change who an agent is known as, and to whom."""

    def __init__(
        self, fleet_state: FleetState, store: Store, source: Source, names: Names, agent_sessions: AgentSessions
    ) -> None:
        self._fleet_state = fleet_state
        self._sharing = Sharing(fleet_state, store, source)
        self._adoption = Adoption(fleet_state, store, source, names, agent_sessions.attach, agent_sessions.detach)
        self._renaming = Renaming(fleet_state, store, source, names, self._sharing, agent_sessions.agent_session)
        self._deregistration = Deregistration(fleet_state, source, self._sharing)

    async def carry_out(self, command: IdentityCommand, progress: OperationProgress) -> None:
        """Carry out a command.

        Raises:
            CockpitError: a step failed; the operation shows which.
        """
        match command:
            case Adopt():
                await self._adoption.adopt(command, progress)
            case Rename():
                await self._renaming.rename(command, progress)
            case SetFindable():
                await self._sharing.set_findable(command, progress)
            case Deregister():
                await self._deregistration.deregister(command, progress)

    async def made(self, spawn: Spawn, progress: OperationProgress) -> None:
        """Let other tools find an agent that was just made, if it was made so.

        Raises:
            CockpitError: their file cannot be changed; the agent runs.
        """
        made = progress.operation.agent
        if spawn.findable and made is not None:
            await self._sharing.enter_files(living(made, self._fleet_state), progress)

    async def destroyed(self, vm_id: VmId, progress: OperationProgress) -> None:
        """Take a VM that was destroyed out of other tools' files."""
        await self._sharing.left_behind(vm_id, progress)
