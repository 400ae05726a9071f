"""The sender: what is written, in which order, and which stage a receipt gets when the way to the agent fails."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from cockpit.agents.scaffold.layout import ScriptExit
from cockpit.model import events as ev
from cockpit.model.commands.agent import Abort, Answer, Prompt, Steer
from cockpit.model.commands.conversation import RunShell
from cockpit.model.fleet import ActivityState
from cockpit.model.receipts.receipt import Stage
from cockpit.model.transcript.entry import EntryKind
from cockpit.remote.errors import ChannelRefused, CommandTimedOut, Dropped
from cockpit.remote.ssh.command import Completed
from tests.engine.unit.connection import FakeConnection, Ran
from tests.engine.unit.parts import AGENT, Parts, question

HALF = b'{"id":"somebody","type":"pro'
"""What a writer leaves behind whose connection ended in the middle of a line."""


def lines_of(connection: FakeConnection) -> list[dict[str, Any]]:
    """Return what the agent understands of its FIFO: every line that is one JSON object."""
    understood = []
    for line in connection.fifo.splitlines():
        try:
            understood.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return understood


# --- the stage -----------------------------------------------------------------------------------------


async def test_a_written_command_is_written_and_no_more() -> None:
    parts = Parts()
    receipt = parts.receipt()
    await parts.sender().send(parts.agent, Prompt(AGENT, "go"), receipt.id)
    assert parts.connection is not None
    (line,) = lines_of(parts.connection)
    assert (line["id"], line["message"]) == (receipt.id, "go")
    shown = parts.shown(receipt)
    assert (shown.stage, shown.reason) == (Stage.WRITTEN, "")
    assert parts.memory.saved[receipt.id] == shown


@pytest.mark.parametrize(
    "error",
    [Dropped("the connection is gone"), CommandTimedOut("the command did not end within 50 s")],
    ids=lambda error: type(error).__name__,
)
async def test_an_end_of_the_writing_that_nobody_saw_is_unconfirmed(error: Exception) -> None:
    parts = Parts()
    assert parts.connection is not None
    parts.connection.fails(error)
    receipt = parts.receipt()
    await parts.sender().send(parts.agent, Prompt(AGENT, "go"), receipt.id)
    shown = parts.shown(receipt)
    assert shown.stage is Stage.UNCONFIRMED, "the agent may have read it: it has not failed"
    assert shown.reason == str(error)
    assert parts.memory.saved[receipt.id] == shown
    assert parts.book.get(receipt.id) == shown, "evidence that comes later still counts"


async def test_a_lost_prompt_is_not_written_again_and_nobody_works_on_it() -> None:
    parts = Parts()
    assert parts.connection is not None
    parts.connection.fails(Dropped("the connection is gone"))
    receipt = parts.receipt()
    await parts.sender().send(parts.agent, Prompt(AGENT, "go"), receipt.id)
    await asyncio.sleep(3600.0)
    assert len(parts.connection.ran) == 1, "the agent may have read it the first time"
    assert parts.shown(receipt).stage is Stage.UNCONFIRMED
    assert parts.agent.activity.state is not ActivityState.WORKING


async def test_the_agent_tells_what_became_of_an_unconfirmed_command() -> None:
    parts = Parts()
    assert parts.connection is not None
    parts.connection.fails(Dropped("the connection is gone"))
    receipt = parts.receipt()
    await parts.sender().send(parts.agent, Prompt(AGENT, "go"), receipt.id)
    parts.hears(ev.Responded(receipt.id, "prompt", True))
    assert parts.shown(receipt).stage is Stage.ACCEPTED


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (ScriptExit.LOCKED, "another writer held the lock"),
        (ScriptExit.NOT_READ, "does not read its input"),
        (ScriptExit.NO_READER, "nobody reads its FIFO"),
        (ScriptExit.READER_LEFT, "ended while it was written to"),
        (ScriptExit.INPUT_INCOMPLETE, "nothing was done"),
    ],
)
async def test_a_writing_that_the_vm_refused_has_failed(code: ScriptExit, reason: str) -> None:
    parts = Parts()
    assert parts.connection is not None
    parts.connection.ends(code)
    receipt = parts.receipt()
    await parts.sender().send(parts.agent, Prompt(AGENT, "go"), receipt.id)
    shown = parts.shown(receipt)
    assert shown.stage is Stage.FAILED
    assert reason in shown.reason
    assert parts.memory.saved[receipt.id] == shown
    assert parts.book.get(receipt.id) is None, "a failed command is closed"


async def test_a_refused_channel_has_written_nothing() -> None:
    parts = Parts()
    assert parts.connection is not None
    parts.connection.fails(ChannelRefused("all channels were busy for 30 s"))
    receipt = parts.receipt()
    await parts.sender().send(parts.agent, Prompt(AGENT, "go"), receipt.id)
    assert parts.shown(receipt).stage is Stage.FAILED


@pytest.mark.parametrize("closed", [False, True], ids=["no connection", "closed connection"])
async def test_without_a_connection_nothing_is_tried(closed: bool) -> None:
    parts = Parts()
    connection = FakeConnection()
    connection.drop()
    parts.connection = connection if closed else None
    receipt = parts.receipt()
    await parts.sender().send(parts.agent, Prompt(AGENT, "go"), receipt.id)
    assert parts.shown(receipt).stage is Stage.FAILED
    assert "not sent" in parts.shown(receipt).reason
    assert connection.ran == []


async def test_a_disk_that_refuses_stops_no_sending() -> None:
    parts = Parts()
    assert parts.connection is not None
    parts.memory.refuses = "the disk is full"
    parts.hears(question("d1"))
    receipt = parts.receipt(verb="answer")
    await parts.sender().send(parts.agent, Answer(AGENT, "d1", value="the left one"), receipt.id)
    assert parts.shown(receipt).stage is Stage.WRITTEN
    assert parts.agent.activity.dialogs == ()


# --- the protective newline ----------------------------------------------------------------------------


async def test_the_first_write_on_a_connection_ends_a_half_line_and_the_others_do_not() -> None:
    parts = Parts()
    sender = parts.sender()
    assert parts.connection is not None
    parts.connection.fifo = HALF
    for number in range(1, 4):
        await sender.send(parts.agent, Prompt(AGENT, f"text {number}"), parts.receipt(number).id)
    texts = [line["message"] for line in lines_of(parts.connection)]
    assert texts == ["text 1", "text 2", "text 3"], "the first command was glued to the half line"
    assert parts.connection.fifo.startswith(HALF + b"\n{")
    assert b"\n\n" not in parts.connection.fifo, "each further LF costs a parse error in the agent's output"


async def test_another_connection_begins_with_a_newline_again() -> None:
    parts = Parts()
    sender = parts.sender()
    await sender.send(parts.agent, Prompt(AGENT, "before"), parts.receipt(1).id)
    assert parts.connection is not None
    parts.connection.drop()
    parts.connection = FakeConnection()
    parts.connection.fifo = HALF
    await sender.send(parts.agent, Prompt(AGENT, "after"), parts.receipt(2).id)
    assert [line["message"] for line in lines_of(parts.connection)] == ["after"]


@pytest.mark.parametrize("earlier", [0, 1], ids=["the first write", "a later write"])
@pytest.mark.parametrize("how", ["not read in time", "timed out"])
async def test_a_half_line_of_a_write_of_ours_that_failed_is_ended_by_the_next(earlier: int, how: str) -> None:
    """The connection lives on: a text longer than the pipe that was cut must not swallow the next command."""
    parts = Parts()
    sender = parts.sender()
    assert parts.connection is not None
    for number in range(earlier):
        await sender.send(parts.agent, Prompt(AGENT, "earlier"), parts.receipt(10 + number).id)
    if how == "timed out":
        parts.connection.fails(CommandTimedOut("the command did not end within 50 s"), written=HALF)
    else:
        parts.connection.ends(ScriptExit.NOT_READ, written=HALF)
    await sender.send(parts.agent, Prompt(AGENT, "a very long text"), parts.receipt(1).id)
    parts.connection.script = parts.connection.writes
    await sender.send(parts.agent, Prompt(AGENT, "next"), parts.receipt(2).id)
    assert [line["message"] for line in lines_of(parts.connection)][earlier:] == ["next"]


# --- one after the other -------------------------------------------------------------------------------


async def test_two_sends_never_interleave_and_keep_their_order() -> None:
    parts = Parts()
    sender = parts.sender()
    connection = parts.connection
    assert connection is not None
    under_way = 0
    course: list[str] = []
    first_may_end = asyncio.Event()

    async def slowly(ran: Ran) -> Completed:
        nonlocal under_way
        under_way += 1
        assert under_way == 1, "two writers at once"
        text = json.loads(ran.stdin)["message"]
        course.append(f"begin {text}")
        await first_may_end.wait()
        await asyncio.sleep(1.0)
        done = await connection.writes(ran)
        course.append(f"end {text}")
        under_way -= 1
        return done

    connection.script = slowly
    receipts = [parts.receipt(number) for number in (1, 2, 3)]
    sends = [
        asyncio.create_task(sender.send(parts.agent, Prompt(AGENT, f"text {number}"), receipt.id))
        for number, receipt in enumerate(receipts, 1)
    ]
    await asyncio.sleep(5.0)
    assert course == ["begin text 1"], "the second waits, and its receipt with it"
    assert [parts.shown(receipt).stage for receipt in receipts] == [Stage.PENDING] * 3
    first_may_end.set()
    await asyncio.gather(*sends)
    assert course == [f"{what} text {number}" for number in (1, 2, 3) for what in ("begin", "end")]
    assert [line["message"] for line in lines_of(connection)] == ["text 1", "text 2", "text 3"]


async def test_a_send_that_failed_lets_the_next_one_go_on() -> None:
    parts = Parts()
    sender = parts.sender()
    assert parts.connection is not None
    parts.connection.fails(RuntimeError("a fault of the program"))
    with pytest.raises(RuntimeError):
        await sender.send(parts.agent, Prompt(AGENT, "one"), parts.receipt(1).id)
    parts.connection.script = parts.connection.writes
    second = parts.receipt(2)
    async with asyncio.timeout(1.0):
        await sender.send(parts.agent, Steer(AGENT, "two"), second.id)
    assert parts.shown(second).stage is Stage.WRITTEN


def held(connection: FakeConnection) -> asyncio.Event:
    """Let each writing wait until the event is set."""
    may_end = asyncio.Event()

    async def slowly(ran: Ran) -> Completed:
        await may_end.wait()
        return await connection.writes(ran)

    connection.script = slowly
    return may_end


async def test_what_waits_for_its_turn_is_made_of_what_is_known_then() -> None:
    """An abort that waited cancels the question that was asked meanwhile; else it would hang behind it."""
    parts = Parts()
    sender = parts.sender()
    connection = parts.connection
    assert connection is not None
    may_end = held(connection)
    first = asyncio.create_task(sender.send(parts.agent, Prompt(AGENT, "one"), parts.receipt(1).id))
    second = asyncio.create_task(sender.send(parts.agent, Abort(AGENT), parts.receipt(2, "abort", "").id))
    await asyncio.sleep(1.0)
    parts.hears(ev.RunStarted(), question("d1"))
    may_end.set()
    await asyncio.gather(first, second)
    assert [line["type"] for line in lines_of(connection)] == ["prompt", "extension_ui_response", "abort"]
    assert parts.agent.activity.dialogs == ()


async def test_a_question_about_the_state_waits_for_its_turn() -> None:
    parts = Parts()
    sender = parts.sender()
    connection = parts.connection
    assert connection is not None
    may_end = held(connection)
    first = asyncio.create_task(sender.send(parts.agent, Prompt(AGENT, "one"), parts.receipt(1).id))
    await asyncio.sleep(1.0)
    second = asyncio.create_task(sender.ask(parts.agent, "cockpit-state"))
    await asyncio.sleep(1.0)
    assert len(connection.ran) == 1, "two at once would wait for the lock on the VM, and which is first were chance"
    may_end.set()
    await asyncio.gather(first, second)
    assert [line["type"] for line in lines_of(connection)] == ["prompt", "get_state"]


# --- what the agent's stream will not say --------------------------------------------------------------


async def test_an_answer_closes_its_dialog_and_no_other_and_is_kept() -> None:
    parts = Parts()
    parts.hears(ev.RunStarted(), question("d1"), question("d2"))
    receipt = parts.receipt(verb="answer")
    await parts.sender().send(parts.agent, Answer(AGENT, "d1", value="the left one"), receipt.id)
    assert parts.connection is not None
    (line,) = lines_of(parts.connection)
    assert (line["type"], line["id"], line["value"]) == ("extension_ui_response", "d1", "the left one")
    assert [dialog.request.dialog_id for dialog in parts.agent.activity.dialogs] == ["d2"]
    assert parts.memory.given == {AGENT: [("d1", "the left one")]}
    (ended,) = parts.memory.inbox.ended.values()
    assert (ended.key, ended.answer, ended.outcome.value) == (f"ask:{AGENT}:d1", "the left one", "answered")
    assert "@" in ended.by
    answered = [entry for entry in dialogs_shown(parts) if "the left one" in entry]
    assert len(answered) == 1


async def test_what_the_agents_shell_runs_is_shown_and_kept() -> None:
    parts = Parts()
    receipt = parts.receipt(verb="bash", text="git status")
    await parts.sender().send(parts.agent, RunShell(AGENT, "git status"), receipt.id)
    assert parts.memory.given == {AGENT: [(receipt.id, "git status")]}
    parts.hears(ev.Responded(receipt.id, "bash", True, data={"output": "clean", "exitCode": 0}))
    (entry,) = (one for one in parts.state.transcript(AGENT).entries() if one.kind is EntryKind.COMMAND)
    assert (entry.title, entry.text) == ("$ git status", "clean")


async def test_an_abort_cancels_every_open_dialog_before_it_and_is_remembered() -> None:
    parts = Parts()
    parts.hears(ev.RunStarted(), question("d1"), question("d2"))
    receipt = parts.receipt(verb="abort", text="")
    await parts.sender().send(parts.agent, Abort(AGENT), receipt.id)
    assert parts.connection is not None
    lines = lines_of(parts.connection)
    assert [line["type"] for line in lines] == ["extension_ui_response", "extension_ui_response", "abort"]
    assert [line["id"] for line in lines] == ["d1", "d2", receipt.id]
    assert parts.agent.activity.dialogs == ()
    assert parts.agent.abort_requested
    assert sum("cancelled by the abort" in entry for entry in dialogs_shown(parts)) == 2


@pytest.mark.parametrize("how", ["dropped", "refused"])
async def test_what_was_not_seen_to_be_written_has_no_consequences(how: str) -> None:
    parts = Parts()
    parts.hears(ev.RunStarted(), question("d1"))
    assert parts.connection is not None
    if how == "dropped":
        parts.connection.fails(Dropped("the connection is gone"))
    else:
        parts.connection.ends(ScriptExit.LOCKED)
    sender = parts.sender()
    await sender.send(parts.agent, Answer(AGENT, "d1", value="x"), parts.receipt(1, "answer").id)
    await sender.send(parts.agent, Abort(AGENT), parts.receipt(2, "abort", "").id)
    assert [dialog.request.dialog_id for dialog in parts.agent.activity.dialogs] == ["d1"]
    assert not parts.agent.abort_requested
    assert parts.memory.given == {}


def dialogs_shown(parts: Parts) -> list[str]:
    """Return the text of every question in the agent's transcript."""
    entries = parts.state.transcript(AGENT).entries()
    return [f"{entry.title} {entry.text}" for entry in entries if entry.kind is EntryKind.QUESTION]
