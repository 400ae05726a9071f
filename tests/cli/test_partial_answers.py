"""What is missing from an answer is said, and a script learns of it; a filter that matches nothing is a failure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cockpit.cli import agent as agent_verbs
from cockpit.cli import lists
from cockpit.cli.board import looking
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Verb
from cockpit.errors import NotFound, Refused
from cockpit.model.board import Task
from cockpit.model.events import EpochStarted, Record, RunStarted
from cockpit.model.fleet import Activity, ActivityState, Agent, AgentKind, Fleet, Link, LinkState, Power, Vm
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import AgentId, TaskId, VmId, agent_of
from cockpit.model.past import RememberedAgent, SearchHit
from cockpit.model.tasks.filters import TaskFilter
from tests.cli.double import HeadlessDouble, HeadlessOnDouble

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
ADA = Agent(agent_of(VM), "ada", AgentKind.WORKER, VM, link=Link(LinkState.UP))
SERVICES = ("vers", "registry", "board", "feed")
WELL = tuple(ServiceHealth(name, True, 0.0) for name in SERVICES)

FLEET = Fleet(
    vms=(Vm(VM, Power.RUNNING),),
    agents=(ADA,),
    tasks=(Task(TaskId("t1"), "A task", "open"),),
    health=WELL,
    awaited=SERVICES,
)


def with_health(**changes: Any) -> Fleet:
    """Return the fleet with one service's health changed."""
    name = changes.pop("name")
    return replace(FLEET, health=tuple(replace(one, **changes) if one.name == name else one for one in WELL))


async def run(verb: Verb, fleet: Fleet) -> int:
    """Run a verb on a fleet and return its exit code."""
    return await verb(HeadlessOnDouble(HeadlessDouble(fleet)))


async def vms(headless: Any) -> int:
    return await lists.vms(headless, True)


async def agents(headless: Any) -> int:
    return await lists.agents(headless, "", True)


async def board(headless: Any) -> int:
    return await looking.listed(headless, TaskFilter(), True)


async def test_vms_are_listed_though_one_does_not_tell_its_size(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = HeadlessDouble(FLEET)
    monkeypatch.setattr(engine.platform, "learn", asyncio.Event().wait)
    monkeypatch.setattr(lists, "LEARN_LIMIT", 0.05)
    async with asyncio.timeout(5):
        assert await vms(HeadlessOnDouble(engine)) == ExitCode.DONE
    assert [(vm["vm_id"], vm["disk_mib"]) for vm in json.loads(capsys.readouterr().out)] == [(VM, None)]


LISTS = [vms, agents, board]
OF_AGENTS = [vms, agents]


@pytest.mark.parametrize("verb", LISTS)
async def test_a_whole_answer_is_done_and_says_nothing_more(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(verb, FLEET) == ExitCode.DONE
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == 1 and said.err == ""


@pytest.mark.parametrize("verb", OF_AGENTS)
@pytest.mark.parametrize(
    ("fleet", "words"),
    [
        (
            with_health(name="registry", ok=False, reason="401", hint="check the token"),
            "registry: 401 (check the token)",
        ),
        (replace(FLEET, health=WELL[:1]), "registry: the registry did not answer in time"),
        (with_health(name="registry", unreadable=1), "registry: 1 record of its list cannot be read"),
        (with_health(name="vers", unreadable=2), "vers: 2 records of its list cannot be read"),
    ],
)
async def test_a_list_without_a_part_is_printed_and_is_partial(
    verb: Verb, fleet: Fleet, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(verb, fleet) == ExitCode.PARTIAL
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == 1 and words in said.err


async def test_a_board_of_which_a_task_cannot_be_read_is_partial(capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(board, with_health(name="board", unreadable=3)) == ExitCode.PARTIAL
    said = capsys.readouterr()
    assert "A task" in said.out and "board: 3 records of its list cannot be read" in said.err


async def test_the_board_says_of_which_row_it_is_not_so(capsys: pytest.CaptureFixture[str]) -> None:
    idle = replace(ADA, activity=Activity(ActivityState.IDLE))
    task = Task(TaskId("t1"), "A task", "in_progress", assignee="ada")
    fleet = replace(FLEET, agents=(idle,), tasks=(task, replace(task, id=TaskId("t2"), status="in_review")))
    assert await run(board, fleet) == ExitCode.DONE
    runs, review = json.loads(capsys.readouterr().out)
    assert [doubt["kind"] for doubt in runs["doubts"]] == ["agent idle although its task runs"]
    assert review["doubts"] == []
    assert await looking.listed(HeadlessOnDouble(HeadlessDouble(fleet)), TaskFilter(), False) == ExitCode.DONE
    assert "t1: ada has it, and is idle" in capsys.readouterr().err


@pytest.mark.parametrize(("verb", "name"), [(vms, "vers"), (board, "board")])
@pytest.mark.parametrize("never", [False, True])
async def test_where_nothing_answered_nothing_is_printed(
    verb: Verb, name: str, never: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = tuple(one for one in WELL if one.name != name)
    fleet = replace(FLEET, health=silent) if never else with_health(name=name, ok=False, reason="503")
    with pytest.raises(Refused, match="did not answer in time" if never else "503"):
        await run(verb, fleet)
    assert capsys.readouterr().out == ""


async def test_agents_of_a_fleet_whose_list_did_not_answer_are_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(agents, with_health(name="vers", ok=False, reason="503")) == ExitCode.FAILED
    assert capsys.readouterr().err.count("vers: 503") == 1


@pytest.mark.parametrize("state", [LinkState.NEVER, LinkState.CONNECTING, LinkState.SILENT, LinkState.DOWN])
async def test_an_agent_whose_vm_does_not_answer_makes_the_list_partial(
    state: LinkState, capsys: pytest.CaptureFixture[str]
) -> None:
    unreached = replace(ADA, link=Link(state, reason="no route to the host"))
    assert await run(agents, replace(FLEET, agents=(unreached,))) == ExitCode.PARTIAL
    said = capsys.readouterr()
    assert "ada" in said.out and "ada is shown as last known: no route to the host" in said.err


@pytest.mark.parametrize(
    "change",
    [
        lambda fleet: replace(fleet, vms=(Vm(VM, Power.PAUSED),), agents=(replace(ADA, link=Link(LinkState.PAUSED)),)),
        lambda fleet: replace(fleet, agents=(replace(ADA, elsewhere="another account", link=Link()),)),
        lambda fleet: replace(fleet, awaited=("vers",), health=WELL[:1]),
    ],
)
async def test_what_cannot_answer_is_not_missed(
    change: Callable[[Fleet], Fleet], capsys: pytest.CaptureFixture[str]
) -> None:
    """A paused VM, another account's agent, a service that the fleet does not have."""
    assert await run(agents, change(FLEET)) == ExitCode.DONE
    assert capsys.readouterr().err == ""


def lines(count: int) -> list[Record]:
    """Return the marker of a file, and some lines."""
    told = [
        Record(ADA.id, 1, number, number * 10, number * 10 + 10, 0.0, RunStarted()) for number in range(1, count + 1)
    ]
    return [Record(ADA.id, 1, 0, 0, 0, 0.0, EpochStarted("it is new")), *told]


async def tail(double: HeadlessDouble, from_line: int, *, as_json: bool = True) -> int:
    return await agent_verbs.tail(HeadlessOnDouble(double), "ada", as_json, from_line, False, False)


async def test_lines_that_do_not_exist_are_a_failure_with_the_last_one(capsys: pytest.CaptureFixture[str]) -> None:
    double = HeadlessDouble(FLEET)
    double.output.records[ADA.id] = lines(3)
    assert await tail(double, 4) == ExitCode.FAILED
    assert "ada has no line 4 here: its last one is line 3" in capsys.readouterr().err
    assert await tail(double, 3) == ExitCode.DONE
    said = capsys.readouterr()
    assert [json.loads(line)["line"] for line in said.out.splitlines()] == [0, 3] and said.err == ""


async def test_an_agent_that_said_nothing_yet_is_no_failure() -> None:
    double = HeadlessDouble(FLEET)
    double.output.records[ADA.id] = []
    assert await tail(double, 1) == ExitCode.DONE


async def test_the_recorded_lines_of_a_paused_agent_are_perhaps_not_all(capsys: pytest.CaptureFixture[str]) -> None:
    double = HeadlessDouble(replace(FLEET, vms=(Vm(VM, Power.PAUSED),)))
    double.recorded.records[ADA.id] = lines(2)[1:]
    assert await tail(double, 1) == ExitCode.PARTIAL
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2 and "ada's VM is paused: these are the recorded lines" in said.err


def remembered() -> HeadlessDouble:
    """Return a double that remembers two agents, one of which said something."""
    double = HeadlessDouble(FLEET)
    double.recorded.known = (
        RememberedAgent(ADA.id, "ada", ADA.vm_id, 1.0),
        RememberedAgent(AgentId("b"), "forge", VmId("b"), 2.0),
    )
    double.recorded.hits = [SearchHit(ADA.id, 1, 1, 0.0, "answer", "the needle", ())]
    return double


@pytest.mark.parametrize(("text", "name", "whose"), [("hay", "", "is recorded"), ("needle", "forge", "forge has")])
async def test_a_search_that_finds_nothing_is_a_failure_with_a_word(
    text: str, name: str, whose: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await lists.search(HeadlessOnDouble(remembered()), text, name, 50, True) == ExitCode.FAILED
    said = capsys.readouterr()
    assert json.loads(said.out) == [] and f"nothing that {whose}" in said.err and repr(text) in said.err


@pytest.mark.parametrize(("name", "near"), [("froge", "nearest: forge"), ("zzz", "nearest: ada, forge")])
async def test_a_name_that_nobody_had_is_answered_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(NotFound) as raised:
        await lists.search(HeadlessOnDouble(remembered()), "needle", name, 50, True)
    assert raised.value.hint == near
    assert await lists.search(HeadlessOnDouble(remembered()), "needle", "ada", 50, True) == ExitCode.DONE
