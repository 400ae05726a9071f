"""What calls is found in the fleet, under keys that outlive a process; a hook's variables hold hostile words safely."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Fleet,
    Link,
    LinkState,
    Power,
    Process,
    ProcessState,
    Vm,
)
from cockpit.model.ids import CommandId, VmId, agent_of
from cockpit.model.notices.condition import Condition, conditions
from cockpit.model.notices.notifier import CalledFact, Occasion, Summons
from cockpit.model.notices.told import headline_of, variables_of
from cockpit.model.open_work import OpenDialog
from cockpit.model.receipts.receipt import Receipt, Stage

NOW = 1_790_000_000.0
VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
UP = Link(LinkState.UP, NOW - 100)
CALM = Agent(agent_of(VM), "ada", AgentKind.LIEUTENANT, VM, link=UP, process=Process(ProcessState.ALIVE))


def asking(question: str, since: float = NOW - 9) -> Agent:
    dialog = OpenDialog(DialogRequested("d1", "select", question), since)
    return replace(CALM, activity=Activity(ActivityState.ASKING, since, dialogs=(dialog,)))


def found(agent: Agent, power: Power = Power.RUNNING, **more: object) -> list[Condition]:
    fleet = Fleet(vms=(Vm(VM, power),), agents=(agent,))
    return list(conditions(replace(fleet, **more), NOW))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("agent", "power", "state", "urgent"),
    [
        (asking("Which port?"), Power.RUNNING, "asking", True),
        (replace(CALM, activity=Activity(ActivityState.ERROR, NOW - 5, error="no")), Power.RUNNING, "failed", True),
        (replace(CALM, process=Process(ProcessState.DEAD, NOW, exit_code=137)), Power.RUNNING, "failed", True),
        (CALM, Power.DEAD, "VM dead", True),
        (CALM, Power.GONE, "VM gone", True),
        (replace(CALM, link=Link(LinkState.DOWN, NOW, reason="refused")), Power.RUNNING, "lost from sight", False),
        (replace(CALM, activity=Activity(ActivityState.DONE_UNSEEN, NOW - 5)), Power.RUNNING, "done", False),
    ],
)
def test_each_transition_calls_in_its_own_way(agent: Agent, power: Power, state: str, urgent: bool) -> None:
    (one,) = found(agent, power)
    assert (one.state, one.urgent, one.agent, one.name) == (state, urgent, agent.id, "ada")


def test_a_paused_agent_is_not_lost_and_one_that_was_destroyed_here_is_not_mourned() -> None:
    assert found(replace(CALM, link=Link(LinkState.PAUSED, NOW - 900)), Power.PAUSED) == []
    ours = Receipt(CommandId("c"), CALM.id, "destroy", "", Stage.DONE, NOW - 5)
    assert found(CALM, Power.GONE, receipts=(ours,)) == []


def test_the_key_is_the_same_in_every_process_and_another_for_the_next_occasion() -> None:
    dead = replace(CALM, process=Process(ProcessState.DEAD, NOW - 5, exit_code=1, run_id="r1"))
    later = replace(dead, process=replace(dead.process, since=NOW - 1))
    again = replace(dead, process=replace(dead.process, run_id="r2"))
    assert [one.key for one in found(dead)] == [one.key for one in found(later)]
    assert [one.key for one in found(dead)] != [one.key for one in found(again)]
    assert [one.key for one in found(asking("a"))] != [one.key for one in found(asking("a", NOW - 3))]


@given(question=st.text(), name=st.text(max_size=40))
def test_no_word_of_an_agent_can_end_a_variable_or_reach_a_terminal_as_a_command(question: str, name: str) -> None:
    condition = Condition("k", "asking", f"{name} asks: {question}", True, CALM.id, name, question=question)
    variables = variables_of(Summons(Occasion.URGENT, (CalledFact(condition, "working"),), NOW))
    for value in variables.values():
        assert len(value.encode()) <= 100_000
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in value)
    assert variables["COCKPIT_AGENT_ID"] == CALM.id
    assert (variables["COCKPIT_OLD_STATE"], variables["COCKPIT_NEW_STATE"]) == ("working", "asking")


def test_many_are_counted_with_some_names() -> None:
    changes = tuple(
        CalledFact(Condition(f"k{number}", "asking" if number else "failed", "s", True, name=f"w{number}"))
        for number in range(6)
    )
    said = headline_of(Summons(Occasion.SUM, changes, NOW))
    assert said == "while nobody was told: 1 failed, 5 asking: w0, w1, w2, w3 and 2 more"
