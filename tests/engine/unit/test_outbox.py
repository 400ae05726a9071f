"""The outbox: receipts that other processes wrote, judged here, and given up where nobody will say more."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from cockpit.engine.describe import VERBS
from cockpit.engine.streams.outbox import SENDING_LIMIT
from cockpit.model import events as ev
from cockpit.model.commands.agent import AgentCommand
from cockpit.model.fleet import Link, LinkState
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.receipts.flow import STREAM_VERBS
from cockpit.model.receipts.judgement import TAKEN_AFTER
from cockpit.model.receipts.receipt import Receipt, Stage
from tests.engine.unit.parts import AGENT, BEGAN, Parts, record


def foreign(stage: Stage = Stage.WRITTEN, *, verb: str = "prompt", number: int = 9, agent: str = AGENT) -> Receipt:
    """Return a receipt as another process stored it."""
    stages = ((stage, BEGAN),) if stage is not Stage.PENDING else ()
    return Receipt(CommandId(f"other-{number}"), AgentId(agent), verb, "theirs", stage, BEGAN, stages, place=(1, 0))


async def test_a_command_of_another_process_is_shown_and_followed_by_the_stream() -> None:
    parts = Parts()
    outbox, receipt = parts.outbox(), foreign()
    await parts.memory.save_receipt(receipt)
    await outbox.look()
    assert parts.shown(receipt).stage is Stage.WRITTEN
    parts.hears(ev.Responded(receipt.id, "prompt", True))
    assert parts.shown(receipt).stage is Stage.ACCEPTED


async def test_what_was_looked_at_is_not_taken_again() -> None:
    parts = Parts()
    outbox, receipt = parts.outbox(), foreign()
    await parts.memory.save_receipt(receipt)
    await outbox.look()
    revision = parts.state.revision
    await outbox.look()
    assert parts.state.revision == revision


async def test_the_ends_that_other_processes_saw_are_taken_but_old_ones_are_not_shown() -> None:
    parts = Parts()
    outbox, receipt, old = parts.outbox(), foreign(), foreign(Stage.DONE, number=8)
    await parts.memory.save_receipt(receipt)
    await outbox.look()
    await parts.memory.save_receipt(replace(receipt, stage=Stage.DONE, stages=(*receipt.stages, (Stage.DONE, 1.0))))
    await parts.memory.save_receipt(old)
    await outbox.look()
    assert parts.shown(receipt).stage is Stage.DONE
    assert old.id not in parts.state.receipts


async def test_what_another_dismissed_is_dismissed_here() -> None:
    parts = Parts()
    outbox, receipt = parts.outbox(), foreign(Stage.FAILED)
    parts.state.put_receipt(receipt, saved=True)
    await parts.memory.save_receipt(replace(receipt, stage=Stage.DISMISSED))
    await outbox.look()
    assert parts.shown(receipt).stage is Stage.DISMISSED


async def test_commands_that_are_no_texts_and_agents_that_are_not_here_are_left_alone() -> None:
    parts = Parts()
    outbox = parts.outbox()
    await parts.memory.save_receipt(foreign(verb="pause", number=1))
    await parts.memory.save_receipt(foreign(agent="nobody", number=2))
    await outbox.look()
    assert parts.state.receipts == {}


async def test_a_store_that_cannot_be_read_is_looked_at_again() -> None:
    parts = Parts()
    outbox, receipt = parts.outbox(), foreign()
    await parts.memory.save_receipt(receipt)
    parts.memory.unreadable = "the file is gone"
    await outbox.look()
    assert parts.state.receipts == {}
    parts.memory.unreadable = ""
    await outbox.look()
    assert receipt.id in parts.state.receipts


async def test_an_agent_that_comes_back_brings_its_receipts_judged_up_to_there() -> None:
    """What was stored after the command, up to the place that is loaded, counts; what comes later is still to come."""
    parts = Parts()
    receipt = foreign()
    await parts.memory.save_receipt(receipt)
    events: tuple[ev.Event, ...] = (
        ev.Responded(receipt.id, "prompt", True),
        ev.RunStarted(),
        ev.MessageStarted("user", "theirs"),
    )
    await parts.memory.append(AGENT, [record(line, event) for line, event in enumerate(events, 1)], None)
    outbox = parts.outbox()
    await outbox.load(parts.agent, (1, 1))
    assert parts.shown(receipt).stage is Stage.ACCEPTED, "the message is behind the place"
    assert [stage for stage, _ in parts.shown(receipt).stages] == [Stage.WRITTEN, Stage.ACCEPTED]


async def test_what_is_written_while_an_agent_is_brought_back_is_found() -> None:
    """Its receipts were read, the command was written, and a look passed it by: the agent was not known yet."""
    parts = Parts()
    outbox, receipt, agent = parts.outbox(), foreign(), parts.agent
    del parts.state.agents[AGENT]
    read_before = parts.memory.receipts

    async def written_right_after(limit: int = 500) -> list[Receipt]:
        found = await read_before(limit)
        await parts.memory.save_receipt(receipt)
        await parts.memory.save_receipt(foreign(agent="nobody", number=2))
        await outbox.look()
        return found

    parts.memory.receipts = written_right_after  # type: ignore[method-assign]
    await outbox.load(agent, (1, 1))
    parts.state.put_agent(agent)
    assert receipt.id not in parts.state.receipts
    await outbox.look()
    assert parts.shown(receipt).stage is Stage.WRITTEN


async def test_a_receipt_that_nobody_will_end_is_given_up() -> None:
    parts = Parts()
    outbox, receipt = parts.outbox(), parts.receipt()
    parts.clock._offset += SENDING_LIMIT - 1
    outbox.expire(frozenset())
    assert parts.shown(receipt).stage is Stage.PENDING
    parts.clock._offset += 2
    outbox.expire(frozenset())
    assert parts.shown(receipt).stage is Stage.UNCONFIRMED
    assert "ended while it was being sent" in parts.shown(receipt).reason


async def test_a_pause_under_way_is_no_text_that_is_being_sent() -> None:
    parts = Parts()
    pause = foreign(Stage.PENDING, verb="pause")
    parts.state.put_receipt(pause)
    parts.clock._offset += 10 * SENDING_LIMIT
    parts.outbox().expire(frozenset())
    assert parts.shown(pause).stage is Stage.PENDING


async def test_an_accepted_text_ends_with_the_rest_of_an_agent_that_is_read_to_its_end() -> None:
    for caught_up, link, stage in (
        (True, LinkState.UP, Stage.DONE),
        (False, LinkState.UP, Stage.ACCEPTED),
        (True, LinkState.DOWN, Stage.ACCEPTED),
    ):
        parts = Parts()
        outbox, receipt = parts.outbox(), parts.receipt(text="/help")
        parts.book.written(receipt.id, parts.clock.now())
        parts.hears(ev.Responded(receipt.id, "prompt", True))
        parts.state.put_agent(replace(parts.agent, link=Link(link)))
        for _ in range(3):
            outbox.expire(frozenset({AGENT}) if caught_up else frozenset())
            parts.clock._offset += TAKEN_AFTER
        assert parts.shown(receipt).stage is stage


def test_the_course_of_each_command_to_an_agent_is_told_by_its_stream() -> None:
    assert {VERBS[kind] for kind in get_args(AgentCommand)} == STREAM_VERBS
