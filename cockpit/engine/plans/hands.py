"""The hands of a plan: each act done on the board, on an agent or on a VM, in an order that can be cut off anywhere.

The board is marked before an agent hears of a task, so that whoever comes after a kill knows whom to look at.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence

from cockpit.engine.losses import Losses
from cockpit.engine.plans.lease import PlanLeases
from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, Refused
from cockpit.model.ages import span_text
from cockpit.model.board import Note, Task
from cockpit.model.commands.board import HandOverTask
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.swarm import Teardown
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import AgentId, TaskId
from cockpit.model.loss import Loss, unsaved_on
from cockpit.model.plan.acts import (
    Act,
    Confirm,
    Finish,
    Give,
    HandIn,
    MakeWorker,
    Settle,
    StopTask,
    TakeBack,
    TearDown,
    Withdraw,
    words_of,
)
from cockpit.model.plan.marks import AUTHOR, GIVEN, GIVING, HELD, LOST, STEP, BoardPlan, Given, without
from cockpit.model.plan.workers import plan_label
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import is_ended
from cockpit.model.workers import numbered
from cockpit.services.board import BoardClient

log = logging.getLogger(__name__)

HAND_OVER_LIMIT = 120.0
"""Seconds a hand-over gets; the agent itself has half of that to answer."""

SPAWN_LIMIT = 600.0
TEARDOWN_LIMIT = 600.0
REST_AFTER_REFUSAL = 30.0
"""Seconds for which an agent that did not take a task gets no other."""

REST_AFTER_FAILURE = 60.0
"""Seconds until a worker is made again, where the last one could not be."""


class PlanHands:
    """Does the acts of one source's plans; what takes long goes on beside the looks."""

    def __init__(self, fleet_state: FleetState, running: RunningSource, leases: PlanLeases) -> None:
        self._fleet_state = fleet_state
        self._running = running
        self._leases = leases
        self.giving: dict[TaskId, AgentId] = {}
        """What is being handed over just now."""
        self.making: dict[str, tuple[str, str]] = {}
        """The workers that are being made just now, by name: the plan and the role each is for."""
        self.tearing: set[AgentId] = set()
        """Who is being given up just now."""
        self.tried: set[AgentId] = set()
        """Who was to be given up: where that failed it is not tried again and again."""
        self._resting: dict[AgentId, float] = {}
        self._no_worker: dict[str, tuple[float, str]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> frozenset[AgentId]:
        """Agents that get nothing now: they are being given something, or did not take the last task."""
        now = self._fleet_state.clock.now()
        resting = {agent for agent, until in self._resting.items() if until > now}
        return frozenset({*self.giving.values(), *resting})

    def no_worker(self, plan: str) -> str:
        """Say why no worker is made for a plan now, or return empty text."""
        until, reason = self._no_worker.get(plan, (0.0, ""))
        return reason if until > self._fleet_state.clock.now() else ""

    async def close(self) -> None:
        """End what is under way; the board says what was begun."""
        under_way = tuple(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def do(self, plan: BoardPlan, act: Act) -> None:
        """Do an act, or begin with one that takes long.

        Raises:
            CockpitError: the board did not take it; the next look sees what is so.
        """
        log.info("plan %s: %s", plan.name, words_of(act))
        match act:
            case Give():
                self.giving[act.task.id] = act.agent
                self._begin(self._give(plan.name, act), f"give task {act.task.id}")
            case MakeWorker():
                self._begin(self._make(plan.name, act.role), f"make a worker for plan {plan.name}")
            case Confirm(task, _, name):
                await self._patch(plan.name, task, without(task.tags, GIVING), status="in_progress", assignee=name)
            case Settle(task):
                await self._patch(plan.name, task, without(task.tags, GIVING))
            case Withdraw(task, _):
                await self._patch(plan.name, task, without(task.tags, GIVING, GIVEN), status="open", assignee="")
            case TakeBack():
                await self._take_back(plan.name, act)
            case StopTask(task, why):
                await self._say(task, why, "blocker")
                await self._patch(plan.name, task, without(task.tags, GIVING), status="blocked")
            case HandIn():
                await self._hand_in(plan.name, act)
            case TearDown(workers):
                self.tearing |= {agent for agent, _ in workers}
                self._begin(self._tear_down(plan, act), f"tear down the workers of plan {plan.name}")
            case Finish(left):
                if left:
                    await self._say(plan.head, f"of the workers made for it these stay: {', '.join(left)}")
                await self._patch(plan.name, plan.head, without(plan.head.tags, HELD, STEP), status="done")

    async def use_step(self, plan: BoardPlan) -> None:
        """Take the mark away by which the operator allows one act.

        Raises:
            CockpitError: the board did not take it.
        """
        await self._patch(plan.name, plan.head, without(plan.head.tags, STEP))

    # --- on the board --------------------------------------------------------------------------------

    def _board(self) -> BoardClient:
        board = self._running.source.board
        if board is None:
            raise Refused("there is no board any more")
        return board

    async def _patch(
        self, plan: str, task: Task, tags: tuple[str, ...], *, status: str | None = None, assignee: str | None = None
    ) -> None:
        """Change a task in one request, if this process still speaks for its plan."""
        if not self._leases.is_sure(plan):
            raise Refused(f"whether this cockpit still hands out the tasks of {plan} is not known")
        changed = await self._board().patch(task.id, status=status, assignee=assignee, tags=tags)
        if changed.tags != tags or (status is not None and changed.status != status):
            raise Refused(f"the board shows task {task.id} otherwise than it was written", hint="look at the board")

    async def _say(self, task: Task, text: str, kind: str = "update") -> None:
        """Write a note, if it does not stand there already: whoever wrote it may have been cut off just then."""
        last = task.notes[-1] if task.notes else Note("", "", "", 0.0)
        if (last.author, last.content, last.kind) != (AUTHOR, text, kind):
            await self._board().add_note(task.id, AUTHOR, text, kind)

    async def _take_back(self, plan: str, act: TakeBack) -> None:
        tags = (*without(act.task.tags, GIVING, GIVEN, LOST), f"{LOST}{act.losses}")
        await self._patch(plan, act.task, tags, status="open", assignee="")
        await self._say(act.task, f"{act.why}; the task goes to another one")

    async def _hand_in(self, plan: str, act: HandIn) -> None:
        agent = self._fleet_state.agents.get(act.agent)
        said = agent.last_text if agent is not None else ""
        summary = said or f"{act.name} came to the end of its run and said nothing"
        if act.done:
            await self._say(act.task, f"{act.name}: {summary}")
            await self._patch(plan, act.task, without(act.task.tags, GIVING), status="done")
        else:
            await self._board().submit(act.task.id, summary, act.name)

    # --- what takes long -----------------------------------------------------------------------------

    def _begin(self, work: Coroutine[object, object, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _give(self, plan: str, act: Give) -> None:
        try:
            agent = self._fleet_state.agents.get(act.agent)
            if agent is None:
                return
            given = Given(act.name, agent.line, act.agent)
            tags = without(act.task.tags, GIVING, GIVEN)
            await self._patch(plan, act.task, (*tags, given.tag, GIVING), assignee=act.name)
            self._running.watcher.look_at_board()
            receipt = await self._carried_out(HandOverTask(act.task.id, act.agent), HAND_OVER_LIMIT)
            if receipt.stage is not Stage.DONE:
                self._rest(act.agent)
                log.warning("plan %s: %s did not take %s: %s", plan, act.name, act.task.id, receipt.reason)
                return
            task = await self._board().get(act.task.id)
            await self._patch(plan, task, without(task.tags, GIVING))
        except CockpitError as error:
            self._rest(act.agent)
            log.warning("plan %s: task %s is not handed over: %s", plan, act.task.id, error)
        finally:
            del self.giving[act.task.id]
            self._running.watcher.look_at_board()
            self._fleet_state.changed()

    def _rest(self, agent: AgentId) -> None:
        self._resting[agent] = self._fleet_state.clock.now() + REST_AFTER_REFUSAL

    async def _make(self, plan: str, role: str) -> None:
        kind = AgentKind(role) if role in set(AgentKind) else AgentKind.WORKER
        taken = {agent.name for agent in self._fleet_state.agents.values()} | set(self.making)
        # `numbered` leaves a single one without a number.
        name = numbered(f"{kind.value}-{plan}", 2, taken)[0]
        labels = (plan_label(plan), *([role] if role and role != kind.value else []))
        self.making[name] = (plan, role)
        try:
            spawn = Spawn(name, kind, labels=labels, source=self._running.name)
            receipt = await self._carried_out(spawn, SPAWN_LIMIT)
            if receipt.stage is not Stage.DONE:
                reason = receipt.reason or f"it is {receipt.stage.value}"
                self._no_worker[plan] = (self._fleet_state.clock.now() + REST_AFTER_FAILURE, reason)
        finally:
            del self.making[name]
            self._fleet_state.changed()

    async def _tear_down(self, plan: BoardPlan, act: TearDown) -> None:
        """Give workers up, each after a commit, and say on the board what became of them.

        Nobody is asked: whoever has something on its VM that is nowhere else stays, and so does who was not looked at.
        """
        ids = {agent for agent, _ in act.workers}
        try:
            vms = [self._fleet_state.agents[agent].vm_id for agent in ids if agent in self._fleet_state.agents]
            losses = await Losses(self._fleet_state, (self._running,)).look(vms)
            stay = {loss.vm: _reasons(loss) for loss in losses}
            go = tuple(loss for loss in losses if not stay[loss.vm])
            if not self._leases.is_sure(plan.name):
                return
            said = [f"{loss.name} stays: {stay[loss.vm]}" for loss in losses if stay[loss.vm]]
            if go:
                said.insert(0, await self._torn_down(go))
            self.tried |= ids
            if any(stay.values()):
                said.append(f"`cockpit teardown --label {plan_label(plan.name)}` names what would be lost, and asks")
            await self._say(plan.head, "\n".join(("its tasks are done:", *said)))
        except CockpitError as error:
            log.warning("plan %s: its workers: %s", plan.name, error)
        finally:
            self.tearing -= ids
            self._fleet_state.changed()

    async def _torn_down(self, losses: Sequence[Loss]) -> str:
        """Tear workers down, and say in words what came of it."""
        undo, names = self._running.source.undo_seconds, ", ".join(loss.name for loss in losses)
        command = Teardown(tuple(loss.vm for loss in losses), undo=undo > 0)
        receipt = await self._carried_out(command, TEARDOWN_LIMIT)
        if receipt.stage is not Stage.DONE:
            return f"not all of {names} were torn down: {receipt.reason or receipt.stage.value}"
        back = f"; for {span_text(undo)} `cockpit undo NAME` brings one back" if undo > 0 else ""
        return f"torn down: {names}{back}"

    async def _carried_out(self, command: Command, limit: float) -> Receipt:
        """Order something, and return its receipt once it has ended, or the seconds have run out."""
        command_id = self._running.dispatcher.dispatch(command)
        ended: Callable[[], bool] = lambda: is_ended(self._fleet_state.receipts[command_id])  # noqa: E731
        await self._fleet_state.until(ended, limit)
        return self._fleet_state.receipts[command_id]


def _reasons(loss: Loss) -> str:
    """Say why a VM is not given up without a question, or return empty text."""
    if loss.remains is None:
        return "; ".join(loss.unknown) or "it was not looked at"
    return "; ".join((*unsaved_on(loss.remains), *loss.remains.unknown))
