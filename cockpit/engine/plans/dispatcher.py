"""The dispatcher of plans: looks at board and fleet again and again, and does what is next, while it has the lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from cockpit.engine.plans.evidence import HandOverEvidence
from cockpit.engine.plans.hands import PlanHands
from cockpit.engine.plans.lease import PlanLeases
from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError
from cockpit.model.board import Task
from cockpit.model.plan.acts import Finish, TearDown
from cockpit.model.plan.marks import BoardPlan, given_in, plans_on
from cockpit.model.plan.port import PlanStatus
from cockpit.model.plan.schedule import Outlook, View, outlook
from cockpit.model.plan.workers import workers_of
from cockpit.store.store import Store

log = logging.getLogger(__name__)

LOOK_INTERVAL = 5.0
"""Seconds until the next look where nothing changes."""

PACE = 0.5
"""Seconds between two looks at least: a fleet that streams changes all the time."""


class PlanDispatcher:
    """Hands out the tasks of the plans on one source's board."""

    def __init__(
        self, fleet_state: FleetState, store: Store, running: RunningSource, wanted: Callable[[str], bool]
    ) -> None:
        """Prepare.

        Args:
            wanted: whether the tasks of a plan are to be handed out here, by its name.
        """
        self._wanted = wanted
        self._fleet_state = fleet_state
        self._running = running
        self.leases = PlanLeases(store, running.source, fleet_state.clock.now)
        self._hands = PlanHands(fleet_state, running, self.leases)
        self._evidence = HandOverEvidence(fleet_state, running)
        self._troubles: dict[str, str] = {}
        """Why nothing is done for a plan, by its name."""

    async def run(self) -> None:
        """Look until cancelled; what was begun then stands on the board, and the leases go back."""
        try:
            while True:
                seen = self._fleet_state.revision
                await self.look()
                await asyncio.sleep(PACE)
                await self._fleet_state.until(lambda seen=seen: self._fleet_state.revision != seen, LOOK_INTERVAL)  # type: ignore[misc]
        finally:
            await self._hands.close()
            await self.leases.close()

    async def look(self) -> None:
        """Look once at each plan that runs; a failure of one keeps no other."""
        for plan in plans_on(self._tasks()):
            try:
                runs = plan.runs and self._wanted(plan.name)
                if runs:
                    # What others approve is what it waits for: the board is read as for somebody who looks at it.
                    self._running.watcher.somebody_looks_at_the_board()
                reason = await self._look_at(plan) if runs else ""
            except CockpitError as error:
                log.warning("plan %s: %s", plan.name, error)
                reason = error.message
            if not plan.runs:
                await self.leases.release(plan.name)
            self._say(plan.name, reason)

    def _say(self, name: str, reason: str) -> None:
        if self._troubles.get(name, "") != reason:
            self._troubles[name] = reason
            self._fleet_state.changed()

    async def _look_at(self, plan: BoardPlan) -> str:
        """Do what is next in a plan; return why that cannot be done here."""
        if not self._wants(plan, self.outlook(plan, self._tasks())):
            # Who has the lease keeps it, so that no other one begins in the middle.
            return await self.leases.hold(plan.name) if self.leases.is_sure(plan.name) else ""
        if reason := await self.leases.hold(plan.name):
            return reason
        board = self._running.source.board
        if board is None:
            return "there is no board"
        # What is known may be some seconds old: another look, at what is so now, decides.
        listing = await board.listing()
        self._fleet_state.set_tasks(listing.tasks, self._running.name)
        now = next((one for one in plans_on(listing.tasks) if one.name == plan.name), None)
        found = self.outlook(now, listing.tasks) if now is not None else None
        if now is None or found is None or not now.runs or not self._wants(now, found):
            return ""
        acts = found.acts
        if now.held:
            await self._hands.use_step(now)
            acts = acts[:1]
        for act in acts:
            if listing.unreadable and isinstance(act, TearDown | Finish):
                return f"{listing.unreadable} tasks of the board cannot be read, and may be the plan's"
            await self._hands.do(now, act)
        self._running.watcher.look_at_board()
        return ""

    def _wants(self, plan: BoardPlan, found: Outlook) -> bool:
        return bool(found.acts) and (plan.steps or not plan.held)

    # --- what is seen --------------------------------------------------------------------------------

    def _tasks(self) -> tuple[Task, ...]:
        return self._fleet_state.boards.get(self._running.name, ())

    def outlook(self, plan: BoardPlan, tasks: Sequence[Task]) -> Outlook:
        """Return where a plan stands, as far as is known here."""
        given = [task for task in plan.tasks if given_in(task) is not None]
        gone = (self._evidence.gone(task) for task in given)
        making = tuple(role for name, role in self._hands.making.values() if name == plan.name)
        view = View(
            plan,
            {task.id: task for task in tasks},
            workers_of(self._fleet_state.snapshot(), self._running.name, tasks, self._hands.busy),
            {task.id: self._evidence.delivery(task) for task in given if task.status in ("open", "in_progress")},
            self._hands.giving,
            making,
            frozenset(agent for agent in gone if agent is not None),
            frozenset(self._hands.tearing),
            frozenset(self._hands.tried),
            self._hands.no_worker(plan.name),
        )
        return outlook(view)

    def statuses(self) -> tuple[PlanStatus, ...]:
        """Return the plans of the board, the newest first, as far as is known here."""
        tasks = self._tasks()
        return tuple(
            PlanStatus(
                plan,
                self._running.name,
                self.outlook(plan, tasks),
                self.leases.is_sure(plan.name),
                self._troubles.get(plan.name, ""),
            )
            for plan in plans_on(tasks)
        )
