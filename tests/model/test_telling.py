"""One text to many: what it becomes for who works, rests or is paused, and who is meant."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.commands.agent import FollowUp, Prompt, Steer
from cockpit.model.commands.usage import ResumeAndSend
from cockpit.model.fleet import Agent, AgentKind, Fleet, Power, Vm
from cockpit.model.ids import AgentId, VmId
from cockpit.model.telling import TextManner, becomes, meant_by, named, order_to

BUSY = Agent(AgentId("a"), "forge", AgentKind.LIEUTENANT, VmId("va"), run_open=True)
CALM = Agent(AgentId("b"), "quill", AgentKind.WORKER, VmId("vb"))
COLD = Agent(AgentId("c"), "store-1", AgentKind.WORKER, VmId("vc"))
FLEET = Fleet(
    vms=(Vm(VmId("va"), Power.RUNNING), Vm(VmId("vb"), Power.RUNNING), Vm(VmId("vc"), Power.PAUSED)),
    agents=(BUSY, CALM, COLD),
)


@pytest.mark.parametrize(
    ("manner", "busy"),
    [
        (TextManner.FITS, FollowUp),
        (TextManner.STEER, Steer),
        (TextManner.FOLLOW_UP, FollowUp),
        (TextManner.PROMPT, Prompt),
    ],
)
def test_a_text_becomes_what_its_agent_can_take(manner: TextManner, busy: type) -> None:
    assert isinstance(order_to(FLEET, BUSY, "x", manner), busy)
    assert order_to(FLEET, CALM, "x", manner) == Prompt(CALM.id, "x")
    assert order_to(FLEET, COLD, "x", manner) == ResumeAndSend(COLD.vm_id, Prompt(COLD.id, "x"))
    assert len({becomes(FLEET, agent, manner) for agent in FLEET.agents}) >= 2


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("", []),
        ("  ", []),
        ("forge", ["forge"]),
        ("quill, FORGE quill", ["quill", "forge"]),
        ("store", ["store-1"]),
        ("kind:worker", ["quill", "store-1"]),
        ("kind:", []),
        ("-kind:worker", ["forge"]),
        ("nobody", []),
    ],
)
def test_names_or_a_filter_say_who_is_meant(line: str, wanted: list[str]) -> None:
    assert [agent.name for agent in meant_by(FLEET, line, 0.0)] == wanted


def test_all_who_have_a_name_are_meant_by_it() -> None:
    twin = replace(CALM, id=AgentId("d"), name="Quill")
    fleet = replace(FLEET, agents=(*FLEET.agents, twin))
    assert meant_by(fleet, "quill", 0.0) == (CALM, twin)


@given(st.text(max_size=20), st.integers(0, 9))
def test_whoever_is_meant_is_named_or_counted(line: str, number: int) -> None:
    assert set(meant_by(FLEET, line, 0.0)) <= set(FLEET.agents)
    many = [replace(CALM, name=f"w{at}") for at in range(number)]
    told = named(many, 4)
    assert all(one.name in told for one in many[:4]) and (f"and {number - 4} more" in told) is (number > 4)
