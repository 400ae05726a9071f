"""What one cockpit of those that share a store does by itself: freeze for budgets, pause who is idle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cockpit.engine.running_source import RunningSource
from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.model.attention import attention
from cockpit.model.commands.usage import ContinueLimited, FreezeForBudget, PauseIdle, UsageCommand
from cockpit.model.fleet import Fleet, Vm
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.receipts.stages import is_ended
from cockpit.model.usage.budget import has_finished, is_at_rest, to_freeze
from cockpit.model.usage.causes import CauseKind, words_of
from cockpit.model.usage.days import date_of
from cockpit.model.usage.idle import idle_vms
from cockpit.model.usage.standing import FLEET, BudgetRecord, BudgetStage, Standing, scope_words
from cockpit.store.store import Store

AGAIN = 600.0
"""Seconds until a VM that was not paused for its processes is looked at again."""


class Keeper:
    """Decides by the fleet as it is now, and orders; each order has its receipt and stands in the audit."""

    def __init__(self, running: Sequence[RunningSource], fleet_state: FleetState, store: Store) -> None:
        self._running = tuple(running)
        self._fleet_state = fleet_state
        self._store = store
        self._acting: dict[str, CommandId] = {}
        """The order that is under way about a budget or a VM."""
        self._looked: dict[VmId, float] = {}

    async def act(self) -> None:
        """Do what is due."""
        fleet, now = self._fleet_state.snapshot(), self._fleet_state.clock.now()
        for standing in fleet.spending.budgets:
            if not self._is_under_way(standing.scope):
                await self._keep(standing, fleet, now)
        rules = self._running[0].source.rules
        if rules.idle_pause > 0:
            for vm_id, idle in [*idle_vms(fleet, rules.idle_pause, now)]:
                if not self._is_under_way(vm_id) and now - self._looked.get(vm_id, 0.0) >= AGAIN:
                    self._looked[vm_id] = now
                    self._order(vm_id, PauseIdle(vm_id, idle), fleet.vm(vm_id))
        if rules.resumes_limits:
            await self._resume_limited(fleet, now, rules.resume_most)

    async def _resume_limited(self, fleet: Fleet, now: float, most: int) -> None:
        """Tell agents to go on whose provider's limit has ended: each once for a limit, and not all at once."""
        for item in attention(fleet, now):
            cause = item.cause
            if cause is None or cause.kind is not CauseKind.LIMIT or cause.until is None or cause.until > now:
                continue
            told: list[AgentId] = []
            for agent_id in item.agents:
                key, until = cause.provider or "?", cause.until
                # Whoever was told and failed again must not stand before those that were not told yet.
                if len(told) < most and await self._store.budgets.resumed(key, until, agent_id, now):
                    told.append(agent_id)
            if told:
                agent = fleet.agent(told[0])
                vm = fleet.vm(agent.vm_id) if agent is not None else None
                why = f"{words_of(cause, now)}: told to go on by the cockpit itself"
                self._order(f"limit {cause.provider}", ContinueLimited(tuple(told), why), vm)

    async def _keep(self, standing: Standing, fleet: Fleet, now: float) -> None:
        if vms := to_freeze(standing, fleet):
            why = f"the budget of {scope_words(standing)} is used up: {standing.words}"
            self._order(standing.scope, FreezeForBudget(standing.scope, vms, why), fleet.vm(vms[0]))
        elif has_finished(standing, fleet):
            await self._note(standing, now, BudgetStage.FINISHED)
        elif is_at_rest(standing, fleet):
            await self._note(standing, now, standing.stage)

    async def _note(self, standing: Standing, now: float, stage: BudgetStage) -> None:
        record = standing.record or BudgetRecord(standing.scope)
        period = date_of(now) if standing.scope == FLEET else ""
        await saved(self._store.budgets.put(replace(record, stage=stage, spent=standing.spent, at=now, period=period)))

    def _order(self, subject: str, command: UsageCommand, vm: Vm | None) -> None:
        """Give an order to the source of a VM."""
        name = vm.source if vm is not None else ""
        running = next((one for one in self._running if one.name == name), self._running[0])
        self._acting[subject] = running.dispatcher.dispatch(command)

    def _is_under_way(self, subject: str) -> bool:
        receipt = self._fleet_state.receipts.get(self._acting.get(subject, CommandId("")))
        return receipt is not None and not is_ended(receipt)
