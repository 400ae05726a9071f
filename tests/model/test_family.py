"""Whose child an agent is: ids decide, a name only where one agent bears it, and no claim makes a circle."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.content import Usage
from cockpit.model.family import ancestors_of, descendants_of, head_of, parent_vm_of, parents_of, sum_of
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Link,
    LinkState,
    Power,
    Process,
    ProcessState,
    Vm,
)
from cockpit.model.ids import AgentId, VmId, agent_of


def vm_id(number: int) -> VmId:
    """Return the id of the n-th VM."""
    return VmId(f"{number:08x}-0000-4000-8000-{number:012x}")


def agent(number: int, name: str, parent: str = "", parent_vm: VmId | None = None, directory: str = "") -> Agent:
    """Return an agent that is linked and idle."""
    return Agent(
        agent_of(vm_id(number), directory),
        name,
        AgentKind.WORKER,
        vm_id(number),
        parent=parent,
        parent_vm=parent_vm,
        source="here",
        directory=directory,
        link=Link(LinkState.UP),
        process=Process(ProcessState.ALIVE),
        activity=Activity(ActivityState.IDLE),
    )


HOSTILE_NAMES = st.one_of(
    st.sampled_from(("ada", "bob", "", "\x1b[2J", "../ada", "ada\n", vm_id(1), vm_id(2).upper(), vm_id(99))),
    st.text(max_size=8),
)
FLEETS = st.lists(
    st.builds(
        agent,
        st.integers(0, 6),
        HOSTILE_NAMES,
        HOSTILE_NAMES,
        st.one_of(st.none(), st.integers(0, 8).map(vm_id), HOSTILE_NAMES.map(VmId)),
        st.sampled_from(("", "/a", "/b")),
    ),
    max_size=12,
)


@given(FLEETS, st.randoms(use_true_random=False))
def test_whatever_is_claimed_the_family_is_a_forest_of_known_agents(agents: list[Agent], order: random.Random) -> None:
    agents = list({one.id: one for one in agents}.values())
    parents = parents_of(agents)
    known = {one.id for one in agents}
    assert set(parents) <= known and set(parents.values()) <= known
    for one in agents:
        assert _ends(one.id, parents), "a circle"
        above = list(ancestors_of(one.id, parents))
        assert one.id not in above
        below = list(descendants_of(one.id, parents))
        assert len(below) == len(set(below)) and not set(below) & set(above) and one.id not in below
        assert all(one.id in ancestors_of(child, parents) for child in below)
    shuffled = list(agents)
    order.shuffle(shuffled)
    assert parents_of(shuffled) == parents, "the order in which agents were learnt decides nothing"


def _ends(start: AgentId, parents: Mapping[AgentId, AgentId]) -> bool:
    """Walk up by hand, at most as many steps as there are parents."""
    here: AgentId | None = start
    for _ in range(len(parents) + 1):
        here = parents.get(here) if here is not None else None
    return here is None


@given(FLEETS)
def test_who_names_a_vm_has_a_parent_there_or_none(agents: list[Agent]) -> None:
    by_id = {one.id: one for one in agents}
    for child, parent in parents_of(by_id.values()).items():
        claimed = by_id[child].parent_vm
        assert not claimed or by_id[parent].vm_id == claimed


def test_an_id_decides_against_a_name() -> None:
    ada, eve = agent(1, "ada"), agent(2, "eve")
    child = agent(3, "child", parent="eve", parent_vm=ada.vm_id)
    assert parents_of([ada, eve, child]) == {child.id: ada.id}
    lost = replace(child, parent_vm=vm_id(99))
    assert parents_of([ada, eve, lost]) == {}, "its parent is gone; a namesake does not inherit it"


def test_a_name_decides_only_where_one_agent_of_the_source_bears_it() -> None:
    ada, twin = agent(1, "ada"), agent(2, "ada")
    child = agent(3, "child", parent="ada")
    assert parents_of([ada, child]) == {child.id: ada.id}
    assert parents_of([ada, twin, child]) == {}
    assert parents_of([ada, replace(twin, source="there"), child]) == {child.id: ada.id}
    assert parent_vm_of(child, [ada]) == ada.vm_id
    assert parent_vm_of(child, [ada, twin]) is None
    by_id = agent(4, "other", parent=twin.vm_id.upper())
    assert parents_of([ada, twin, by_id]) == {by_id.id: twin.id}


def test_two_agents_on_one_vm_are_told_apart_by_name_or_not_at_all() -> None:
    one, two = agent(1, "ada", directory="/a"), agent(1, "bob", directory="/b")
    child = agent(3, "child", parent="bob", parent_vm=vm_id(1))
    assert parents_of([one, two, child]) == {child.id: two.id}
    assert parents_of([one, two, replace(child, parent="eve")]) == {}


def test_who_stands_in_a_circle_has_no_parent_but_its_children_keep_it() -> None:
    ada = agent(1, "ada", parent_vm=vm_id(2))
    bob = agent(2, "bob", parent_vm=vm_id(1))
    own = agent(3, "own", parent_vm=vm_id(3))
    child = agent(4, "child", parent_vm=vm_id(1))
    assert parents_of([ada, bob, own, child]) == {child.id: ada.id}


def test_a_chain_of_thousands_is_walked() -> None:
    chain = [agent(number, f"a{number}", parent_vm=vm_id(number - 1)) for number in range(1, 4001)]
    parents = parents_of(chain)
    assert len(parents) == 3999
    assert len(list(descendants_of(chain[0].id, parents))) == 3999
    assert head_of(chain[-1].id, parents) == chain[-2].id


def test_the_sum_is_of_tokens_cost_and_what_the_list_says_of_each() -> None:
    asking = replace(agent(1, "ada"), activity=Activity(ActivityState.ASKING), usage=Usage(10, 5, cost=0.25))
    paused = replace(agent(2, "bob"), activity=Activity(ActivityState.WORKING), usage=Usage(1, 1, cost=0.5))
    vms = {vm_id(1): Vm(vm_id(1), Power.RUNNING), vm_id(2): Vm(vm_id(2), Power.PAUSED)}
    family = sum_of([asking, paused], vms, 100.0)
    assert (family.agents, family.tokens, family.cost) == (2, 17, 0.75)
    assert family.tones == {"asking": 1, "paused": 1}, "who is frozen does not work"
