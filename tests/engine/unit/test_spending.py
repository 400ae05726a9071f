"""Budgets, idle VMs and limits over doubles: what is decided, what is done about it, once, on the right platform.

The budgets are kept by the product's own statements, in a database of the test's.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.engine.commands.dispatcher import Dispatcher
from cockpit.engine.running_source import RunningSource
from cockpit.engine.source import Source
from cockpit.engine.usage.keeper import AGAIN, Keeper
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.command import Command
from cockpit.model.commands.usage import (
    BudgetAct,
    ChangeBudget,
    ContinueLimited,
    FreezeForBudget,
    PauseIdle,
    UsageCommand,
)
from cockpit.model.content import Usage
from cockpit.model.fleet import Activity, ActivityState, Link, LinkState, Power, Vm
from cockpit.model.ids import AgentId, CommandId, VmId, agent_of
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.usage.rules import UsageRules
from cockpit.model.usage.spending import Spending
from cockpit.model.usage.standing import FLEET, BudgetRecord, BudgetStage, Limit, Standing
from cockpit.store.schema import STEPS
from cockpit.store.usage.budgets import BudgetLog
from tests.engine.unit.control import FakeVers, refused
from tests.engine.unit.parts import OTHER_VM, VM, Connections, Parts, agent_on
from tests.engine.unit.test_standstill import THIRD, answers_aborts

LIMIT = Limit(tokens=100)


class AtOnce:
    """Does what is asked of a database at once, where the store has a thread."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")
        for step in STEPS:
            self.connection.executescript(step)

    async def run(self, work: Callable[[sqlite3.Connection], Any], *, durable: bool = False) -> Any:
        """Do it."""
        await asyncio.sleep(0)
        with self.connection:
            return work(self.connection)


class South(Parts):
    """A second source of the same cockpit, with a platform of its own."""

    def source(self) -> Source:
        return replace(super().source(), name="south")


class Money:
    """A cockpit with agents on two platforms, and a budget of all of them."""

    def __init__(self) -> None:
        self.parts, self.south = Parts(), South()
        self.database = AtOnce()
        self.parts.memory.budgets = self.log = BudgetLog(cast(Any, self.database), cast(Any, self.database))
        self.south.state, self.south.memory, self.south.book = self.parts.state, self.parts.memory, self.parts.book
        for vm_id, name, source in ((VM, "ada", ""), (OTHER_VM, "bob", ""), (THIRD, "cid", "south")):
            vers: FakeVers = self.south.vers if source else self.parts.vers
            vers.states[vm_id] = "running"
            self.parts.state.put_vm(Vm(vm_id, Power.RUNNING, source=source))
            self.parts.state.put_agent(replace(agent_on(vm_id, name), source=source, link=Link()))
        del self.south.vers.states[VM]
        self.dispatchers: list[Dispatcher] = []

    def open(self) -> None:
        """Make what takes orders, one for each platform, as the engine does."""
        self.dispatchers = [one.dispatcher(one.agent_sessions()) for one in (self.parts, self.south)]
        together = {"": self.dispatchers[0].usage, "south": self.dispatchers[1].usage}
        for one in self.dispatchers:
            one.usage.join(lambda: together)

    async def stands(self, tokens: int, limit: Limit = LIMIT) -> Standing:
        """Let so much be spent, and return how the budget stands."""
        record = (await self.log.all()).get(FLEET)
        agents = tuple(self.parts.state.agents)
        limit = record.limit if record is not None and record.limit.is_set else limit
        stage = record.stage if record is not None else BudgetStage.OPEN
        found = Standing(FLEET, "fleet", limit, Usage(input=tokens), agents, stage, record=record)
        self.parts.state.spending = Spending(budgets=(found,))
        self.parts.state.changed()
        return found

    async def order(self, command: UsageCommand) -> tuple[Receipt, dict[str, str]]:
        """Order something of the first platform; return its receipt at the end, and what became of whom."""
        command_id = self.dispatchers[0].dispatch(command)
        while under_way := [task for one in self.dispatchers for task in one.under_way]:
            await asyncio.gather(*under_way)
        operation = next(one for one in self.parts.state.operations.values() if str(one.id) == command_id)
        return self.parts.state.receipts[command_id], {part.target: part.outcome for part in operation.parts}

    def powers(self) -> list[str]:
        """Return what the platforms say of the three VMs."""
        return [self.parts.vers.states[VM], self.parts.vers.states[OTHER_VM], self.south.vers.states[THIRD]]


async def frozen() -> Money:
    """Return a cockpit whose budget is used up, with all it holds frozen."""
    money = Money()
    money.open()
    await money.stands(100)
    receipt, became = await money.order(FreezeForBudget(FLEET, (VM, OTHER_VM, THIRD), "used up"))
    assert receipt.stage is Stage.DONE and became == dict.fromkeys(("ada", "bob", "cid"), "frozen")
    return money


async def test_a_budget_of_several_platforms_freezes_and_resumes_each_vm_on_its_own() -> None:
    money = await frozen()
    assert money.powers() == ["paused"] * 3
    record = (await money.log.all())[FLEET]
    assert record.stage is BudgetStage.FROZEN and set(record.vms) == {VM, OTHER_VM, THIRD}
    await money.stands(100)
    # Resumed by somebody else meanwhile: it is left alone.
    money.parts.vers.states[OTHER_VM] = "running"
    money.parts.state.put_vm(replace(money.parts.state.vms[OTHER_VM], power=Power.RUNNING))
    receipt, became = await money.order(ChangeBudget(FLEET, BudgetAct.RAISE, Limit(tokens=500)))
    assert receipt.stage is Stage.DONE and became == {"ada": "continued", "cid": "continued"}
    assert money.powers() == ["running"] * 3
    record = (await money.log.all())[FLEET]
    assert (record.stage, record.limit, record.vms) == (BudgetStage.OPEN, Limit(tokens=500), ())


async def test_what_cannot_be_resumed_is_named_and_resumed_by_the_next_order() -> None:
    money = await frozen()
    money.south.vers.errors["resume"] = refused("503 from the host")
    await money.stands(100)
    receipt, became = await money.order(ChangeBudget(FLEET, BudgetAct.RAISE, Limit(tokens=500)))
    assert receipt.stage is Stage.FAILED and "cid" in receipt.reason and "503" in receipt.reason
    assert became["cid"] == "unreachable" and (await money.log.all())[FLEET].vms == (THIRD,)
    money.south.vers.errors.clear()
    await money.stands(100)
    await money.order(ChangeBudget(FLEET, BudgetAct.RAISE, Limit(tokens=600)))
    assert money.powers() == ["running"] * 3 and (await money.log.all())[FLEET].vms == ()


async def test_let_finish_lasts_as_long_as_the_runs_and_what_is_spent_then_freezes_again() -> None:
    money = await frozen()
    await money.stands(100)
    keeper, ordered = keeping(money)
    receipt, _ = await money.order(ChangeBudget(FLEET, BudgetAct.FINISH))
    assert receipt.stage is Stage.DONE and money.powers() == ["running"] * 3
    ada = money.parts.state.agents[agent_of(VM)]
    money.parts.state.put_agent(replace(ada, run_open=True))
    await money.stands(170)
    await keeper.act()
    assert not ordered and (await money.log.all())[FLEET].stage is BudgetStage.FINISHING, "its run goes on"
    money.parts.state.put_agent(replace(ada, run_open=False))
    await money.stands(180)
    await keeper.act()
    assert not ordered and (await money.log.all())[FLEET].stage is BudgetStage.FINISHED
    await money.stands(180)
    await keeper.act()
    assert not ordered, "what was spent until its end was allowed"
    await money.stands(181)
    await keeper.act()
    (again,) = ordered
    assert isinstance(again, FreezeForBudget) and set(again.vms) == {VM, OTHER_VM, THIRD}


async def test_stop_ends_the_runs_and_leaves_the_vms_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    money = Money()
    connections = Connections(monkeypatch)
    sessions = money.parts.agent_sessions()
    sessions.record = False
    sessions.attach_known()
    state = money.parts.state
    await state.until(lambda: state.agents[agent_of(VM)].link.state is LinkState.UP, 5.0)
    money.open()
    money.dispatchers[0] = money.parts.dispatcher(sessions)
    money.dispatchers[0].usage.join(lambda: {"": money.dispatchers[0].usage, "south": money.dispatchers[1].usage})
    await money.stands(100)
    await money.order(FreezeForBudget(FLEET, (VM, THIRD), "used up"))
    assert money.powers() == ["paused", "running", "paused"]
    await money.stands(100)
    working = Activity(ActivityState.WORKING)
    state.put_agent(replace(state.agents[agent_of(VM)], run_open=True, activity=working))
    answers_aborts(money.parts, connections.made[-1], VM)
    ended: list[str] = []

    async def over() -> None:
        if money.parts.vers.calls[-1] == f"pause {VM}":
            ended.append(state.agents[agent_of(VM)].activity.state.value)

    money.parts.vers.wait["pause"] = over
    ordering = asyncio.create_task(money.order(ChangeBudget(FLEET, BudgetAct.STOP)))
    await state.until(lambda: any(one.verb == "abort" for one in state.receipts.values()), 60.0)
    state.put_agent(replace(state.agents[agent_of(VM)], run_open=False, activity=Activity(ActivityState.ABORTED)))
    receipt, became = await ordering
    assert receipt.stage is Stage.DONE, receipt.reason
    assert became == {"ada": "stopped", "cid": "stopped"} and ended == ["aborted"]
    assert money.powers() == ["paused", "running", "paused"]
    record = (await money.log.all())[FLEET]
    assert record.stage is BudgetStage.STOPPED and set(record.vms) == {VM, THIRD}
    await money.stands(100)
    keeper, ordered = keeping(money)
    await keeper.act()
    assert not ordered, "nothing was spent since"


# --- what one of several cockpits decides ------------------------------------------------------------------


def keeping(money: Money, **rules: Any) -> tuple[Keeper, list[UsageCommand]]:
    """Return what decides, and the list of what it orders: each order is carried out at once, or as a test says."""
    ordered: list[UsageCommand] = []
    state = money.parts.state

    def dispatch(command: UsageCommand) -> CommandId:
        ordered.append(command)
        known = Receipt(CommandId(f"ck-{len(ordered)}"), None, "x", "", Stage.DONE, state.clock.now())
        state.put_receipt(known)
        return known.id

    running = [
        SimpleNamespace(
            name=name,
            source=SimpleNamespace(rules=UsageRules(**rules)),
            dispatcher=SimpleNamespace(dispatch=dispatch),
        )
        for name in ("", "south")
    ]
    return Keeper(cast("list[RunningSource]", running), state, money.parts.store), ordered


def idle(money: Money, vm_id: VmId, since: float) -> None:
    """Let an agent be idle, linked, since a moment."""
    state = money.parts.state
    agent = state.agents[agent_of(vm_id)]
    activity = Activity(ActivityState.IDLE, since=since)
    state.put_agent(replace(agent, link=Link(LinkState.UP), activity=activity, last_event_at=since, run_open=False))


async def test_who_is_idle_for_long_enough_is_paused_once_and_nobody_who_works_asks_or_was_spoken_to() -> None:
    money = Money()
    keeper, ordered = keeping(money, idle_pause=600.0)
    began = money.parts.clock.now()
    idle(money, VM, began)
    idle(money, THIRD, began)
    state = money.parts.state
    bob = state.agents[agent_of(OTHER_VM)]
    state.put_agent(replace(bob, link=Link(LinkState.UP), activity=Activity(ActivityState.WORKING), run_open=True))
    await keeper.act()
    await asyncio.sleep(300.0)
    idle(money, THIRD, money.parts.clock.now())  # It was given something, and is idle again.
    await asyncio.sleep(299.0)
    await keeper.act()
    assert ordered == []
    await asyncio.sleep(2.0)
    await keeper.act()
    (first,) = ordered
    assert isinstance(first, PauseIdle) and first.vm == VM and first.idle == pytest.approx(601.0, abs=0.1)
    await asyncio.sleep(AGAIN - 310.0)
    await keeper.act()
    assert [one.vm for one in ordered if isinstance(one, PauseIdle)] == [VM], "the others not, and it not at each look"
    await asyncio.sleep(10.0 + 2.0)
    await keeper.act()
    assert [one.vm for one in ordered if isinstance(one, PauseIdle)] == [VM, THIRD]
    await asyncio.sleep(300.0)
    await keeper.act()
    assert [one.vm for one in ordered if isinstance(one, PauseIdle)] == [VM, THIRD, VM], "what ran there may be over"


async def test_nobody_is_paused_where_that_is_not_asked_for() -> None:
    money = Money()
    keeper, ordered = keeping(money)
    idle(money, VM, money.parts.clock.now())
    await asyncio.sleep(7200.0)
    await keeper.act()
    assert ordered == []


def limited(money: Money, *vms: VmId) -> None:
    """Let a provider refuse agents for two minutes."""
    state = money.parts.state
    for vm_id in vms:
        agent = state.agents[agent_of(vm_id)]
        activity = Activity(ActivityState.ERROR, since=state.clock.now(), error="429 rate limit, retry-after: 120")
        state.put_agent(replace(agent, link=Link(LinkState.UP), provider="anthropic", activity=activity))


def told(ordered: list[UsageCommand]) -> list[tuple[AgentId, ...]]:
    """Return whom each order names."""
    return [one.agents for one in ordered if isinstance(one, ContinueLimited)]


async def test_who_was_refused_goes_on_once_when_the_limit_ends_some_at_a_time_and_by_one_cockpit() -> None:
    money = Money()
    keeper, ordered = keeping(money, resumes_limits=True, resume_most=2)
    other, by_other = keeping(money, resumes_limits=True, resume_most=2)  # Another cockpit on the same history.
    limited(money, VM, OTHER_VM, THIRD)
    await keeper.act()
    await asyncio.sleep(119.0)
    await keeper.act()
    assert ordered == []
    await asyncio.sleep(2.0)
    await asyncio.gather(keeper.act(), other.act())
    both = [agent for agents in (*told(ordered), *told(by_other)) for agent in agents]
    assert len(both) == len(set(both)) <= 4 and max(map(len, (*told(ordered), *told(by_other)))) <= 2
    assert all("anthropic" in one.cause for one in (*ordered, *by_other) if isinstance(one, ContinueLimited))
    for _ in range(3):
        await keeper.act()
        await other.act()
    everybody = [agent for agents in (*told(ordered), *told(by_other)) for agent in agents]
    assert sorted(everybody) == sorted(map(agent_of, (VM, OTHER_VM, THIRD))), "each once, and none is left out"
    # Refused again at once: whoever goes on by itself and fails is not told again and again.
    limited(money, VM)
    await asyncio.sleep(121.0)
    await keeper.act()
    assert len([agent for agents in (*told(ordered), *told(by_other)) for agent in agents]) == 3


async def test_nobody_goes_on_by_itself_where_that_is_not_asked_for() -> None:
    money = Money()
    keeper, ordered = keeping(money)
    limited(money, VM)
    await asyncio.sleep(7200.0)
    await keeper.act()
    assert ordered == []


async def test_whom_a_limit_refused_is_told_by_the_platform_it_is_on() -> None:
    money = Money()
    money.open()
    limited(money, VM, THIRD)
    sent: list[tuple[str, AgentId]] = []

    def noting(name: str) -> Callable[[Command], CommandId]:
        def dispatch(order: Command) -> CommandId:
            assert isinstance(order, Prompt)
            sent.append((name, order.agent))
            return CommandId("x")

        return dispatch

    for name, one in zip(("", "south"), money.dispatchers, strict=True):
        one.usage._dispatch = noting(name)
    await money.order(ContinueLimited((agent_of(VM), agent_of(THIRD)), "it is over"))
    assert sent == [("", agent_of(VM)), ("south", agent_of(THIRD))]


async def test_a_budget_that_is_being_acted_for_is_not_acted_for_a_second_time() -> None:
    money = Money()
    await money.stands(100)
    keeper, ordered = keeping(money)
    state = money.parts.state
    await keeper.act()
    state.put_receipt(replace(state.receipts[CommandId("ck-1")], stage=Stage.PENDING))
    await keeper.act()
    assert len(ordered) == 1, "its order is under way"
    # A cockpit that was killed in the midst had written down what it was at: the next one goes on with it.
    await money.log.put(BudgetRecord(FLEET, LIMIT, BudgetStage.FREEZING, spent=Usage(input=100), vms=(VM,)))
    state.put_vm(replace(state.vms[VM], power=Power.PAUSED))
    await money.stands(100)
    after, by_next = keeping(money)
    await after.act()
    (rest,) = by_next
    assert isinstance(rest, FreezeForBudget) and set(rest.vms) == {OTHER_VM, THIRD}
