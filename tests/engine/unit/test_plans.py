"""Plans on a real board's HTTP, whose answers get lost: made once, steered by tags, held by one cockpit at a time."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.embedded.api.service_records import Documents
from cockpit.engine.operation import OperationProgress
from cockpit.engine.plans import hands, holder, lease
from cockpit.engine.plans.hands import PlanHands
from cockpit.engine.plans.lease import TRUSTED, VOID, PlanLeases
from cockpit.engine.plans.orders import PlanOrders
from cockpit.engine.running_source import RunningSource
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, Refused, Undecided
from cockpit.model.board import Task
from cockpit.model.commands.board import HandOverTask
from cockpit.model.commands.plan import CreatePlan, HoldPlan, PlanCommand, RunPlan, StepPlan, TakePlanned
from cockpit.model.commands.swarm import Teardown
from cockpit.model.ids import CommandId, OperationId, VmId, agent_of
from cockpit.model.loss import Loss, Remains
from cockpit.model.plan.acts import Give, HandIn, StopTask, TakeBack, TearDown
from cockpit.model.plan.marks import BoardPlan, given_in, plans_on
from cockpit.model.plan.plan import Plan
from cockpit.model.plan.read import read_plan
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.services.board import BoardClient
from cockpit.services.http import ServiceHttp
from cockpit.services.registry import RegistryClient
from cockpit.store.store import Store
from tests.embedded.api.fakes import World, make_world
from tests.engine.unit.parts import AGENT, agent_on, virtual_clock
from tests.engine.unit.store import MemoryLeases, MemoryStore

TEXT = """# release
at once: 2
review: no

## Parse
role: tester
tags: p0
paths: a.py
accept: it works
minutes: 12
## Use
after: Parse
## Tell
after: Use, Parse
"""


def plan_of(text: str = TEXT) -> Plan:
    plan = read_plan(text).plan
    assert plan is not None
    return plan


class Losing(httpx.AsyncBaseTransport):
    """Loses what changes something, or the answer to it, as often as a test wants."""

    def __init__(self, inner: httpx.AsyncBaseTransport, chance: random.Random) -> None:
        self._inner = inner
        self._chance = chance
        self.often = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" or self._chance.random() >= self.often:
            return await self._inner.handle_async_request(request)
        if self._chance.random() < 0.6:
            await self._inner.handle_async_request(request)
        raise httpx.ReadTimeout("the answer was lost")


class Cockpit:
    """What one cockpit has of a board."""

    def __init__(self, world: World, *, seed: int = 0, store: MemoryStore | None = None) -> None:
        self.transport = Losing(world.transport, random.Random(seed))
        http = ServiceHttp("http://services.test", world.token, transport=self.transport)
        self.board = BoardClient(http)
        self.memory = store or MemoryStore()
        self.state = FleetState(virtual_clock(), "test")
        self.source = cast(Source, SimpleNamespace(name="test", board=self.board, registry=RegistryClient(http)))
        self.orders = PlanOrders(self.state, cast(Store, self.memory), self.source)
        self.leases = PlanLeases(cast(Store, self.memory), self.source, self.state.clock.now)

    async def order(self, command: PlanCommand) -> None:
        """Carry a command out."""
        progress = OperationProgress(self.state, OperationId("o"), "plan", "release")
        await self.orders.carry_out(command, progress)

    async def tasks(self) -> list[Task]:
        """Return the board, the oldest first."""
        return sorted(await self.board.list_tasks(), key=lambda task: (task.created_at, task.id))

    async def plan(self) -> BoardPlan:
        """Return the one plan."""
        (plan,) = plans_on(await self.tasks())
        return plan


def called(tasks: list[Task]) -> list[str]:
    return sorted(task.title for task in tasks)


async def test_a_plan_stands_on_the_board_with_ids_tags_and_words() -> None:
    cockpit = Cockpit(make_world())
    await cockpit.order(CreatePlan(plan_of()))
    plan = await cockpit.plan()
    by_title = {task.title: task for task in plan.tasks}
    assert list(by_title) == ["Parse", "Use", "Tell"]
    assert by_title["Parse"].tags == ("plan:release", "key:parse", "role:tester", "minutes:12", "p0")
    assert by_title["Parse"].description == "Paths: a.py\n\nAcceptance:\n- it works"
    assert by_title["Tell"].dependencies == (by_title["Use"].id, by_title["Parse"].id)
    assert (plan.settings.at_once, plan.settings.review, plan.runs) == (2, False, False)
    await cockpit.order(CreatePlan(plan_of()))
    assert called(await cockpit.tasks()) == ["Parse", "Plan release", "Tell", "Use"]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_answers_get_lost_nothing_is_made_twice(seed: int) -> None:
    cockpit = Cockpit(make_world(), seed=seed)
    cockpit.transport.often = 0.4
    for _ in range(100):
        try:
            await cockpit.order(CreatePlan(plan_of()))
            break
        except CockpitError as error:
            assert isinstance(error, Undecided | Refused) or "lost" in error.message, error
    cockpit.transport.often = 0.0
    assert called(await cockpit.tasks()) == ["Parse", "Plan release", "Tell", "Use"]
    assert [len(task.dependencies) for task in (await cockpit.plan()).tasks] == [0, 1, 2]


async def test_two_cockpits_that_share_a_registry_alone_make_it_once() -> None:
    world = make_world()
    cockpits = [Cockpit(world), Cockpit(world)]
    results = await asyncio.gather(*(one.order(CreatePlan(plan_of())) for one in cockpits), return_exceptions=True)
    assert [result for result in results if result is not None and not isinstance(result, Refused)] == []
    assert called(await cockpits[0].tasks()) == ["Parse", "Plan release", "Tell", "Use"]


async def test_another_plan_of_the_same_name_is_refused_before_anything_is_made() -> None:
    cockpit = Cockpit(make_world())
    await cockpit.order(CreatePlan(plan_of()))
    with pytest.raises(Refused, match="another plan release: it has parse, tell, use"):
        await cockpit.order(CreatePlan(plan_of("# release\n## Something else")))
    assert len(await cockpit.tasks()) == 4


async def test_run_hold_step_and_take_are_marks_on_the_board() -> None:
    cockpit = Cockpit(make_world())
    await cockpit.order(CreatePlan(plan_of()))
    await cockpit.order(RunPlan("release", 5, 2))
    plan = await cockpit.plan()
    assert (
        plan.runs
        and not plan.held
        and (plan.settings.at_once, plan.settings.vms, plan.settings.review) == (5, 2, False)
    )
    await cockpit.order(HoldPlan("release"))
    assert (await cockpit.plan()).held
    await cockpit.order(StepPlan("release"))
    plan = await cockpit.plan()
    assert plan.held and plan.steps and plan.runs
    await cockpit.order(RunPlan("release"))
    plan = await cockpit.plan()
    assert not (plan.held or plan.steps) and plan.settings.at_once == 5
    await cockpit.order(TakePlanned(plan.tasks[0].id))
    assert "taken" in (await cockpit.plan()).tasks[0].tags
    await cockpit.order(TakePlanned(plan.tasks[0].id, back=True))
    assert (await cockpit.plan()).tasks[0].tags == plan.tasks[0].tags


# --- the lease -------------------------------------------------------------------------------------------


async def test_one_cockpit_at_a_time_hands_a_plan_out() -> None:
    world = make_world()
    first, second = Cockpit(world), Cockpit(world)
    assert await first.leases.hold("release") == ""
    assert "hands its tasks out" in await second.leases.hold("release") and not second.leases.is_sure("release")
    assert await second.leases.hold("other") == ""
    await first.leases.release("release")
    assert await second.leases.hold("release") == "" and second.leases.is_sure("release")
    assert "hands its tasks out" in await first.leases.hold("release")


async def test_what_a_killed_cockpit_held_is_taken_at_once_by_the_next_of_its_store() -> None:
    world = make_world()
    killed = Cockpit(world)
    assert await killed.leases.hold("release") == ""
    beside = PlanLeases(
        cast(Store, SimpleNamespace(leases=_Taken(), choices=killed.memory.choices)), killed.source, float
    )
    assert await beside.hold("release") == "another cockpit on this machine hands its tasks out"
    killed.memory.leases = MemoryLeases()  # the kernel gives back what a process held
    following = Cockpit(world, store=killed.memory)
    assert await following.leases.hold("release") == ""


class _Taken(MemoryLeases):
    def take(self, agent: Any) -> bool:
        return False


async def test_a_registry_that_is_silent_ends_the_lease_before_anybody_else_can_have_it() -> None:
    cockpit = Cockpit(make_world())
    assert await cockpit.leases.hold("release") == ""
    cockpit.transport.often = 1.0
    await asyncio.sleep(TRUSTED - 40)
    assert await cockpit.leases.hold("release") == ""
    await asyncio.sleep(41)
    assert not cockpit.leases.is_sure("release")
    assert "does not say" in await cockpit.leases.hold("release")


def ended_process() -> dict[str, str]:
    """Return the mark of a process that ran beside this one and was killed."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    began = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
    mark = holder.own_mark() | {"pid": f"{process.pid}", "began": began}
    assert not holder.is_dead(mark), "it is at work"
    process.kill()
    process.wait()
    return mark


async def test_who_was_killed_on_this_machine_is_followed_at_once_also_by_a_cockpit_of_another_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    killed, other = Cockpit(world), Cockpit(world)
    with monkeypatch.context() as then:
        mark = ended_process()
        then.setattr(lease, "own_mark", lambda: mark)
        assert await killed.leases.hold("release") == ""
    assert await other.leases.hold("release") == "" and other.leases.is_sure("release")
    third = Cockpit(world)
    assert "hands its tasks out" in await third.leases.hold("release"), "who has it now lives"
    # Whoever comes back under the name of one that was killed leaves its own mark.
    with monkeypatch.context() as then:
        then.setattr(lease, "own_mark", lambda: mark)
        assert await killed.leases.hold("second") == ""
    again = Cockpit(world, store=killed.memory)
    killed.memory.leases = MemoryLeases()
    assert await again.leases.hold("second") == ""
    assert "hands its tasks out" in await third.leases.hold("second")


async def test_of_a_holder_elsewhere_only_time_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    first, second = Cockpit(world), Cockpit(world)
    with monkeypatch.context() as then:
        then.setattr(lease, "own_mark", lambda: {"place": "elsewhere", "pid": "1", "began": "1"})
        assert await first.leases.hold("release") == ""
    entries = Documents(world.records, "registry")
    for age, taken in ((VOID - 5, False), (VOID + 5, True)):
        entry = entries.get("name:plan release")
        assert entry is not None
        seen = datetime.now(UTC) - timedelta(seconds=age)
        entries.put(entry | {"lastSeen": seen.isoformat(timespec="milliseconds").replace("+00:00", "Z")})
        assert (await second.leases.hold("release") == "") is taken
    assert TRUSTED < VOID - 30, "what was begun in the last moment of trust has its answer before another one begins"


@given(st.dictionaries(st.sampled_from(["place", "pid", "began", "x"]), st.text() | st.integers() | st.none()))
def test_of_what_a_stranger_wrote_nothing_is_proven(mark: dict[str, object]) -> None:
    assert not holder.is_dead(mark)
    assert not holder.is_dead({**holder.own_mark(), "place": mark.get("place")})
    assert not holder.is_dead(holder.own_mark())
    hidden = Path("/nonexistent")
    assert not holder._is_given_to_nobody(1) and not holder.is_dead(holder.own_mark(), hidden), "it may be hidden"


# --- the acts --------------------------------------------------------------------------------------------


class Scene:
    """A plan that runs, an agent, and a dispatcher that hands over as a test says."""

    def __init__(self) -> None:
        self.cockpit = Cockpit(make_world())
        self.heard: list[tuple[bool, str]] = []
        """What the board said when the agent was told: whether it is marked, and whose it is."""
        self.stage = Stage.DONE
        agent = replace(agent_on(), line=7, last_text="It is painted.")
        self.cockpit.state.put_agent(agent)
        self.running = cast(
            RunningSource,
            SimpleNamespace(
                name="test",
                source=self.cockpit.source,
                dispatcher=SimpleNamespace(dispatch=self._dispatch),
                watcher=SimpleNamespace(look_at_board=lambda: None),
            ),
        )
        self.hands = PlanHands(self.cockpit.state, self.running, self.cockpit.leases)
        self._orders: set[asyncio.Task[None]] = set()

    def _dispatch(self, command: HandOverTask) -> CommandId:
        receipt = Receipt(CommandId("h"), AGENT, "hand over", "", Stage.PENDING, 0.0)
        self.cockpit.state.put_receipt(receipt)

        async def hand_over() -> None:
            task = await self.cockpit.board.get(command.task)
            self.heard.append(("giving" in task.tags, task.assignee))
            if self.stage is Stage.DONE:
                await self.cockpit.board.patch(command.task, status="in_progress", assignee="builder")
            self.cockpit.state.put_receipt(replace(receipt, stage=self.stage))

        order = asyncio.create_task(hand_over())
        self._orders.add(order)
        return receipt.id

    async def begin(self) -> BoardPlan:
        """Make a plan, let it run and take its lease."""
        await self.cockpit.order(CreatePlan(plan_of()))
        await self.cockpit.order(RunPlan("release"))
        assert await self.cockpit.leases.hold("release") == ""
        return await self.cockpit.plan()


async def test_the_board_is_marked_before_the_agent_hears_of_its_task() -> None:
    scene = Scene()
    plan = await scene.begin()
    await scene.hands.do(plan, Give(plan.tasks[0], AGENT, "builder"))
    assert scene.hands.busy == {AGENT} and plan.tasks[0].id in scene.hands.giving
    await scene.cockpit.state.until(lambda: not scene.hands.giving, 60)
    assert scene.heard == [(True, "builder")]
    task = (await scene.cockpit.plan()).tasks[0]
    given = given_in(task)
    assert (task.status, task.assignee, "giving" in task.tags) == ("in_progress", "builder", False)
    assert given is not None and (given.name, given.line, given.agent) == ("builder", 7, AGENT)


async def test_an_agent_that_does_not_take_a_task_gets_no_other_for_a_while() -> None:
    scene = Scene()
    plan = await scene.begin()
    scene.stage = Stage.FAILED
    await scene.hands.do(plan, Give(plan.tasks[0], AGENT, "builder"))
    await scene.cockpit.state.until(lambda: not scene.hands.giving, 60)
    task = (await scene.cockpit.plan()).tasks[0]
    assert (task.status, "giving" in task.tags) == ("open", True), "whether it was told is for its output to say"
    assert scene.hands.busy == {AGENT}
    await asyncio.sleep(31)
    assert scene.hands.busy == frozenset()


async def test_what_is_written_of_lost_failed_and_finished_work() -> None:
    scene = Scene()
    plan = await scene.begin()
    first, second, third = plan.tasks
    await scene.hands.do(plan, TakeBack(first, 1, "its VM is gone"))
    await scene.hands.do(plan, StopTask(second, "builder failed: no key"))
    await scene.hands.do(plan, StopTask((await scene.cockpit.plan()).tasks[1], "builder failed: no key"))
    await scene.hands.do(plan, HandIn(third, AGENT, "builder", done=False))
    first, second, third = (await scene.cockpit.plan()).tasks
    assert (first.status, first.assignee) == ("open", "") and "lost:1" in first.tags
    assert "its VM is gone" in first.notes[-1].content
    assert second.status == "blocked" and [note.kind for note in second.notes] == ["blocker"]
    assert {note.author for note in (*first.notes, *second.notes)} == {"plan"}
    assert third.status == "in_review" and third.notes[-1].content == "It is painted."


async def test_nothing_is_written_once_the_lease_is_in_doubt() -> None:
    scene = Scene()
    plan = await scene.begin()
    await asyncio.sleep(TRUSTED + 1)
    with pytest.raises(Refused, match="is not known"):
        await scene.hands.do(plan, TakeBack(plan.tasks[0], 1, "its VM is gone"))
    await scene.hands.do(plan, Give(plan.tasks[0], AGENT, "builder"))
    await scene.cockpit.state.until(lambda: not scene.hands.giving, 60)
    assert scene.heard == [] and (await scene.cockpit.plan()).tasks == plan.tasks


async def test_workers_go_when_the_plan_is_done_but_for_those_that_have_something_alone_or_were_not_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene()
    plan = await scene.begin()
    vms = [VmId(f"{letter * 8}-0000-4000-8000-000000000001") for letter in "abcd"]
    names = ("clean", "loose", "busy", "blind")
    for vm_id, name in zip(vms, names, strict=True):
        scene.cockpit.state.put_agent(agent_on(vm_id, name))
    remains = (Remains(), Remains(loose_files=3), Remains(processes=("make",), unknown=("git hung",)), None)
    found = tuple(
        Loss(vm_id, name, "worker", ("a result nobody has seen",), ("no route",) if left is None else (), left)
        for vm_id, name, left in zip(vms, names, remains, strict=True)
    )

    class Looked:
        def __init__(self, *_: object) -> None:
            pass

        async def look(self, vm_ids: list[VmId]) -> tuple[Loss, ...]:
            assert sorted(vm_ids) == vms
            return found

    ordered: list[Teardown] = []

    def dispatch(command: Teardown) -> CommandId:
        ordered.append(command)
        receipt = Receipt(CommandId("t"), None, "teardown", "", Stage.DONE, 0.0)
        scene.cockpit.state.put_receipt(receipt)
        return receipt.id

    monkeypatch.setattr(hands, "Losses", Looked)
    monkeypatch.setattr(scene.running.dispatcher, "dispatch", dispatch)
    monkeypatch.setattr(scene.cockpit.source, "undo_seconds", 3600.0, raising=False)
    workers = tuple((agent_of(vm_id), name) for vm_id, name in zip(vms, names, strict=True))
    await scene.hands.do(plan, TearDown(workers))
    await scene.cockpit.state.until(lambda: not scene.hands.tearing, 60)
    assert ordered == [Teardown((vms[0],), undo=True)]
    assert scene.hands.tried == {agent_of(vm_id) for vm_id in vms}
    (note,) = (await scene.cockpit.plan()).head.notes
    assert note.author == "plan" and note.content.splitlines() == [
        "its tasks are done:",
        "torn down: clean; for 1 h `cockpit undo NAME` brings one back",
        "loose stays: 3 files of its workspace in no repository",
        "busy stays: 1 process: make; git hung",
        "blind stays: no route",
        "`cockpit teardown --label plan:release` names what would be lost, and asks",
    ]
