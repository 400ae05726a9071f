"""What a plan does next, against a world in which anything happens at any moment."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.board import Note, Task
from cockpit.model.fleet import AgentKind, Fleet
from cockpit.model.ids import AgentId, TaskId
from cockpit.model.plan.acts import Confirm, Finish, Give, HandIn, MakeWorker, StopTask, TakeBack, TearDown, Withdraw
from cockpit.model.plan.marks import plans_on
from cockpit.model.plan.schedule import Arrival, TaskState, View, outlook
from cockpit.model.plan.workers import Readiness, Worker
from cockpit.model.row_doubts import doubts
from tests.model.plan.world import Hand, World, head, member

WORKER = frozenset({"worker"})
TURNS = 3_000
"""Looks within which every plan comes to its end, whatever happens to it meanwhile."""


def chosen(chance: random.Random) -> tuple[tuple[Task, ...], list[Hand]]:
    """Return some plan, with agents that can do it in the end: each role is played by two that nobody kills."""
    count = chance.randrange(1, 14)
    roles = ("", "tester")
    tasks = [
        member(
            number,
            tuple(sorted(chance.sample(range(number), min(number, chance.randrange(3))))),
            *([f"role:{role}"] if (role := chance.choice(roles)) else []),
        )
        for number in range(count)
    ]
    more = [f"at-once:{chance.randrange(1, 5)}", *(["review:no"] if chance.random() < 0.4 else [])]
    hands = [
        Hand(f"w{number}", WORKER | ({"tester"} if number % 2 else set())) for number in range(chance.randrange(4, 9))
    ]
    return (head("p", "in_progress", *more), *tasks), hands


def run(world: World, *, kills: bool = False, trouble: bool = False) -> None:
    """Let a world go on until its plan is done."""
    for _ in range(TURNS):
        if world.plan().head.status == "done":
            return
        if world.chance.random() < 0.5:
            world.turn()
        killable = sum(not hand.dead for hand in world.hands.values()) > 3
        world.happen(kills=kills and killable, trouble=trouble)
        if not any(not hand.dead and "tester" in hand.roles for hand in world.hands.values()):
            name = f"new-{len(world.hands)}"
            world.hands[name] = Hand(name, WORKER | {"tester"})
            world.said[name] = []
    raise AssertionError(f"it never ends: {[(one.state, one.reason) for one in world.look().tasks]}")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_a_plan_that_nothing_happens_to_gives_each_task_once(seed: int) -> None:
    chance = random.Random(seed)
    world = World(chance, *chosen(chance))
    run(world)
    assert set(world.told.values()) == {1}
    assert all(task.status in ("done", "in_review") for task in world.tasks.values())


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_happens_a_plan_ends_and_gives_no_task_twice(seed: int) -> None:
    chance = random.Random(seed)
    world = World(chance, *chosen(chance))
    world.cuts, world.blind = chance.choice([0.0, 0.05, 0.3]), chance.choice([0.0, 0.3])
    run(world, kills=True, trouble=True)
    for task, times in world.told.items():
        assert times >= 1 and times <= 1 + world.lost[task] + world.reopened[task]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_the_task_of_a_killed_worker_comes_back_once(seed: int) -> None:
    chance = random.Random(seed)
    tasks, hands = chosen(chance)
    world = World(chance, tasks, hands)
    world.cuts = chance.choice([0.0, 0.2])
    while not (busy := [hand for hand in world.hands.values() if hand.task is not None]):
        world.turn()
    victim = chance.choice(busy)
    task = victim.task
    assert task is not None
    world.kill(victim)
    run(world)
    assert world.told[task] == 2 and world.lost[task] == 1
    assert all(times == 1 for other, times in world.told.items() if other != task)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_a_board_that_anybody_wrote_ends_in_sentences(seed: int) -> None:
    """Circles, tasks that are gone, foreign words, marks that nobody set: it is judged, and nothing is given early."""
    chance = random.Random(seed)
    statuses = ("open", "open", "in_progress", "in_review", "blocked", "done", "", "weird\x1b[2J")
    marks = ("given:w1 0 vm-w1", "given:", "given:x", "giving", "lost:9", "lost:x", "taken", "role:tester", "key:k1")
    tasks = [
        replace(
            member(number),
            status=chance.choice(statuses),
            assignee=chance.choice(("", "w1", "noah", "\x00")),
            dependencies=tuple(TaskId(f"t{chance.randrange(12)}") for _ in range(chance.randrange(3))),
            tags=("plan:p", f"key:k{chance.randrange(8)}", *chance.sample(marks, chance.randrange(4))),
        )
        for number in range(10)
    ]
    world = World(
        chance, (head("p", "in_progress", "at-once:x", "vms:-3"), *tasks), [Hand("w1", WORKER), Hand("w2", WORKER)]
    )
    view = replace(world.view(), gone=frozenset({AgentId("vm-w1")}))
    found = outlook(view)
    assert outlook(view) == found
    assert len({one.task.id for one in found.tasks}) == len(found.tasks)
    gives = [act for act in found.acts if isinstance(act, Give)]
    assert len({act.task.id for act in gives}) == len({act.agent for act in gives}) == len(gives)
    for act in gives:
        assert all(world.tasks[one].status == "done" for one in act.task.dependencies)
        assert "taken" not in act.task.tags
    for one in found.tasks:
        assert one.reason or one.state in (TaskState.READY, TaskState.DONE, TaskState.WORKING)


def test_a_chain_of_any_length_is_judged() -> None:
    tasks = [member(number, (number - 1,) if number else ()) for number in range(3_000)]
    (plan,) = plans_on([head(), *tasks])
    found = outlook(View(plan, {task.id: task for task in tasks}, ()))
    assert [one.state for one in found.tasks[:2]] == [TaskState.READY, TaskState.WAITING]


# --- single rules ----------------------------------------------------------------------------------------

ADA = Worker(AgentId("vm-ada"), "ada", Readiness.FREE, "", WORKER)
BOB = Worker(AgentId("vm-bob"), "bob", Readiness.FREE, "", WORKER | {"tester"})
HAD = ("given:ada 7 vm-ada",)


def view(*tasks: Task, workers: tuple[Worker, ...] = (ADA, BOB), marks: tuple[str, ...] = (), **more: object) -> View:
    """Return a look at a plan of some tasks."""
    (plan,) = plans_on([head("p", "in_progress", *marks), *tasks])
    return replace(View(plan, {task.id: task for task in tasks}, workers), **more)  # type: ignore[arg-type]


def begun(number: int = 1, *more: str) -> Task:
    """Return a task that ada has."""
    return member(number, (), *HAD, *more, status="in_progress", assignee="ada")


def test_each_goes_to_who_plays_its_role() -> None:
    found = outlook(view(member(1, (), "role:tester"), member(2), member(3, (), "role:chef")))
    assert [(act.task.id, act.name) for act in found.acts if isinstance(act, Give)] == [("t1", "bob"), ("t2", "ada")]
    assert found.tasks[2].reason == "there is no chef"


def test_three_at_a_time_unless_said_otherwise() -> None:
    many = tuple(replace(ADA, id=AgentId(f"vm-{number}"), name=f"w{number}") for number in range(6))
    tasks = [member(number) for number in range(6)]
    assert len(outlook(view(*tasks, workers=many)).acts) == 3
    assert len(outlook(view(*tasks, workers=many, marks=("at-once:5",))).acts) == 5
    assert "3 of 3 are at work" in outlook(view(*tasks, workers=many)).tasks[5].reason


def test_a_task_in_review_is_done_once_it_is_approved() -> None:
    review, later = member(1, (), status="in_review"), member(2, (1,))
    assert [one.state for one in outlook(view(review, later)).tasks] == [TaskState.REVIEW, TaskState.WAITING]
    found = outlook(view(review, later, marks=("review:no",)))
    assert [one.state for one in found.tasks] == [TaskState.DONE, TaskState.READY] and isinstance(found.acts[0], Give)


@pytest.mark.parametrize(
    ("readiness", "delivery", "state", "act"),
    [
        (Readiness.WORKS, Arrival.READ, TaskState.WORKING, None),
        (Readiness.ASKS, Arrival.READ, TaskState.ASKING, None),
        (Readiness.ABORTED, Arrival.READ, TaskState.WORKING, None),
        (Readiness.AWAY, Arrival.READ, TaskState.WORKING, None),
        (Readiness.RESTS, Arrival.READ, TaskState.WORKING, HandIn),
        (Readiness.RESTS, Arrival.QUEUED, TaskState.WORKING, None),
        (Readiness.RESTS, Arrival.UNKNOWN, TaskState.WORKING, None),
        (Readiness.FAILED, Arrival.READ, TaskState.BLOCKED, StopTask),
        (Readiness.LOST, Arrival.READ, TaskState.WAITING, TakeBack),
    ],
)
def test_what_becomes_of_a_task_that_an_agent_has(
    readiness: Readiness, delivery: Arrival, state: TaskState, act: type | None
) -> None:
    ada = replace(ADA, readiness=readiness, reason="so it is")
    found = outlook(view(begun(), member(2, (1,)), workers=(ada,), deliveries={TaskId("t1"): delivery}))
    assert found.tasks[0].state is state
    assert [type(one) for one in found.acts] == ([act] if act else [])
    stopped = state in (TaskState.ASKING, TaskState.BLOCKED)
    assert found.tasks[1].state is (TaskState.STOPPED if stopped else TaskState.WAITING)


def test_the_second_loss_stops_a_task() -> None:
    ada = replace(ADA, readiness=Readiness.LOST, reason="its VM is gone")
    (act,) = outlook(view(begun(1, "lost:1"), workers=(ada,))).acts
    assert isinstance(act, StopTask) and "its VM is gone" in act.why and "2." in act.why


def test_an_agent_on_no_list_is_lost_only_if_the_list_is_whole() -> None:
    assert outlook(view(begun(), workers=(BOB,))).acts == ()
    (act,) = outlook(view(begun(), workers=(BOB,), gone=frozenset({ADA.id}))).acts
    assert isinstance(act, TakeBack) and "ada is on no list" in act.why


@pytest.mark.parametrize(
    ("delivery", "act"),
    [(Arrival.READ, Confirm), (Arrival.QUEUED, Confirm), (Arrival.NEVER, Withdraw), (Arrival.UNKNOWN, None)],
)
def test_a_task_that_was_being_handed_over_is_given_to_nobody_else_before_it_is_known(
    delivery: Arrival, act: type | None
) -> None:
    task = member(1, (), *HAD, "giving", assignee="ada")
    ada = replace(ADA, readiness=Readiness.RESTS)
    found = outlook(view(task, workers=(ada, BOB), deliveries={task.id: delivery}))
    assert [type(one) for one in found.acts] == ([act] if act else [])


def test_what_others_have_is_left_alone() -> None:
    person, foreign = member(1, (), assignee="noah"), member(2, (), status="in_progress", assignee="bob")
    given = replace(begun(3), assignee="bob")
    taken = begun(4, "taken")
    lost = replace(begun(5), assignee="noah")
    found = outlook(view(person, foreign, given, taken, lost, workers=(BOB,)))
    assert [one.state for one in found.tasks] == [*[TaskState.ELSEWHERE] * 3, TaskState.TAKEN, TaskState.ELSEWHERE]
    assert found.acts == () and found.stands_still


def test_a_task_that_is_assigned_to_an_agent_goes_to_that_one_alone() -> None:
    (act,) = outlook(view(member(1, (), assignee="bob"))).acts
    assert isinstance(act, Give) and act.name == "bob"
    busy = replace(BOB, readiness=Readiness.WORKS, reason="it is at work")
    found = outlook(view(member(1, (), assignee="bob"), workers=(ADA, busy), marks=("vms:3",)))
    assert found.acts == () and found.tasks[0].reason == "it waits for bob: it is at work"


def test_a_rejected_task_goes_back_to_who_had_it_or_to_another_one() -> None:
    rejected = member(1, (), "given:bob 3 vm-bob", assignee="bob")
    (act,) = outlook(view(rejected)).acts
    assert isinstance(act, Give) and act.name == "bob"
    (act,) = outlook(view(rejected, workers=(ADA, replace(BOB, readiness=Readiness.WORKS)))).acts
    assert isinstance(act, Give) and act.name == "ada"


def test_workers_are_made_within_the_cap_on_vms() -> None:
    tasks = [member(number) for number in range(5)]
    found = outlook(view(*tasks, workers=(), marks=("vms:2", "at-once:4")))
    assert found.acts == (MakeWorker(""), MakeWorker(""))
    own = replace(ADA, readiness=Readiness.AWAY, plan="p")
    assert outlook(view(*tasks, workers=(own,), marks=("vms:2",))).acts == (MakeWorker(""),)
    assert outlook(view(*tasks, workers=(own,), marks=("vms:2",), making=("",))).acts == ()
    assert len(outlook(view(*tasks, workers=(replace(own, has_vm=False),), marks=("vms:2",))).acts) == 2
    refused = outlook(view(*tasks, workers=(), marks=("vms:2",), no_worker="the platform said no"))
    assert refused.acts == () and "the platform said no" in refused.tasks[0].reason


def test_whoever_is_being_made_finds_room() -> None:
    tasks = [member(1), member(2)]
    found = outlook(view(*tasks, workers=(), marks=("at-once:1", "vms:9"), making=("",)))
    assert found.acts == () and "is being made" in found.tasks[0].reason


def test_a_plan_is_finished_once() -> None:
    done = member(1, (), status="done")
    assert outlook(view(done)).acts == (Finish(),)
    (plan,) = plans_on([head("p", "done"), done])
    assert outlook(View(plan, {done.id: done}, ())).acts == ()


def test_what_stands_for_a_plan_is_nobody_s_and_that_is_no_lie_of_the_board() -> None:
    assert doubts(head(), Fleet(), 0.0) == () and doubts(member(1, status="in_progress"), Fleet(), 0.0) != ()


def test_doubles_are_done_by_nobody() -> None:
    second = replace(member(9), tags=("plan:p", "key:k1"))
    (plan,) = plans_on([head(), second, member(1)])
    assert [task.id for task in plan.tasks] == ["t1"] and [task.id for task in plan.doubles] == ["t9"]


def test_what_stops_a_task_is_said_by_name() -> None:
    blocked = member(1, (), status="blocked", notes=(Note("ada", "no key", "blocker", 0.0),))
    found = outlook(view(blocked, member(2, (1,)), member(3, (2,)), member(4, (77,))))
    assert [one.reason for one in found.tasks] == [
        "no key",
        "'Task 1' is blocked",
        "'Task 2' is stopped",
        "task t77, which it waits for, is gone",
    ]


def test_no_vm_is_made_while_somebody_who_may_be_free_was_not_looked_at() -> None:
    unseen = replace(ADA, readiness=Readiness.UNSEEN)
    found = outlook(view(member(1, ()), workers=(unseen,), marks=("vms:3",)))
    assert found.acts == () and not found.stands_still
    assert "not known" in found.tasks[0].reason
    away = replace(unseen, readiness=Readiness.AWAY)
    (act,) = outlook(view(member(1, ()), workers=(away,), marks=("vms:3",))).acts
    assert isinstance(act, MakeWorker)


MADE = Worker(AgentId("vm-made"), "made", Readiness.FREE, "", frozenset({"worker"}), "p")
"""A worker that was made for the plan."""


def over(*workers: Worker, marks: tuple[str, ...] = (), **view_of: object) -> tuple[object, ...]:
    """Return what is to be done about a plan whose tasks are done."""
    done = member(1, (), status="done", assignee="made")
    return outlook(replace(view(done, workers=workers, marks=marks), **view_of)).acts  # type: ignore[arg-type]


def test_when_a_plan_is_done_its_own_workers_go_first_and_nobody_else() -> None:
    assert over(ADA) == (Finish(),), "she was not made for it"
    assert over(ADA, MADE) == (TearDown(((MADE.id, "made"),)),)
    assert over(ADA, MADE, tearing=frozenset({MADE.id})) == ()
    assert over(ADA, MADE, marks=("workers:keep",)) == (Finish(),)
    assert over(replace(MADE, readiness=Readiness.LOST, has_vm=False)) == (Finish(),)
    of_another = replace(MADE, plan="q")
    assert over(of_another) == (Finish(),)


def test_who_has_a_last_word_is_waited_for_and_who_cannot_go_is_named() -> None:
    working = replace(MADE, readiness=Readiness.WORKS, reason="it is at work")
    assert over(working) == ()
    asking = replace(MADE, readiness=Readiness.ASKS, reason="Go on?")
    assert over(asking) == (Finish(("made (Go on?)",)),)
    lieutenant = replace(MADE, kind=AgentKind.LIEUTENANT)
    assert over(lieutenant) == (Finish(("made (free)",)),), "workers are torn down, and nobody else"
    assert over(MADE, tried=frozenset({MADE.id})) == (Finish(),), "why it stays was said when it was tried"
