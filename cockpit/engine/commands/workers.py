"""Agents that are made at the same time: a bounded number at once, and each gets its task once it answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.operation import OperationProgress
from cockpit.engine.state import FleetState
from cockpit.errors import Refused
from cockpit.model.commands.agent import task_for
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Spawn
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.receipts.receipt import Stage
from cockpit.model.receipts.stages import is_ended, reached

AT_ONCE = 8
"""Agents that are made at the same time: each boots a VM, and the platform is asked for each again and again."""

GIVE_LIMIT = 60.0
"""Seconds an agent gets to accept its task."""


class Workers:
    """Makes agents in turn, and gives out tasks."""

    def __init__(self, fleet_state: FleetState, spawner: Spawner, dispatch: Callable[[Command], CommandId]) -> None:
        """Prepare.

        Args:
            dispatch: sends a task, which has a receipt of its own.
        """
        self._fleet_state = fleet_state
        self._spawner = spawner
        self._dispatch = dispatch
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def spawn(self, command: Spawn, progress: OperationProgress) -> None:
        """Make an agent in its turn, and give it its task.

        Raises:
            CockpitError: a step failed; where it is the last one, the agent is there.
        """
        with self._spawner.places.claimed(command):
            async with self._turn(progress):
                agent = await self._spawner.spawn(command, progress)
        if command.task:
            with progress.step("give it its task"):
                await self.give(agent.id, agent.name, command.task)

    @contextlib.asynccontextmanager
    async def _turn(self, progress: OperationProgress) -> AsyncIterator[None]:
        if self._turns.locked():
            with progress.step("wait for its turn"):
                await self._turns.acquire()
        else:
            await self._turns.acquire()
        try:
            yield
        finally:
            self._turns.release()

    async def give(self, agent_id: AgentId, name: str, text: str) -> None:
        """Send a task, and return once it was accepted.

        Raises:
            Refused: it was not; the agent itself runs.
        """
        command_id = self._dispatch(task_for(agent_id, text))

        def decided() -> bool:
            receipt = self._fleet_state.receipts[command_id]
            return is_ended(receipt) or reached(receipt, Stage.ACCEPTED)

        await self._fleet_state.until(decided, GIVE_LIMIT)
        receipt = self._fleet_state.receipts[command_id]
        if not reached(receipt, Stage.ACCEPTED):
            why = receipt.reason or f"it is {receipt.stage.value} after {GIVE_LIMIT:.0f} s"
            raise Refused(f"{name} runs, but its task was not accepted: {why}", hint=f"cockpit send {name} -")
