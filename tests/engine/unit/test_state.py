"""The engine's state: what it keeps, what drops out, and when it says that something changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cockpit.engine.news import FEED_KEPT
from cockpit.engine.state import OPERATIONS_KEPT, RECEIPTS_KEPT, FleetState
from cockpit.errors import Gone, UsageError
from cockpit.model.board import FeedItem
from cockpit.model.fleet import Activity, ActivityState, Link, LinkState, Vm
from cockpit.model.ids import AgentId, CommandId, OperationId
from cockpit.model.operation import Operation
from cockpit.model.receipts.receipt import Receipt, Stage
from tests.engine.unit.parts import AGENT, OTHER_AGENT, OTHER_VM, VM, Parts, agent_on


def receipt(number: int, stage: Stage, verb: str = "pause") -> Receipt:
    """Return a numbered receipt."""
    return Receipt(CommandId(f"c{number}"), AGENT, verb, "text", stage, float(number), ((stage, float(number)),))


def fill(state: FleetState, number: int, stage: Stage, verb: str = "pause", start: int = 0) -> None:
    """Put receipts of one kind."""
    for at in range(start, start + number):
        state.put_receipt(receipt(at, stage, verb))


async def test_the_oldest_closed_receipts_drop_out_and_no_open_one() -> None:
    state = Parts().state
    state.put_receipt(receipt(10_000, Stage.WRITTEN, "prompt"))
    fill(state, RECEIPTS_KEPT + 5, Stage.DONE)
    assert len(state.receipts) == RECEIPTS_KEPT
    assert CommandId("c10000") in state.receipts
    assert CommandId("c5") not in state.receipts and CommandId("c6") in state.receipts


async def test_texts_that_nobody_read_stay_until_there_are_twice_as_many() -> None:
    state = Parts().state
    fill(state, 10, Stage.FAILED, "prompt")
    fill(state, RECEIPTS_KEPT, Stage.DONE, start=100)
    assert all(CommandId(f"c{number}") in state.receipts for number in range(10))
    fill(state, 2 * RECEIPTS_KEPT, Stage.FAILED, "prompt", start=1000)
    assert len(state.receipts) <= 2 * RECEIPTS_KEPT
    assert CommandId("c0") not in state.receipts


async def test_the_newest_receipt_is_never_the_one_that_drops_out() -> None:
    state = Parts().state
    fill(state, RECEIPTS_KEPT, Stage.WRITTEN, "prompt")
    state.put_receipt(receipt(10_000, Stage.FAILED))
    assert CommandId("c10000") in state.receipts


async def test_feed_and_operations_are_bounded() -> None:
    state = Parts().state
    state.add_feed([FeedItem(f"f{number}", "a", "note", "words", 0.0) for number in range(FEED_KEPT + 3)])
    assert len(state.feed) == FEED_KEPT and "f2" not in state.feed and "f3" in state.feed
    for number in range(OPERATIONS_KEPT + 2):
        state.put_operation(Operation(OperationId(f"o{number}"), "spawn", "a", 0.0))
    assert next(iter(state.operations)) == "o2" and len(state.operations) == OPERATIONS_KEPT


async def test_waiting_ends_with_the_condition_or_with_the_time() -> None:
    state = Parts().state
    waiting = asyncio.create_task(state.until(lambda: bool(state.notices), 10.0))
    await asyncio.sleep(1.0)
    assert not waiting.done()
    state.notice("something")
    assert await waiting is True
    assert await state.until(lambda: False, 3.0) is False
    unsaid: list[int] = []

    async def happen() -> None:
        await asyncio.sleep(1.0)
        unsaid.append(1)  # Nobody says that it changed.

    happening = asyncio.create_task(happen())
    assert await state.until(lambda: bool(unsaid), 2.0) is True, "what is true at the end of the time is true"
    await happening


async def test_urgency_grows_when_an_agent_begins_to_wait_for_the_operator() -> None:
    parts = Parts()

    def become(state: ActivityState, since: float) -> int:
        parts.state.put_agent(replace(parts.agent, activity=Activity(state, since)))
        return parts.state.urgency

    courses = [(ActivityState.WORKING, 0), (ActivityState.ASKING, 1), (ActivityState.ASKING, 1)]
    courses += [(ActivityState.WORKING, 1), (ActivityState.ERROR, 2), (ActivityState.DONE_UNSEEN, 3)]
    assert [become(state, float(at)) for at, (state, _) in enumerate(courses)] == [urgency for _, urgency in courses]


async def test_a_snapshot_is_the_same_object_until_something_changes() -> None:
    parts = Parts()
    first = parts.state.snapshot()
    assert parts.state.snapshot() is first
    parts.state.put_vm(parts.state.vms[VM])
    parts.state.put_agent(parts.agent)
    parts.state.set_tasks(())
    assert parts.state.snapshot() is first
    parts.state.put_vm(Vm(OTHER_VM))
    assert parts.state.snapshot() is not first
    assert parts.state.snapshot().revision > first.revision


async def test_a_link_is_the_one_of_its_vm() -> None:
    parts = Parts()
    parts.state.put_agent(agent_on(OTHER_VM, "other"))
    parts.state.set_link(OTHER_VM, Link(LinkState.DOWN))
    assert parts.agent.link.state is LinkState.UP
    assert parts.state.agents[OTHER_AGENT].link.state is LinkState.DOWN


async def test_a_name_means_one_agent_or_says_which_ones() -> None:
    parts = Parts()
    state = parts.state
    assert state.agent_named("builder") is parts.agent and state.agent_named(AGENT.upper()) is parts.agent
    assert state.agent_named("nobody") is None
    state.put_agent(agent_on(OTHER_VM))
    with pytest.raises(UsageError, match="2 agents are called builder"):
        state.agent_named("builder")
    state.put_agent(replace(state.agents[OTHER_AGENT], elsewhere="them"))
    assert state.agent_named("builder") is parts.agent, "what is ours comes first"
    del state.agents[AGENT]
    assert state.agent_named(AgentId(VM)) is None, "it names a VM, not the other agent"


async def test_an_agent_that_was_is_said_to_be_gone() -> None:
    parts = Parts()
    parts.state.departed["late"] = (OTHER_VM, parts.clock.now() - 60)
    for name in ("late", OTHER_VM):
        with pytest.raises(Gone, match="is known for 1 min"):
            parts.state.check_not_gone(name)
    parts.state.check_not_gone("builder")


async def test_health_keeps_since_when_it_is_so() -> None:
    parts = Parts()
    parts.state.set_health("vers", "down")
    since = parts.state.health["vers"].since
    await asyncio.sleep(5.0)
    parts.state.set_health("vers", "down for another reason")
    assert parts.state.health["vers"].since == since
    parts.state.set_health("vers")
    assert parts.state.health["vers"].since == pytest.approx(since + 5.0, abs=0.01)
    revision = parts.state.revision
    parts.state.set_health("vers")
    assert parts.state.revision == revision
