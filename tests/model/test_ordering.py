"""Who stands first: by need, name, age and cost, alone and as a family."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.content import Usage
from cockpit.model.fleet import Activity, ActivityState, Agent, AgentKind, Link, LinkState, Vm
from cockpit.model.ids import AgentId, VmId
from cockpit.model.ordering import SortOrder, ranks

NOW = 1_000_000.0


def agent(name: str, state: ActivityState = ActivityState.IDLE, *, parent: str = "", cost: float = 0.0) -> Agent:
    kind = AgentKind.WORKER if parent else AgentKind.LIEUTENANT
    activity = Activity(state, NOW - 10)
    usage = Usage(cost=cost)
    link = Link(LinkState.UP, NOW - 50)
    return Agent(
        AgentId(name), name, kind, VmId(f"vm-{name}"), parent=parent, activity=activity, usage=usage, link=link
    )


def order_of(agents: list[Agent], order: SortOrder) -> list[str]:
    found = ranks(agents, {}, order, NOW)
    return [one.name for one in sorted(agents, key=lambda one: found[one.id])]


def test_who_asks_stands_before_who_works_and_takes_its_lieutenant_along() -> None:
    ada, bob = agent("ada", ActivityState.WORKING), agent("bob", ActivityState.WORKING)
    child = agent("zoe", ActivityState.ASKING, parent="bob")
    assert order_of([ada, bob], SortOrder.NEED) == ["ada", "bob"]
    assert order_of([ada, bob, child], SortOrder.NEED)[0] == "bob"


def test_the_dearest_family_stands_first() -> None:
    ada, bob = agent("ada", cost=2.0), agent("bob", cost=1.0)
    child = agent("zoe", parent="bob", cost=1.5)
    assert order_of([ada, bob], SortOrder.COST) == ["ada", "bob"]
    assert order_of([ada, bob, child], SortOrder.COST) == ["bob", "ada", "zoe"]


def test_who_has_been_quiet_longest_stands_first_and_who_was_never_heard_last() -> None:
    ada, bob = replace(agent("ada"), last_event_at=NOW - 3), replace(agent("bob"), last_event_at=NOW - 300)
    assert order_of([agent("abe"), ada, bob], SortOrder.AGE) == ["bob", "ada", "abe"]


def test_by_name_nobody_moves_whatever_it_does() -> None:
    names = [agent("bob", ActivityState.ASKING, cost=9), agent("Ada"), agent("abe", parent="bob")]
    assert order_of(names, SortOrder.NAME) == ["Ada", "bob", "abe"]


@given(
    st.lists(
        st.builds(
            agent,
            st.text(min_size=1, max_size=3),
            st.sampled_from(ActivityState),
            parent=st.text(max_size=3),
            cost=st.floats(0, 9),
        ),
        max_size=8,
        unique_by=lambda one: one.id,
    ),
    st.sampled_from(SortOrder),
)
def test_every_agent_has_a_rank_of_its_own_whatever_others_claim(agents: list[Agent], order: SortOrder) -> None:
    vms: dict[VmId, Vm] = {}
    found = ranks(agents, vms, order, NOW)
    assert set(found) == {one.id for one in agents}
    assert len(set(found.values())) == len(agents)
