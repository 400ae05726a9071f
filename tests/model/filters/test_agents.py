"""Filters of agents over the fleet of the pictures: each field tells some from others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.board import Task
from cockpit.model.changes.report import Workspace
from cockpit.model.content import Usage
from cockpit.model.filters.agents import AGENTS, Attributes, wanted_agents
from cockpit.model.filters.language import filter_of
from cockpit.model.fleet import Activity, ActivityState, Agent, AgentKind, Fleet, Link, LinkState, Power, Vm
from cockpit.model.ids import TaskId, VmId, agent_of

NOW = 10_000.0
UP = Link(LinkState.UP)


def agent(name: str, kind: AgentKind = AgentKind.WORKER, state: ActivityState = ActivityState.IDLE) -> Agent:
    vm = VmId(f"{name[0] * 8}-0000-4000-8000-000000000001")
    return Agent(agent_of(vm), name, kind, vm, link=UP, activity=Activity(state))


FORGE = replace(
    agent("forge", AgentKind.LIEUTENANT, ActivityState.WORKING),
    labels=("api", "night"),
    model="claude-sonnet-4-5",
    workspace=Workspace(0, "limiter", branch="main", added=40, removed=2),
    usage=Usage(cost=1.5, input=5000),
    context_tokens=90,
    context_window=100,
    last_event_at=NOW - 700,
)
ATLAS = replace(
    agent("atlas", state=ActivityState.ASKING), parent="forge", parent_vm=FORGE.vm_id, last_event_at=NOW - 5
)
STORE = agent("store", state=ActivityState.DONE_UNSEEN)
FLEET = Fleet(
    vms=(Vm(FORGE.vm_id, Power.RUNNING), Vm(ATLAS.vm_id, Power.RUNNING), Vm(STORE.vm_id, Power.PAUSED)),
    agents=(FORGE, ATLAS, STORE),
    tasks=(
        Task(TaskId("t1"), "Rate limit", "in_progress", "forge"),
        Task(TaskId("t2"), "Old news", "done", "store"),
    ),
)
KEPT = Attributes(marked={FORGE.id}, pinned={STORE.id}, snoozed={ATLAS.id})


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("state:asking", "atlas"),
        ("state:working", "forge"),
        ("state:paused", "store"),
        ("state:done", "store"),
        ("kind:worker", "atlas store"),
        ("-kind:worker", "forge"),
        ("label:api", "forge"),
        ("#night", "forge"),
        ("model:sonnet", "forge"),
        ("task:limit", "forge"),
        ("rate", "forge"),
        ("task:news", ""),
        ("repo:limiter", "forge"),
        ("branch:main", "forge"),
        ("vm:aaaa", "atlas"),
        ("parent:forge", "atlas"),
        ("power:paused", "store"),
        ("link:up", "forge atlas store"),
        ("cost:>1", "forge"),
        ("tokens:5k", "forge"),
        ("context:>80%", "forge"),
        ("changes:42", "forge"),
        ("quiet:>10m", "forge"),
        ("quiet:<10m", "atlas"),
        ("is:marked", "forge"),
        ("is:pinned", "store"),
        ("-is:snoozed", "forge store"),
    ],
)
def test_each_field_tells_agents_apart(line: str, wanted: str) -> None:
    assert filter_of(line, AGENTS).faults == ()
    assert " ".join(one.name for one in wanted_agents(FLEET, line, NOW, KEPT)) == wanted


@given(st.text(alphabet='stae:wkind,"-#>0m ', max_size=40))
def test_what_is_typed_breaks_nothing(line: str) -> None:
    assert set(wanted_agents(FLEET, line, NOW, KEPT)) <= set(FLEET.agents)
