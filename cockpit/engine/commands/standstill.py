"""Stopping everything, verified, and continuing it: what did not prove that it stopped is frozen and remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

from cockpit.engine.commands.vm_operations import FleetOperations
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, NotFound, Refused, Undecided
from cockpit.model.commands.agent import Abort
from cockpit.model.commands.command import Command
from cockpit.model.commands.swarm import ContinueAll, StopAll
from cockpit.model.dwelling import its_words
from cockpit.model.fleet import Power
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.names import vm_called
from cockpit.model.operation import Part
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.refusals.grounds import Refusal
from cockpit.model.standstill import (
    CONTINUED,
    FROZEN,
    GONE,
    MAKING,
    PAUSED,
    STOPPED,
    UNREACHABLE,
    continued_words,
    proof,
    stopped_words,
)
from cockpit.store.store import Store

AT_ONCE = 8
"""VMs whose power is changed at the same time."""

HALTED = (Power.PAUSED, Power.SLEEPING)


class Standstill:
    """Carries both commands out."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        operations: FleetOperations,
        refusal: Callable[[Command], Refusal | None],
        dispatch: Callable[[Command], CommandId],
        making: Callable[[], frozenset[str]],
    ) -> None:
        """Prepare.

        Args:
            refusal: says why a command would be refused now.
            dispatch: sends the aborts, each with a receipt of its own.
            making: returns the names of the agents that are being made, and would begin after the others stopped.
        """
        self._making = making
        self._fleet_state = fleet_state
        self._store = store
        self._operations = operations
        self._refusal = refusal
        self._dispatch = dispatch
        self._turns = asyncio.Semaphore(AT_ONCE)

    # --- stopping ------------------------------------------------------------------------------------

    async def stop_all(self, command: StopAll, progress: OperationProgress) -> None:
        """Stop all at the same time, and count.

        Raises:
            Refused: some neither stopped nor could be frozen; says which, and why.
        """
        aborted: dict[AgentId, CommandId] = {}
        async with asyncio.TaskGroup() as tasks:
            for vm_id in command.vms:
                tasks.create_task(self._stop(vm_id, command.bound, aborted, progress))
        # A text that waited in a queue may have begun a run after the abort was answered.
        again = [
            part
            for part in progress.operation.parts
            if part.vm is not None and part.outcome == STOPPED and not self._proved(part.vm, aborted)
        ]
        async with asyncio.TaskGroup() as tasks:
            for part in again:
                assert part.vm is not None
                tasks.create_task(self._freeze(part.vm, "it began to work again", progress))
        for name in sorted(self._making()):
            progress.part(Part(name, None, MAKING, "it is being made, and begins its task once it is there"))
        with progress.step("count"):
            progress.detail(stopped_words(progress.operation.parts))
        hint = "look at them on the platform, and stop all again"
        _check(progress.operation.parts, (UNREACHABLE, MAKING), "did not stop", hint)

    async def _stop(
        self, vm_id: VmId, bound: float, aborted: dict[AgentId, CommandId], progress: OperationProgress
    ) -> None:
        if self._fleet_state.power(vm_id) in HALTED:
            progress.part(Part(self._name(vm_id), vm_id, PAUSED, f"{self._its(vm_id)} was paused already"))
            return
        with progress.beside(f"abort {self._name(vm_id)}") as say:
            proved = await asyncio.gather(*(self._abort(agent, bound, aborted) for agent in self._agents(vm_id)))
            say(self._evidence(vm_id, aborted) if all(proved) else f"no proof within {bound:g} s")
        if all(proved):
            progress.part(Part(self._name(vm_id), vm_id, STOPPED, self._evidence(vm_id, aborted)))
        else:
            await self._freeze(vm_id, f"it did not prove within {bound:g} s that it stopped", progress)

    async def _abort(self, agent_id: AgentId, bound: float, aborted: dict[AgentId, CommandId]) -> bool:
        """Abort an agent's run and wait for the proof that it ended; an agent that is not reached may yet be."""
        ends = self._fleet_state.clock.now() + bound
        await self._fleet_state.until(
            lambda: self._is_proved(agent_id, aborted) or self._refusal(Abort(agent_id)) is None, bound
        )
        if not self._is_proved(agent_id, aborted) and self._refusal(Abort(agent_id)) is None:
            aborted[agent_id] = self._dispatch(Abort(agent_id))
        left = max(0.0, ends - self._fleet_state.clock.now())
        await self._fleet_state.until(
            lambda: self._is_proved(agent_id, aborted) or self._has_failed(agent_id, aborted), left
        )
        return self._is_proved(agent_id, aborted)

    def _receipt(self, agent_id: AgentId, aborted: dict[AgentId, CommandId]) -> Receipt | None:
        command_id = aborted.get(agent_id)
        return self._fleet_state.receipts.get(command_id) if command_id is not None else None

    def _has_failed(self, agent_id: AgentId, aborted: dict[AgentId, CommandId]) -> bool:
        receipt = self._receipt(agent_id, aborted)
        return receipt is not None and receipt.stage is Stage.FAILED

    def _words(self, agent_id: AgentId, aborted: dict[AgentId, CommandId]) -> str:
        agent = self._fleet_state.agents.get(agent_id)
        if agent is None:
            return "it is gone"
        return proof(agent, self._fleet_state.power(agent.vm_id), self._receipt(agent_id, aborted))

    def _is_proved(self, agent_id: AgentId, aborted: dict[AgentId, CommandId]) -> bool:
        return self._words(agent_id, aborted) != ""

    def _proved(self, vm_id: VmId, aborted: dict[AgentId, CommandId]) -> bool:
        return all(self._is_proved(agent, aborted) for agent in self._agents(vm_id))

    def _evidence(self, vm_id: VmId, aborted: dict[AgentId, CommandId]) -> str:
        said = (self._words(agent, aborted) for agent in self._agents(vm_id))
        return "; ".join(dict.fromkeys(said)) or f"{self._its(vm_id)} is gone"

    async def _freeze(self, vm_id: VmId, why: str, progress: OperationProgress) -> None:
        """Pause a VM, remembered before it is done: what nobody remembers would stay frozen."""
        name = self._name(vm_id)
        if how := self._fleet_state.hosts.get(vm_id):
            progress.part(Part(name, vm_id, UNREACHABLE, f"{why}, and it hosts the services: {how}"))
            return
        try:
            with progress.beside(f"freeze {name}") as say:
                say(why)
                self._fleet_state.frozen[vm_id] = why
                await saved(self._store.frozen.add(vm_id, why))
                async with self._turns:
                    await self._operations.freeze(vm_id)
        except NotFound as error:
            await self._operations.forget_frozen(vm_id)
            progress.part(Part(name, vm_id, STOPPED, error.message))
        except Undecided as error:
            progress.part(Part(name, vm_id, UNREACHABLE, describe(error)))
        except CockpitError as error:
            await self._operations.forget_frozen(vm_id)
            progress.part(
                Part(name, vm_id, UNREACHABLE, f"{why}, and {self._its(vm_id)} was not frozen: {describe(error)}")
            )
        else:
            progress.part(Part(name, vm_id, FROZEN, why))

    # --- continuing ----------------------------------------------------------------------------------

    async def continue_all(self, command: ContinueAll, progress: OperationProgress) -> None:
        """Resume all at the same time, and count.

        Raises:
            Refused: some do not run, or do not answer; says which, and why.
        """
        async with asyncio.TaskGroup() as tasks:
            for vm_id in command.vms:
                tasks.create_task(self._continue(vm_id, progress))
        with progress.step("count"):
            progress.detail(continued_words(progress.operation.parts))
        hint = "continue all again, or resume them one by one"
        _check(progress.operation.parts, (UNREACHABLE, FROZEN), "did not continue", hint)

    async def _continue(self, vm_id: VmId, progress: OperationProgress) -> None:
        name = self._name(vm_id)
        try:
            with progress.beside(f"continue {name}") as say:
                async with self._turns:
                    words = await self._operations.thaw(vm_id)
                say(words)
        except NotFound as error:
            await self._operations.forget_frozen(vm_id)
            progress.part(Part(name, vm_id, GONE, error.message))
        except CockpitError as error:
            # It stays remembered where it is not known to run.
            outcome = FROZEN if self._fleet_state.power(vm_id) in HALTED else UNREACHABLE
            progress.part(Part(name, vm_id, outcome, describe(error)))
        else:
            progress.part(Part(name, vm_id, CONTINUED, words))

    # --- both ----------------------------------------------------------------------------------------

    def _agents(self, vm_id: VmId) -> list[AgentId]:
        return [agent.id for agent in self._fleet_state.agents.values() if agent.vm_id == vm_id]

    def _its(self, vm_id: VmId) -> str:
        return its_words(self._fleet_state.vms.get(vm_id))

    def _name(self, vm_id: VmId) -> str:
        return vm_called(vm_id, self._fleet_state.agents.values())


def _check(parts: Sequence[Part], failures: Collection[str], what: str, hint: str) -> None:
    """Refuse to call a command done of which some parts came to a failure; names them.

    Args:
        failures: the outcomes that are one.
    """
    bad = [part for part in parts if part.outcome in failures]
    if bad:
        named = "; ".join(
            f"{part.target}{f' ({part.vm})' if part.vm is not None else ''}: {part.words}" for part in bad
        )
        raise Refused(f"{len(bad)} of {len(parts)} {what}: {named}", hint=hint)
