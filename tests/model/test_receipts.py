"""Receipts: followed through the captures' own commands, and rule by rule."""

from __future__ import annotations

import pytest

from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.ids import CommandId
from cockpit.model.receipts.judgement import EXITED_UNREAD, REPLACED, UNREAD
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.receipts.stages import advance
from tests.model.captures import AGENT, CAPTURES, START
from tests.model.receipt_replay import outcomes

SENT = sorted(path.name for path in (CAPTURES / "sent").iterdir() if (CAPTURES / path.name).exists())
NEW = [name for name in SENT if ".v0.58" not in name]


def stages(receipt: Receipt) -> str:
    return " ".join(stage.value for stage, _ in receipt.stages)


def expect(name: str, expected: dict[str, str]) -> dict[str, Receipt]:
    found = outcomes(name)
    assert {key: stages(found[key]) for key in expected} == expected
    return found


@pytest.mark.parametrize("name", ["steer_midrun.jsonl", "steer_midrun.v0.87.1.jsonl"])
def test_steers_are_queued_read_and_done(name: str) -> None:
    queued = "written accepted steering consumed done"
    expect(name, {"c2": "written accepted consumed done", "c3": queued, "c7": queued, "c8": queued})


@pytest.mark.parametrize("name", ["follow_up_queue.jsonl", "follow_up_queue.v0.87.1.jsonl"])
def test_follow_ups_are_queued_read_and_done(name: str) -> None:
    expect(name, dict.fromkeys(("c3", "c4", "c9", "c10"), "written accepted queued consumed done"))


@pytest.mark.parametrize("name", ["abort_with_queue.jsonl", "abort_with_queue.v0.87.1.jsonl"])
def test_queued_texts_survive_an_abort(name: str) -> None:
    found = expect(
        name,
        {
            "c2": "written accepted consumed failed",
            "c3": "written accepted steering consumed done",
            "c4": "written accepted queued consumed done",
            "c5": "done",
            "c7": "written accepted consumed done",
        },
    )
    assert found["c2"].reason == "the run was aborted"


def test_a_prompt_lost_during_a_compaction_is_found_out() -> None:
    found = expect(
        "compaction_busy.jsonl", {"c10": "written accepted failed", "c9": "written accepted steering consumed done"}
    )
    assert found["c10"].reason == UNREAD


def test_a_compaction_in_the_middle_fails_the_prompt() -> None:
    found = expect(
        "compaction_midrun.jsonl", {"c6": "written accepted consumed failed", "c9": "written accepted consumed done"}
    )
    assert found["c6"].reason == "a compaction cut the run short"


def test_a_refused_prompt_fails_at_once_even_when_success_follows() -> None:
    for name in (
        "prompt_while_busy.jsonl",
        "prompt_while_busy.v0.58.3.jsonl",
        "prompt_while_busy.v0.87.1.jsonl",
    ):
        assert "already processing" in expect(name, {"c3": "failed"})["c3"].reason


def test_a_given_up_run_fails_with_the_providers_words() -> None:
    for name in ("retry_gives_up.jsonl", "retry_gives_up.v0.58.3.jsonl", "retry_gives_up.v0.87.1.jsonl"):
        assert "overloaded_error" in expect(name, {"c2": "written accepted consumed failed"})["c2"].reason


def test_a_prompt_in_the_backoff_takes_the_retrys_place() -> None:
    found = expect(
        "retry_prompt_during_backoff.jsonl",
        {"c2": "written accepted consumed failed", "c4": "written accepted consumed done"},
    )
    assert found["c2"].reason == REPLACED


def test_an_extensions_command_needs_no_message() -> None:
    expect(
        "extension_ui.jsonl", {"c2": "written accepted done", "c18": "written accepted consumed failed", "c19": "done"}
    )


@pytest.mark.parametrize("name", SENT)
def test_every_text_that_appeared_was_read(name: str) -> None:
    """Independent of the order of stages: a text is consumed exactly if the stream shows it as a user message."""
    data = (CAPTURES / name).read_bytes()
    if name.startswith(("fifo_behaviour", "unicode_out", "emoji")):
        return  # the text in the capture was trimmed, or holds what the decoder replaces
    for receipt in outcomes(name).values():
        if receipt.text:
            head = b'{"type":"message_start","message":{"role":"user","content":[{"type":"text","text":"'
            appeared = head + receipt.text.encode() in data
            assert (Stage.CONSUMED in [stage for stage, _ in receipt.stages]) == appeared, receipt


class Stream:
    """A stream of events made by hand, and a book that watches it."""

    def __init__(self, *receipts: Receipt) -> None:
        self.book = ReceiptBook()
        self.line = 0
        for receipt in receipts:
            self.book.add(receipt)

    def say(self, *events: Event, settled: bool = False) -> list[Receipt]:
        changed: list[Receipt] = []
        for event in events:
            self.line += 1
            record = Record(AGENT, 1, self.line, 0, 0, START + self.line, event)
            changed += self.book.observe(record, settled=settled and event is events[-1])
        return changed


def prompt(name: str, text: str = "do it", verb: str = "prompt", stage: Stage = Stage.WRITTEN) -> Receipt:
    return Receipt(CommandId(name), AGENT, verb, text, stage, START)


ACCEPTED = ev.Responded("a", "prompt", True)


def test_stages_only_rise() -> None:
    receipt = prompt("a", stage=Stage.PENDING)
    receipt = advance(advance(receipt, Stage.ACCEPTED, 2.0), Stage.WRITTEN, 3.0)
    assert (receipt.stage, receipt.stages) == (Stage.ACCEPTED, ((Stage.WRITTEN, 2.0), (Stage.ACCEPTED, 2.0)))
    failed = advance(receipt, Stage.FAILED, 4.0, "no")
    assert advance(failed, Stage.DONE, 5.0) is failed


def test_an_unconfirmed_command_is_confirmed_by_later_evidence() -> None:
    stream = Stream(prompt("a", stage=Stage.PENDING))
    assert stream.book.written(CommandId("a"), 1.0)[0].stage is Stage.WRITTEN
    assert stream.book.unconfirmed(CommandId("a"), 2.0, "the link dropped")[0].reason == "the link dropped"
    (changed,) = stream.say(ACCEPTED)
    assert (changed.stage, changed.reason) == (Stage.ACCEPTED, "")


def test_an_exit_fails_what_was_not_read_but_not_what_lies_in_the_fifo() -> None:
    stream = Stream(
        prompt("a"), prompt("b", "next", "follow-up"), prompt("c", "last"), prompt("d", stage=Stage.PENDING)
    )
    stream.say(ACCEPTED, ev.RunStarted(), ev.MessageStarted("user", "do it"), ev.QueueChanged((), ("next",)))
    changed = {receipt.id: receipt for receipt in stream.say(ev.DaemonExited("r", 137))}
    assert changed[CommandId("a")].reason == "the agent exited with code 137 in the middle of the run"
    assert (changed[CommandId("b")].stage, changed[CommandId("b")].reason) == (Stage.FAILED, EXITED_UNREAD)
    assert changed[CommandId("c")].stage is Stage.UNCONFIRMED
    assert [receipt.id for receipt in stream.book.open_for(AGENT)] == ["c", "d"]


def test_equal_texts_are_read_in_their_order_and_from_their_queue() -> None:
    stream = Stream(prompt("a", "go on", "follow-up"), prompt("b", "go on", "steer"), prompt("c", "go on", "steer"))
    stream.say(ev.QueueChanged((), ("go on",)), ev.QueueChanged(("go on", "go on"), ("go on",)))
    read = [
        stream.say(ev.QueueChanged(now, then), ev.MessageStarted("user", "go on"))[0].id
        for now, then in ((("go on",), ("go on",)), ((), ("go on",)), ((), ()))
    ]
    assert read == ["b", "c", "a"]


def test_an_expanded_skill_is_known_by_what_its_queue_showed() -> None:
    stream = Stream(prompt("a", "/skill:review", "steer"))
    stream.say(ev.QueueChanged(("Review with care.",), ()), ACCEPTED, ev.QueueChanged((), ()))
    (changed,) = stream.say(ev.MessageStarted("user", "Review with care."))
    assert (changed.id, changed.stage) == ("a", Stage.CONSUMED)


def test_a_prompt_accepted_after_the_runs_end_is_not_judged_by_it() -> None:
    stream = Stream(prompt("a"))
    answer = ev.MessageEnded("assistant", stop_reason="stop")
    stream.say(ev.RunStarted(), answer, ev.RunEnded())
    (changed,) = stream.say(ACCEPTED, settled=True)
    assert changed.stage is Stage.ACCEPTED
    stream.say(ev.RunStarted(), ev.MessageStarted("user", "do it"), answer, ev.RunEnded())
    assert [receipt.stage for receipt in stream.book.run_settled(AGENT, 9.0)] == [Stage.DONE]


def test_an_answer_is_done_when_the_agent_goes_on() -> None:
    stream = Stream(prompt("a", "Allow", "answer"))
    assert stream.say(ev.TextDelta(0, "x")) == []
    assert [receipt.stage for receipt in stream.say(ev.ToolEnded("c", "bash", "ok"))] == [Stage.DONE]


def test_a_refusal_without_an_id_is_not_swallowed() -> None:
    stream = Stream(prompt("a"))
    noise = ev.Responded("", "parse", False, "Failed to parse command: Unexpected end of JSON input")
    assert stream.say(noise) == []
    (changed,) = stream.say(ev.Responded("", "parse", False, "Failed to parse command: no such model"))
    assert (changed.stage, "no such model" in changed.reason) == (Stage.UNCONFIRMED, True)


def test_what_the_newest_builds_say_of_a_prompts_fate() -> None:
    stream = Stream(prompt("a", "/deploy"), prompt("b", "later", "follow-up"))
    handled = ev.Responded("a", "prompt", True, data={"disposition": "handled"})
    queued = ev.Responded("b", "follow_up", True, data={"disposition": "queued"})
    assert next(iter(stream.say(handled, queued))).stage is Stage.DONE
    assert stream.book.open_for(AGENT)[0].stage is Stage.QUEUED


def test_another_agents_records_change_nothing() -> None:
    other = Receipt(CommandId("a"), None, "pause", "", Stage.PENDING, START)
    stream = Stream(other)
    assert stream.say(ACCEPTED, ev.DaemonExited("r", 1)) == []
    assert stream.book.get(CommandId("a")) is other
    stream.book.forget(AGENT)
    assert stream.book.failed(CommandId("a"), 2.0, "no such VM")[0].stage is Stage.FAILED
    assert stream.book.get(CommandId("a")) is None


SILENT_RUN: tuple[Event, ...] = (
    ev.Responded("c1", "prompt", True, data={"disposition": "started"}),
    ev.RunStarted(),
    ev.MessageStarted("user", "do it"),
    ev.MessageEnded("assistant", (ev.Block("output", "42"),), stop_reason="silent"),
    ev.RunSettled(False),
)
"""What an agent that only prints lines shows where nothing that it prints says that it is done."""


def test_where_only_silence_ends_a_run_a_text_that_was_read_stays_unconfirmed() -> None:
    stream = Stream(prompt("c1"))
    receipt = stream.say(*SILENT_RUN, settled=True)[-1]
    assert stages(receipt) == "written accepted consumed unconfirmed" and "silent" in receipt.reason
    assert stream.book.answer(AGENT, CommandId("c1")) == "42"
    assert not stream.book.open_for(AGENT), "nothing more will be known of it"
    stream.book.add(prompt("c2"))
    again = stream.say(ev.Responded("c2", "prompt", True), *SILENT_RUN[1:], settled=True)
    assert {one.id for one in again} == {"c2"}, "the same text again is another one"
