"""What the operator orders about plans, done on the board: where every cockpit sees it, and none has to be told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from cockpit.engine.operation import OperationProgress
from cockpit.engine.plans.lease import PlanLeases
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import NotFound, Refused, Undecided
from cockpit.model.board import OPERATOR, Task
from cockpit.model.commands.plan import CreatePlan, HoldPlan, PlanCommand, RunPlan, StepPlan, TakePlanned
from cockpit.model.ids import TaskId
from cockpit.model.plan.marks import (
    AT_ONCE,
    HELD,
    KEEPS,
    KEY,
    PLAN,
    STEP,
    TAKEN,
    VMS,
    BoardPlan,
    head_tags,
    head_text,
    is_head,
    plans_on,
    task_tags,
    task_text,
    value_of,
    without,
)
from cockpit.model.plan.plan import Plan, PlanTask
from cockpit.services.board import BoardClient
from cockpit.services.errors import ServiceError
from cockpit.store.store import Store


class PlanOrders:
    """Carries out what is ordered about the plans of one source."""

    def __init__(self, fleet_state: FleetState, store: Store, source: Source) -> None:
        self._fleet_state = fleet_state
        self._source = source
        self._leases = PlanLeases(store, source, fleet_state.clock.now)
        self._creating = asyncio.Lock()

    async def carry_out(self, command: PlanCommand, progress: OperationProgress) -> None:
        """Do it.

        Raises:
            Undecided: whether it happened is not known.
            CockpitError: it did not.
        """
        board = self._source.board
        if board is None:
            raise Refused("no board is configured", hint="`cockpit infra` makes one")
        match command:
            case CreatePlan(plan):
                await self._create(board, plan, progress)
            case RunPlan():
                await self._run(board, command, progress)
            case HoldPlan(name):
                with progress.step("hold it"):
                    head = (await _plan(board, name)).head
                    await _change(board, head, (*without(head.tags, HELD, STEP), HELD), head.status)
            case StepPlan(name):
                with progress.step("allow one step"):
                    head = (await _plan(board, name)).head
                    await _change(board, head, (*without(head.tags, HELD, STEP), HELD, STEP), "in_progress")
            case TakePlanned(task_id, back):
                with progress.step("give it back" if back else "take it"):
                    task = await board.get(task_id)
                    tags = without(task.tags, TAKEN)
                    await _change(board, task, tags if back else (*tags, TAKEN), task.status)

    async def _run(self, board: BoardClient, command: RunPlan, progress: OperationProgress) -> None:
        with progress.step("let it run"):
            head = (await _plan(board, command.name)).head
            tags = without(head.tags, HELD, STEP)
            for prefix, number in ((AT_ONCE, command.at_once), (VMS, command.vms)):
                tags = tags if number is None else (*without(tags, prefix), f"{prefix}{number}")
            if command.keeps is not None:
                tags = (*without(tags, KEEPS), *([KEEPS] if command.keeps else []))
            await _change(board, head, tags, "in_progress")

    # --- creating ------------------------------------------------------------------------------------

    async def _create(self, board: BoardClient, plan: Plan, progress: OperationProgress) -> None:
        """Put a plan on the board, its head last: until then nobody takes a part of it for the whole."""
        lease = f"creation of {plan.name}"
        async with self._creating:
            with progress.step("see that nobody else creates it"):
                # Two that create it at once would each find nothing, and both make all of it.
                if reason := await self._leases.hold(lease):
                    raise Refused(f"plan {plan.name} cannot be created now: {reason}", hint="try again in a moment")
            try:
                await _put(board, plan, progress)
            finally:
                await self._leases.release(lease)
        # Whoever is told that it is done may order it to run at once: that is refused for a plan nobody here has seen.
        with contextlib.suppress(ServiceError):
            self._fleet_state.set_tasks((await board.listing()).tasks, self._source.name)


async def _put(board: BoardClient, plan: Plan, progress: OperationProgress) -> None:
    with progress.step("see what is there"):
        known = await _known(board, plan)
    if strangers := known.keys() - {task.key for task in plan.tasks} - {""}:
        raise Refused(
            f"the board has another plan {plan.name}: it has {', '.join(sorted(strangers)[:5])}",
            hint="give this one another name",
        )
    with progress.step(f"create {len(plan.tasks)} tasks"):
        made: dict[str, TaskId] = {}
        for task in plan.tasks:
            found = known.get(task.key) or await _made(board, plan, task, made)
            made[task.key] = found.id
            progress.detail(f"{len(made)} of {len(plan.tasks)}, {len(known.keys() & made.keys())} were there")
    with progress.step("create the plan"):
        if "" not in known:
            await _made(board, plan, None, made)


async def _known(board: BoardClient, plan: Plan) -> dict[str, Task]:
    """Return what the board has of a plan: its tasks by key, and its head under the empty one.

    Raises:
        Refused: some of the board cannot be read, and may be of it.
    """
    listing = await board.listing()
    if listing.unreadable:
        raise Refused(f"{listing.unreadable} tasks of the board cannot be read, and may be of this plan")
    return _of_plan(listing.tasks, plan.name)


def _of_plan(tasks: Sequence[Task], name: str) -> dict[str, Task]:
    found: dict[str, Task] = {}
    for task in sorted(tasks, key=lambda task: (task.created_at, task.id)):
        if value_of(task, PLAN) == name and (is_head(task) or value_of(task, KEY)):
            found.setdefault("" if is_head(task) else value_of(task, KEY), task)
    return found


async def _made(board: BoardClient, plan: Plan, task: PlanTask | None, made: dict[str, TaskId]) -> Task:
    """Make a task, or the head for None; one whose answer was lost is found again by its tags.

    Raises:
        Undecided: whether it was made is not known.
        ServiceError: it was not.
    """
    title = task.title if task is not None else f"Plan {plan.name}"
    text = task_text(task) if task is not None else head_text(plan)
    tags = task_tags(plan, task) if task is not None else head_tags(plan.name, plan.settings)
    before = [made[key] for key in task.after] if task is not None else []
    try:
        # The operator wrote or approved each word of it: agents are to take it as the operator's.
        return await board.create(title, OPERATOR, description=text, tags=tags, dependencies=before)
    except ServiceError as failure:
        if failure.undone:
            raise
        try:
            found = (await _known(board, plan)).get(task.key if task is not None else "")
        except (ServiceError, Refused) as blind:
            raise _undecided(plan, title, f"{failure.message}; {blind.message}") from failure
        if found is None:
            raise _undecided(plan, title, f"{failure.message}; the board does not show it") from failure
        return found


def _undecided(plan: Plan, title: str, why: str) -> Undecided:
    hint = f"create plan {plan.name} again: what is there already is not made twice"
    return Undecided(f"whether {title[:60]!r} was made is not known: {why}", hint=hint)


# --- changing --------------------------------------------------------------------------------------------


async def _plan(board: BoardClient, name: str) -> BoardPlan:
    found = next((plan for plan in plans_on((await board.listing()).tasks) if plan.name == name), None)
    if found is None:
        raise NotFound(f"there is no plan {name} on the board", hint="`cockpit plan list` has them")
    return found


async def _change(board: BoardClient, task: Task, tags: Sequence[str], status: str) -> None:
    """Change tags and status of a task in one request, and see that it is so.

    Raises:
        Undecided: whether it is so is not known.
        ServiceError: it is not.
    """
    wanted = (tuple(tags), status)
    try:
        changed = await board.patch(task.id, status=status, tags=tags)
    except ServiceError as failure:
        if failure.undone:
            raise
        try:
            changed = await board.get(task.id)
        except ServiceError as blind:
            raise Undecided(f"{failure.message}; whether it happened is unknown: {blind.message}") from failure
        if (changed.tags, changed.status) != wanted:
            raise
    if (changed.tags, changed.status) != wanted:
        raise Refused("the board shows something else than was asked for", hint="look at the plan again")
