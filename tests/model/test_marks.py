"""AgentMarks: whoever an act was done to loses the mark, whoever it failed at keeps it with the reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.fleet import Agent, AgentKind, Fleet
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.marks import AgentMarks
from cockpit.model.receipts.receipt import Receipt, Stage

NAMES = "abcd"
FLEET = Fleet(agents=tuple(Agent(AgentId(name), name, AgentKind.WORKER, VmId(name)) for name in NAMES))


def receipt(name: str, stage: Stage, verb: str = "pause") -> Receipt:
    return Receipt(CommandId(f"order {name}"), AgentId(name), verb, "", stage, 0.0, reason=f"{name} is {stage.value}")


def fleet_with(*receipts: Receipt) -> Fleet:
    return Fleet(agents=FLEET.agents, receipts=receipts)


@given(st.lists(st.sampled_from(NAMES), max_size=12))
def test_a_mark_pressed_twice_is_none(pressed: list[str]) -> None:
    marks = AgentMarks()
    for name in pressed:
        marks = marks.toggled(AgentId(name))
    odd = {name for name in NAMES if pressed.count(name) % 2}
    assert set(marks.agents) == odd and len(marks.agents) == len(odd)
    assert [agent.name for agent in marks.among(FLEET)] == list(marks.agents)


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(list(Stage)), min_size=1), st.booleans())
def test_what_failed_is_marked_with_its_reason(became: dict[str, Stage], marked: bool) -> None:
    marks = AgentMarks(tuple(map(AgentId, became)) if marked else ())
    marks = marks.ordered({CommandId(f"order {name}"): AgentId(name) for name in became}, {})
    after = marks.taken_in(fleet_with(*(receipt(name, stage) for name, stage in became.items())))
    failed = {name for name, stage in became.items() if stage in (Stage.FAILED, Stage.UNCONFIRMED, Stage.DISMISSED)}
    done = {name for name, stage in became.items() if stage is Stage.DONE}
    assert set(after.failed) == failed
    assert set(after.agents) == (set(became) - done if marked else failed)
    assert set(after.pending.values()) == set(became) - done - failed
    assert after.taken_in(fleet_with()) is after


def test_a_text_is_with_its_agent_once_it_is_accepted() -> None:
    marks = AgentMarks((AgentId("a"),)).ordered({CommandId("order a"): AgentId("a")}, {})
    assert marks.taken_in(fleet_with(receipt("a", Stage.WRITTEN, "prompt"))).agents == ("a",)
    assert marks.taken_in(fleet_with(receipt("a", Stage.ACCEPTED, "prompt"))).agents == ()
    assert marks.taken_in(fleet_with(receipt("a", Stage.ACCEPTED, "pause"))).agents == ("a",)


def test_who_was_refused_stays_and_is_told_anew_with_the_next_order() -> None:
    marks = AgentMarks((AgentId("a"), AgentId("b"))).ordered({}, {AgentId("b"): "no"})
    assert (marks.agents, marks.failed) == (("a", "b"), {"b": "no"})
    assert marks.ordered({CommandId("order b"): AgentId("b")}, {}).failed == {}
    assert marks.toggled(AgentId("b")).failed == {}


def test_who_is_gone_is_marked_no_more() -> None:
    assert AgentMarks((AgentId("a"), AgentId("z"))).taken_in(FLEET).agents == ("a",)
