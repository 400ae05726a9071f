"""What a row of the board says that is not so, over every combination of task, assignee, VM and link."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.board import TASK_STATUSES, FeedItem, Note, Task
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    Fleet,
    Link,
    LinkState,
    Power,
    Process,
    ProcessState,
    Vm,
)
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import TaskId, VmId
from cockpit.model.row_doubts import GRACE, Doubt, DoubtKind, all_doubts, counts, doubts
from tests.model.captures import AGENT, fresh_agent

NOW = 10_000.0
HOSTILE = st.text(max_size=12)
STATUSES = st.one_of(st.sampled_from(TASK_STATUSES), HOSTILE)
IDS = st.sampled_from([TaskId(name) for name in ("T1", "T2", "T3", "gone")])
STANDS_STILL = (ActivityState.IDLE, ActivityState.DONE_UNSEEN, ActivityState.ABORTED, ActivityState.ERROR)

AGENTS = st.builds(
    lambda name, state, since, link, process, code, open_, elsewhere: replace(
        fresh_agent(),
        name=name,
        activity=Activity(state, since),
        link=Link(link),
        process=Process(process, exit_code=code),
        run_open=open_,
        elsewhere=elsewhere,
    ),
    st.sampled_from(["w-1", "w-2"]),
    st.sampled_from(ActivityState),
    st.sampled_from([0.0, NOW - 500, NOW - GRACE + 1, NOW + 50]),
    st.sampled_from(LinkState),
    st.sampled_from(ProcessState),
    st.sampled_from([None, 0, 137]),
    st.booleans(),
    st.sampled_from(["", "another account"]),
)
TASKS = st.builds(
    Task,
    IDS,
    HOSTILE,
    STATUSES,
    assignee=st.one_of(st.sampled_from(["", "w-1", "w-2", "operator"]), HOSTILE),
    dependencies=st.lists(IDS, max_size=4).map(tuple),
    notes=st.lists(
        st.builds(Note, HOSTILE, HOSTILE, st.one_of(st.sampled_from(["blocker", "update"]), HOSTILE), st.just(NOW)),
        max_size=3,
    ).map(tuple),
)
VMS = st.lists(st.builds(Vm, st.just(VmId(AGENT)), st.sampled_from(Power)), max_size=1).map(tuple)
FLEETS = st.builds(
    lambda vms, agents, tasks: Fleet(vms=vms, agents=agents, tasks=tasks),
    VMS,
    st.lists(AGENTS, max_size=2).map(tuple),
    st.lists(TASKS, max_size=4, unique_by=lambda task: task.id).map(tuple),
)


def kinds(found: tuple[Doubt, ...]) -> list[DoubtKind]:
    return [doubt.kind for doubt in found]


@given(FLEETS)
def test_each_doubt_is_borne_out_by_the_fleet_and_none_is_missing(fleet: Fleet) -> None:
    power = fleet.vms[0].power if fleet.vms else None
    found = all_doubts(fleet, NOW)
    for task in fleet.tasks:
        mine = kinds(found.get(task.id, ()))
        assert mine == kinds(doubts(task, fleet, NOW))
        assert (DoubtKind.UNEXPLAINED in mine) == (
            task.status == "blocked" and all(note.kind != "blocker" for note in task.notes)
        )
        begun = task.status in ("in_progress", "in_review", "done")
        open_ = {o.id for o in fleet.tasks if o.id in task.dependencies and o.status != "done"}
        assert mine.count(DoubtKind.DEPENDENCY) == (len(open_) if begun else 0)
        assert (DoubtKind.UNCLAIMED in mine) == (task.status == "in_progress" and not task.assignee)
        of_agent = [kind for kind in mine if kind in (DoubtKind.GONE, DoubtKind.IDLE, DoubtKind.PAUSED)]
        having = [agent for agent in fleet.agents if task.assignee and agent.name == task.assignee]
        assert len(of_agent) <= 1
        if task.status != "in_progress" or any(works(agent, power) for agent in having):
            assert not of_agent
        elif having:
            assert len(of_agent) == 1


def works(agent: Agent, power: Power | None) -> bool:
    """Say, by other words than the product's, whether an agent may be at work for all that is known."""
    if agent.elsewhere:
        return True
    if power in (Power.GONE, Power.DEAD, Power.PAUSED, Power.SLEEPING) or agent.process.state is ProcessState.DEAD:
        return False
    seen = agent.link.state is LinkState.UP
    return not seen or agent.run_open or agent.activity.state not in STANDS_STILL or agent.activity.since > NOW - GRACE


@given(FLEETS)
def test_each_sentence_is_one_and_a_row_counts_once_for_each_kind(fleet: Fleet) -> None:
    found = all_doubts(fleet, NOW)
    assert all(doubt.sentence.endswith(".") for row in found.values() for doubt in row)
    for kind, number in counts(found.values()).items():
        assert number == sum(kind in kinds(row) for row in found.values()) > 0


def idle(**changes: object) -> Agent:
    return replace(
        fresh_agent(),
        name="w-1",
        activity=Activity(ActivityState.IDLE, NOW - 240),
        link=Link(LinkState.UP),
        process=Process(ProcessState.ALIVE),
        **changes,  # type: ignore[arg-type]
    )


RUNS = Task(TaskId("T1"), "store", "in_progress", assignee="w-1")
RUNNING = Vm(VmId(AGENT), Power.RUNNING)


def test_the_sentences_name_who_and_since_when() -> None:
    fleet = Fleet(vms=(RUNNING,), agents=(idle(),), tasks=(RUNS,))
    assert [doubt.sentence for doubt in doubts(RUNS, fleet, NOW)] == ["w-1 has it, and is idle since 4 min."]
    dead = idle()
    dead = replace(dead, process=Process(ProcessState.DEAD, exit_code=137))
    fleet = replace(fleet, agents=(dead,))
    assert [doubt.sentence for doubt in doubts(RUNS, fleet, NOW)] == [
        "w-1 has it, and its process ended with exit 137."
    ]
    waits = Task(TaskId("T2"), "api\n\x1b[31m", "in_progress", assignee="w-1", dependencies=(TaskId("T3"),))
    first = Task(TaskId("T3"), "the \n parser", "in_review")
    fleet = replace(fleet, agents=(idle(run_open=True),), tasks=(waits, first))
    assert [doubt.sentence for doubt in doubts(waits, fleet, NOW)] == [
        "It is in progress, and depends on “the parser”, which is in review."
    ]


def test_a_name_without_an_agent_is_a_persons_unless_an_agent_was_heard_under_it() -> None:
    ok = (ServiceHealth("vers", True, NOW),)
    fleet = Fleet(tasks=(RUNS,), health=ok, awaited=("vers",))
    assert doubts(RUNS, fleet, NOW) == ()
    heard = replace(fleet, feed=(FeedItem("E1", "w-1", "agent_started", "began", NOW),))
    assert kinds(doubts(RUNS, heard, NOW)) == [DoubtKind.GONE]
    said = replace(fleet, feed=(FeedItem("E1", "w-1", "finding", "a person found it", NOW),))
    assert doubts(RUNS, said, NOW) == ()
    blind = replace(heard, health=(ServiceHealth("vers", False, NOW, "refused"),))
    assert doubts(RUNS, blind, NOW) == ()
