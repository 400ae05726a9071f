"""The desk of usage: keeps today's figure and the budgets in the fleet, notes who and what runs, and reports."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from cockpit.engine.running_source import RunningSource
from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.engine.usage.keeper import Keeper
from cockpit.engine.usage.ledger import Ledger
from cockpit.model.usage import sums
from cockpit.model.usage.bucket import QUARTER
from cockpit.model.usage.budget import standings
from cockpit.model.usage.days import date_of
from cockpit.model.usage.machines import looks_of, machine_sum
from cockpit.model.usage.port import UsageReport
from cockpit.model.usage.rules import UsageRules
from cockpit.model.usage.spending import DaySpending, Spending
from cockpit.model.usage.standing import Standing
from cockpit.model.usage.tasks import by_id, ended_at, on_tasks
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

LOOK_INTERVAL = 2.0
"""Seconds between two looks at what was spent."""

NOTE_INTERVAL = 60.0
"""Seconds between two notes of which VMs run."""

LEASE = "usage"
"""Of the cockpits that share a store, the one that has it notes what goes on, and acts for budgets."""


class UsageDesk:
    """Implements `cockpit.model.usage.port.UsagePort`."""

    def __init__(self, running: Sequence[RunningSource], fleet_state: FleetState, store: Store) -> None:
        self._running = tuple(running)
        self._fleet_state = fleet_state
        self._store = store
        self._ledger = Ledger(running, fleet_state, store)
        self._keeper = Keeper(running, fleet_state, store)
        self._watches = False
        self._noted_vms = 0.0

    @property
    def rules(self) -> UsageRules:
        """What the configuration says."""
        return self._running[0].source.rules if self._running else UsageRules()

    def works(self, watch: bool) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what runs in the background; what nobody watches is summed up when it is asked for."""
        self._watches = watch
        return {"usage": self.run} if watch else {}

    async def run(self) -> None:
        """Look at what is spent, again and again, until cancelled."""
        for running in self._running:
            await running.watcher.first_look.wait()
        while True:
            try:
                await self._look()
            except StoreError as error:
                log.warning("what is spent cannot be read now: %s", error)  # the store says so itself, in its health
            await asyncio.sleep(LOOK_INTERVAL)

    async def _look(self, *, anyway: bool = False) -> None:
        await self._ledger.count_older()
        await self._ledger.look(asked=await self._ledger.ask_services(anyway=anyway))
        spending = Spending(*await self._figures())
        if spending != self._fleet_state.spending:
            self._fleet_state.spending = spending
            self._fleet_state.changed()
        if not self._fleet_state.read_only and self._store.leases.take(LEASE):
            await self._note()
            if self._watches:
                await self._keeper.act()

    async def _figures(self) -> tuple[DaySpending, tuple[Standing, ...]]:
        """Return what is spent today, and how far each budget is."""
        ledger, now = self._ledger, self._fleet_state.clock.now()
        day, late = await ledger.day(), await self._store.usage.begun_late()
        if self._unread():
            day = replace(day, at_least=True)
        found = standings(
            self._fleet_state.snapshot(),
            ledger.totals(),
            day.usage,
            (await self._store.budgets.all()).values(),
            self.rules.budgets,
            day=date_of(now),
            everyone=ledger.former,
            late=late,
            today_at_least=day.at_least,
        )
        return day, found

    def _unread(self) -> list[str]:
        """Return the names of the agents of whose output nothing was read yet."""
        agents = self._fleet_state.agents.values()
        return [agent.name for agent in agents if not agent.epoch and not agent.elsewhere]

    async def refresh(self) -> None:
        """Bring today's figure and the budgets in the fleet up to date; raises as `UsagePort` says."""
        await self._look()

    async def _note(self) -> None:
        """Note who is on what, and now and then which VMs run; what the disk refuses is noted by the next look."""
        fleet, now, kept = self._fleet_state.snapshot(), self._fleet_state.clock.now(), self._store.usage
        on = on_tasks(fleet)
        before = set(await kept.open_tasks())
        current = {(one.task, one.agent) for one in on}
        if current - before:
            await saved(kept.note_tasks([one for one in on if (one.task, one.agent) not in before]))
        # A board that was not read says of nobody that he left his task.
        if self._fleet_state.boards:
            for task, agent in before - current:
                await saved(kept.end_task(task, agent, ended_at(task, by_id(fleet.tasks), now)))
        if now - self._noted_vms >= NOTE_INTERVAL:
            self._noted_vms = now
            await saved(kept.note_vms(looks_of(fleet), now))

    async def report(self, since: float) -> UsageReport:
        """Return what was spent since a moment; raises as `UsagePort` says."""
        await self._look(anyway=True)
        ledger, kept, now = self._ledger, self._store.usage, self._fleet_state.clock.now()
        buckets, late = await ledger.buckets(since, QUARTER), await kept.begun_late()
        agents = sums.by_agent(buckets, ledger.names(), late)
        fleet, unread = self._fleet_state.snapshot(), self._unread()
        total = sums.total(buckets, late)
        missing = [*ledger.missing.values(), *(f"nothing was read of {name} yet" for name in unread)]
        return UsageReport(
            since,
            now,
            replace(total, at_least=total.at_least or bool(unread)),
            agents,
            sums.by_family(agents, [*fleet.agents, *ledger.former]),
            sums.by_task(await kept.tasks(since), late),
            sums.by_model(buckets, late),
            sums.by_day(buckets, late),
            machine_sum(await kept.vm_spans(since), fleet, self.rules.prices, since, now),
            fleet.spending,
            tuple(missing),
        )
