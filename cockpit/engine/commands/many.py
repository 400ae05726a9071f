"""Commands about many agents at once, each carried out by its part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cockpit.engine.commands.best_of import BestOfSeveral
from cockpit.engine.commands.creations import Creations
from cockpit.engine.commands.fan_out import fan_out
from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.commands.standstill import Standstill
from cockpit.engine.commands.teardown import tear_down
from cockpit.engine.commands.vm_operations import FleetOperations
from cockpit.engine.commands.workers import Workers
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Destroy
from cockpit.model.commands.swarm import BestOf, ContinueAll, FanOut, ManyCommand, StopAll, Teardown
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.refusals.grounds import Refusal
from cockpit.store.store import Store


class ManyAgents:
    """Stopping and continuing everything, teardown, one command for many, the best of several."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        creations: Creations,
        operations: FleetOperations,
        spawner: Spawner,
        session_of: Callable[[AgentId], AgentSession | None],
        refusal: Callable[[Command], Refusal | None],
        dispatch: Callable[[Command], CommandId],
        destroy: Callable[[Destroy, OperationProgress], Awaitable[None]],
    ) -> None:
        """Prepare.

        Args:
            refusal: says why a command would be refused now.
            dispatch: orders aborts and prompts, each with a receipt of its own.
            destroy: gives one VM up, with all that is to be done for it.
        """
        self.workers = Workers(fleet_state, spawner, dispatch)
        """Makes agents in turn."""
        self._fleet_state = fleet_state
        self._source = source
        self._session_of = session_of
        self._destroy = destroy
        self._standstill = Standstill(
            fleet_state, store, operations, refusal, dispatch, lambda: spawner.places.facilities().claimed
        )
        self._best_of = BestOfSeveral(fleet_state, source, creations, operations, spawner, self.workers, session_of)

    async def carry_out(self, command: ManyCommand, progress: OperationProgress) -> None:
        """Carry out a command.

        Raises:
            CockpitError: some of it failed; what became of each target stands in the operation.
        """
        match command:
            case BestOf():
                await self._best_of.carry_out(command, progress)
            case FanOut():
                await fan_out(self._fleet_state, self._source, self._session_of, command, progress)
            case Teardown(undo=undo):
                await tear_down(
                    self._fleet_state, command, lambda vm, own: self._destroy(Destroy(vm, undo), own), progress
                )
            case StopAll():
                await self._standstill.stop_all(command, progress)
            case ContinueAll():
                await self._standstill.continue_all(command, progress)
