"""The queue on the screen, and what became of each text of the operator beside its message."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual import events
from textual.pilot import Pilot

from cockpit.model import events as ev
from cockpit.model.commands.agent import ClearQueue, Prompt
from cockpit.model.commands.queue import ChangeQueue, QueueAct
from cockpit.model.fleet import QueueRules
from cockpit.model.ids import CommandId
from cockpit.model.queue import QueueKind
from cockpit.model.receipts.judgement import TAKEN_OUT
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.last_words import LastWordsDialog
from cockpit.ui.dialogs.queue import QueueDialog
from cockpit.ui.look.bars import MAX_RECEIPTS, open_receipts, receipt_lines
from cockpit.ui.look.rows.queues import queue_words
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.bars import ReceiptsBar
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import RowList
from cockpit.ui.writing.composer import Composer
from tests.remote.waiting import until
from tests.ui.fake_engine import NOW, FakeEngine, ordered_of
from tests.ui.scene import scene
from tests.ui.test_home import LT_API, cockpit, notifications
from tests.ui.test_hostile import drawn


def queued(steering: tuple[str, ...], follow_up: tuple[str, ...], *, working: bool = True) -> FakeEngine:
    """The scene, with texts that wait in the API's lieutenant since ten minutes."""
    engine = scene()
    agent = engine.fleet.agent(LT_API)
    assert agent is not None
    times = ((NOW - 600,) * len(steering), (NOW - 600,) * len(follow_up))
    activity = replace(
        agent.activity,
        steering=steering,
        follow_up=follow_up,
        steering_since=times[0],
        follow_up_since=times[1],
    )
    agent = replace(agent, activity=activity, run_open=working, queue_rules=QueueRules(False, True))
    engine.change(replace(engine.fleet, receipts=()))
    engine.change_agent(agent)
    return engine


def receipt(number: int, text: str, stage: Stage, verb: str = "follow-up", reason: str = "", **more: object) -> Receipt:
    made = Receipt(CommandId(f"r{number}"), LT_API, verb, text, stage, NOW - 60, ((stage, NOW - 20),), reason)
    return replace(made, **more)  # type: ignore[arg-type]


def told(engine: FakeEngine, *receipts: Receipt) -> None:
    engine.change(replace(engine.fleet, receipts=receipts))


def in_queue(pilot: Pilot[None]) -> list[str]:
    """Return the rows of the queue, none while it is not shown."""
    return [row.content.plain for rows in pilot.app.screen.query("#rows").results(RowList) for row in rows.rows]


async def opened(pilot: Pilot[None]) -> QueueDialog:
    """Open the queue of the API's lieutenant."""
    await pilot.press("down", "Q")
    await until(lambda: bool(in_queue(pilot)))
    dialog = pilot.app.screen
    assert isinstance(dialog, QueueDialog)
    return dialog


async def test_what_waits_is_listed_with_its_age_and_its_fate() -> None:
    engine = queued(("stop\x1b]0;x\x07 it",), ("then", "later"))
    told(engine, receipt(1, "then", Stage.QUEUED))
    async with cockpit(engine) as (pilot, _home, _engine):
        dialog = await opened(pilot)
        rows = [row.content.plain for row in dialog.query_one("#rows", RowList).rows]
        assert [row.split()[1] for row in rows] == ["STEER", "FOLLOW-UP", "FOLLOW-UP"] and all(
            " 10m " in row for row in rows
        )
        assert ["elsewhere" in row for row in rows] == [True, False, True]
        assert "\x1b" not in rows[0] and "\x07" not in rows[0]
        fate = str(dialog.query_one("#fate", Plain).content)
        assert "2 texts here came from elsewhere" in fate and "images with it" in fate
        assert (
            "after an abort: it waits for the next prompt" in fate and "after a failure: it is read by itself" in fate
        )


async def test_a_text_comes_back_into_the_composer_once_it_is_out_of_the_queue() -> None:
    engine = queued((), ("then", "later"))
    told(engine, receipt(1, "then", Stage.QUEUED), receipt(2, "later", Stage.QUEUED))
    async with cockpit(engine) as (pilot, home, _engine):
        await opened(pilot)
        await pilot.press("down", "enter")
        await pilot.pause()
        (command,) = ordered_of(engine, ChangeQueue)
        assert command == ChangeQueue(LT_API, QueueAct.TAKE, QueueKind.FOLLOW_UP, "later")
        assert home.query_one(Composer).text == "", "it may still be read"
        done = replace(engine.fleet.receipts[-1], stage=Stage.DONE)
        told(engine, receipt(1, "then", Stage.QUEUED), receipt(2, "later", Stage.FAILED, reason=TAKEN_OUT), done)
        await until(lambda: home.query_one(Composer).text != "")
        composer = home.query_one(Composer)
        assert pilot.app.screen is home and (composer.text, composer.mode.value) == ("later", "follow-up")
        await pilot.press("enter")
        await pilot.pause()
        assert next(one.stage for one in engine.fleet.receipts if one.id == "r2") is Stage.DISMISSED


async def test_all_of_it_is_cleared_after_a_question_that_names_it() -> None:
    engine = queued(("stop",), ("then",))
    async with cockpit(engine) as (pilot, _home, _engine):
        await opened(pilot)
        await pilot.press("x")
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, ConfirmDialog)
        assert [line.plain.strip(" ✗") for line in dialog.target_lines()] == ["steer: stop", "follow-up: then"]
        assert not engine.ordered
        await pilot.press("y")
        await pilot.pause()
        assert engine.ordered == [ChangeQueue(LT_API, QueueAct.CLEAR)]


@pytest.mark.parametrize("read_only", [False, True])
async def test_what_cannot_be_changed_says_why(read_only: bool) -> None:
    engine = queued((), ("then",))
    engine.refusals[ChangeQueue] = "pi 0.73.1 cannot give back what is queued"
    engine.refusals[ClearQueue] = engine.refusals[ChangeQueue]
    async with cockpit(engine, read_only=read_only) as (pilot, _home, _engine):
        await opened(pilot)
        await pilot.press("s", "x", "t")
        await pilot.pause()
        reason = "read-only" if read_only else "cannot give back"
        assert not engine.ordered and len([one for one in notifications(pilot) if reason in one]) >= 2
        assert reason in str(pilot.app.screen.query_one("#fate", Plain).content)


def test_a_row_says_whether_only_a_prompt_brings_it_on() -> None:
    def words(engine: FakeEngine) -> str:
        agent = engine.fleet.agent(LT_API)
        assert agent is not None
        return queue_words(agent)

    assert words(queued(("a",), ("b", "c"))) == "↯1 ↳2"
    assert words(queued(("a",), ("b", "c"), working=False)) == "3 wait for a prompt"
    assert words(queued((), ("b",), working=False)) == "1 waits for a prompt"
    assert words(queued((), ())) == ""


def test_texts_that_are_in_no_message_stand_in_order_and_never_take_the_pane() -> None:
    known = [receipt(number, f"text {number}", Stage.QUEUED) for number in range(9)]
    read = receipt(20, "read", Stage.CONSUMED, "prompt", read_at=(1, 4))
    gone = receipt(21, "gone", Stage.DISMISSED)
    lost = receipt(22, "lost", Stage.UNCONFIRMED, reason="the link dropped")
    done = receipt(23, "x", Stage.DONE, "abort")
    shown = open_receipts([read, gone, *known, lost, done], LT_API)
    assert [one.text for one in shown] == [*(f"text {number}" for number in range(9)), "lost", "x"]
    lines = [line.plain for line in receipt_lines(shown, NOW, 100)]
    assert (
        len(lines) == MAX_RECEIPTS and lines[0].startswith("… 6 before these") and "unconfirmed: the link" in lines[-2]
    )
    assert open_receipts([read], LT_API) == [read] and open_receipts([read], None) == []


async def test_receipts_stand_beside_their_messages_and_the_rest_below_them() -> None:
    engine = queued((), ("then",))
    place = engine.transcript(LT_API)
    engine.say(LT_API, ev.MessageStarted("user", "first"), ev.MessageStarted("user", "second"))
    first, second = [entry for entry in place.entries() if entry.text in ("first", "second")]
    marks = (
        receipt(1, "first", Stage.DONE, "prompt", read_at=(first.epoch, first.line), images=("/tmp/shot.png",)),
        receipt(2, "second", Stage.CONSUMED, "steer", read_at=(second.epoch, second.line)),
        receipt(3, "then", Stage.QUEUED),
        receipt(4, "last", Stage.WRITTEN),
    )
    async with cockpit(engine) as (pilot, home, _engine):
        await pilot.press("down")
        told(engine, *marks)
        view = home.query_one(TranscriptView)
        await until(lambda: "▣" in drawn(pilot.app) and "last" in str(home.query_one(ReceiptsBar).content))
        lines = [view.render_line(y).text.rstrip() for y in range(view.size.height)]
        (one,) = [line for line in lines if "first" in line]
        assert "▣ shot.png · ✓ done in 40s" in one
        assert any("second" in line and "● read" in line for line in lines)
        bar = str(home.query_one(ReceiptsBar).content).split("\n")
        assert [line.split()[0] for line in bar] == ["follow-up", "follow-up"] and "then" in bar[0] and "last" in bar[1]
        told(engine, replace(marks[0], stage=Stage.FAILED, reason="the run was aborted"), *marks[1:])
        await until(lambda: "✗ failed: the run was aborted" in drawn(pilot.app))


async def test_a_pasted_image_is_named_and_goes_along() -> None:
    async with cockpit(scene()) as (pilot, home, engine):
        await pilot.press("down", "p")
        composer = home.query_one(Composer)
        pilot.app.post_message(events.Paste("'/tmp/a shot.png'\n"))
        await until(lambda: composer.text == '@"/tmp/a shot.png" ')
        await pilot.press(*"what", "enter")
        await pilot.pause()
        assert engine.ordered == [Prompt(LT_API, '@"/tmp/a shot.png" what', ("/tmp/a shot.png",))]


async def test_standard_error_is_read_on_the_screen() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _engine):
        await pilot.press("down")
        home.try_action("queue.standard_error")
        await until(lambda: "the test lets nobody look" in drawn(pilot.app))
        dialog = pilot.app.screen
        assert isinstance(dialog, LastWordsDialog)
        engine.standard_error.lines[LT_API] = ("one \x1b[2J", "two")
        await pilot.press("r")
        await until(lambda: "two" in str(dialog.query_one("#text", Plain).content))
        text = str(dialog.query_one("#text", Plain).content)
        assert "1234 bytes" in text and "\x1b" not in text
