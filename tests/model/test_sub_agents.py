"""Sub-agents: what is said of one, whose it is, and why nothing is ordered of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli.output import agent_objects
from cockpit.model.fleet import Agent, AgentKind, Fleet, Link, LinkState, Power, Process, ProcessState, Vm
from cockpit.model.ids import AgentId, VmId
from cockpit.model.open_work import OpenTask
from cockpit.model.sub_agents import (
    OTHER,
    PLACE,
    TALK,
    owner_of,
    refusal_of,
    state_of,
    sub_agent_at,
    sub_agent_called,
    sub_agents_of,
    why_of,
)

NOW = 10_000.0
VM = Vm(VmId("vm-1"), Power.RUNNING)
TASK = OpenTask("a1", "count the files", NOW - 90, "t1", "Explore", "Running ls", 1475, 2, NOW - 5)
COMMAND = OpenTask("b1", "sleep 20", NOW - 10, "t2")
ADA = Agent(
    AgentId("vm-1:/root/pi-rpc"),
    "ada",
    AgentKind.LIEUTENANT,
    VM.id,
    link=Link(LinkState.UP),
    process=Process(ProcessState.ALIVE),
    background=(COMMAND, TASK),
)
FLEET = Fleet(vms=(VM,), agents=(ADA,))


def test_why_says_what_it_does_since_when_what_it_used_and_whose_it_is() -> None:
    (within,) = sub_agents_of(ADA)
    said = " ".join(why_of(within, VM, NOW))
    for words in ("Working for 1 min: Running ls", "Explore", "1475 tokens", "2 tool calls", "5 s ago", "ada"):
        assert words in said, said
    assert state_of(within, VM, NOW).word == "working"


@pytest.mark.parametrize(
    ("agent", "vm", "word"),
    [
        (ADA, replace(VM, power=Power.PAUSED), "paused"),
        (replace(ADA, link=Link(LinkState.DOWN)), VM, "working?"),
        (replace(ADA, process=Process(ProcessState.DEAD)), VM, "exited"),
    ],
)
def test_it_works_only_where_what_it_lives_in_can(agent: Agent, vm: Vm, word: str) -> None:
    (within,) = sub_agents_of(agent)
    assert state_of(within, vm, NOW).word == word
    assert any(sentence.startswith("ada: ") for sentence in why_of(within, vm, NOW))


def test_each_order_is_refused_with_what_stands_against_it_and_whom_to_go_to() -> None:
    (within,) = sub_agents_of(ADA)
    refused = {wants: refusal_of(within, wants) for wants in (TALK, PLACE, OTHER)}
    assert len(set(refused.values())) == len(refused)
    assert all("count the files" in words and "ada" in words for words in refused.values())
    assert "reads nothing" in refused[TALK] and "no VM" in refused[PLACE]


def test_it_is_found_by_its_key_its_id_and_its_task_and_only_while_it_works() -> None:
    (within,) = sub_agents_of(ADA)
    assert sub_agent_at(within.key, FLEET) == within and owner_of(within.key) == ADA.id == owner_of(ADA.id)
    assert sub_agent_at(ADA.id, FLEET) is None
    assert sub_agent_called("a1", [ADA]) == within == sub_agent_called("count the files", [ADA])
    assert sub_agent_called("b1", [ADA]) is None and sub_agent_called("sleep 20", [ADA]) is None
    twice = replace(ADA, background=(TASK, replace(TASK, task_id="a2")))
    assert sub_agent_called("count the files", [twice]) is None, "two are called so"
    assert sub_agent_at(within.key, Fleet(agents=(replace(ADA, background=()),))) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_key_leads_back_whatever_an_agent_calls_its_task(task_id: str, what: str) -> None:
    agent = replace(ADA, background=(replace(TASK, task_id=task_id, what=what),))
    (within,) = sub_agents_of(agent)
    assert owner_of(within.key) == ADA.id and sub_agent_at(within.key, Fleet(agents=(agent,))) == within


def test_programs_are_told_of_sub_agents_and_of_commands_apart() -> None:
    (told,) = agent_objects([ADA], FLEET, NOW)
    (within,) = told["sub_agents"]
    wanted = {"id": "a1", "kind": "Explore", "task": "count the files", "state": "working", "doing": "Running ls"}
    assert wanted.items() <= within.items()
    assert (within["tokens"], within["tool_calls"], within["since"]) == (1475, 2, NOW - 90)
    assert [one["id"] for one in told["beside"]] == ["b1", "a1"]
