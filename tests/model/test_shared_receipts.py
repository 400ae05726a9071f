"""Receipts of several processes: whoever writes, and whenever others learn of it, each ends as the stream says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from cockpit.model import events as ev
from cockpit.model.content import Block
from cockpit.model.events import Event, Record
from cockpit.model.ids import CommandId
from cockpit.model.receipts.judgement import RAN, REPLACED, TAKEN, UNSEEN
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import Evidence, ReceiptBook, is_newer
from cockpit.model.receipts.stages import is_closed
from cockpit.model.reduce.reduce import expire, reduce_agent
from tests.model.captures import AGENT, CAPTURES, START, STEP, content, dialect, fresh_agent, records
from tests.model.receipt_replay import outcomes, sent

SENT = sorted(path.name for path in (CAPTURES / "sent").iterdir() if (CAPTURES / path.name).exists())


@cache
def evidence(name: str) -> tuple[Evidence, ...]:
    """A capture's records with the ends of its runs, a pause before each moment in which something was written."""
    offsets = {offset for offset, _ in sent(name)}
    agent, found = replace(fresh_agent(), dialect=dialect(name), says_end=dialect(name) == "delta"), []
    for record in records(name):
        if record.offset in offsets:
            quiet = expire(agent, record.at - STEP + 1.0)
            if agent.run_open and not quiet.run_open:
                found.append(Evidence(None, True, record.at))
            agent = quiet
        after = reduce_agent(agent, record)
        found.append(Evidence(record, agent.run_open and not after.run_open, record.at))
        agent = after
    last = expire(agent, START + 1e6)
    if agent.run_open and not last.run_open:
        found.append(Evidence(None, True, START + 1e6))
    return tuple(found)


@cache
def written(name: str) -> tuple[Receipt, ...]:
    """The commands of a capture, each with the place its sender had read to."""
    trimmed = name.endswith((".v0.87.1.jsonl", ".v1.6.0.jsonl"))
    found = []
    for offset, receipt in sent(name):
        lines = [record.line for record in records(name) if record.end <= offset and not trimmed]
        found.append(replace(receipt, place=(1, lines[-1]) if lines else (0, -1)))
    return tuple(found)


@cache
def judged(name: str) -> dict[CommandId, Stage]:
    """How each receipt ends for a book that knew of it from the start."""
    book, receipts = ReceiptBook(), written(name)
    return ends([*book.take_up(receipts), *observed(book, evidence(name))], receipts)


def observed(book: ReceiptBook, pieces: Sequence[Evidence]) -> list[Receipt]:
    """Let a book observe evidence."""
    changed: list[Receipt] = []
    for record, settled, at in pieces:
        changed += book.run_settled(AGENT, at) if record is None else book.observe(record, settled)
    return changed


def ends(changed: Sequence[Receipt], receipts: Sequence[Receipt]) -> dict[CommandId, Stage]:
    """The last stage of each receipt; none may end twice."""
    closed = [receipt.id for receipt in changed if is_closed(receipt)]
    assert len(closed) == len(set(closed))
    return {receipt.id: receipt.stage for receipt in [*receipts, *changed]}


@pytest.mark.parametrize("name", [name for name in SENT if ".v0.58" not in name])
@pytest.mark.parametrize("tenths", range(1, 11, 3))
def test_who_learns_late_of_a_command_judges_it_as_if_it_had_known(name: str, tenths: int) -> None:
    pieces, receipts = evidence(name), written(name)
    if not receipts:
        return
    expected = judged(name)
    cut = min(len(pieces) * tenths // 10, 380)
    book = ReceiptBook()
    changed = observed(book, pieces[:cut])
    changed += book.take_up(receipts)
    changed += observed(book, pieces[cut:])
    assert ends(changed, receipts) == expected
    assert {key: outcomes(name)[key].stage for key in expected if key in outcomes(name)} == expected


def shown(name: str) -> list[dict[str, Any]]:
    """A capture as plain JSON, without the product's decoder."""
    found = []
    for line in content(name).split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and not isinstance(value.get("message"), str):
            found.append(value)
    return found


@pytest.mark.parametrize("name", [name for name in SENT if ".v0.58" not in name])
def test_no_answered_text_is_called_failed(name: str) -> None:
    """Read with plain JSON: a text whose message is followed by a whole answer before the next question was served."""
    lines = shown(name)
    for receipt in outcomes(name).values():
        for at, line in enumerate(lines):
            message = line.get("message") or {}
            said = [part.get("text", "") for part in message.get("content") or () if isinstance(part, dict)]
            if line.get("type") != "message_start" or message.get("role") != "user" or said != [receipt.text]:
                continue
            reasons, begun = [], False
            for later in lines[at + 1 :]:
                other = later.get("message") or {}
                begun = begun or (later.get("type"), other.get("role")) == ("message_start", "assistant")
                if later.get("type") == "message_start" and other.get("role") == "user" and begun:
                    break
                if later.get("type") == "message_end" and other.get("role") == "assistant":
                    reasons.append(other["stopReason"])
                if reasons and reasons[-1] == "stop":
                    break
            if reasons[-1:] == ["stop"]:
                assert receipt.stage is not Stage.FAILED, receipt


class Wire:
    """A stream made by hand, and the book of a process that records it."""

    def __init__(self) -> None:
        self.book = ReceiptBook()
        self.line = 0

    def say(self, *events: Event, settled: bool = False) -> list[Receipt]:
        """Observe events; `settled`: the last of them ends the run."""
        changed: list[Receipt] = []
        for event in events:
            self.line += 1
            record = Record(AGENT, 1, self.line, 0, 0, START + self.line, event)
            changed += self.book.observe(record, settled=settled and event is events[-1])
        return changed

    def sent(self, name: str, text: str, verb: str = "prompt") -> Receipt:
        """A command that a process writes now, having read all there is."""
        return Receipt(CommandId(name), AGENT, verb, text, Stage.WRITTEN, START, place=(1, self.line))


def accepted(name: str, disposition: str = "", command: str = "prompt") -> ev.Responded:
    return ev.Responded(name, command, True, data={"disposition": disposition} if disposition else None)


def answer(text: str, reason: str = "stop", error: str = "") -> tuple[Event, ...]:
    return (
        ev.MessageStarted("assistant"),
        ev.MessageEnded("assistant", (Block("text", text),), stop_reason=reason, error=error),
    )


def stages(changed: list[Receipt]) -> dict[str, Stage]:
    return {receipt.id: receipt.stage for receipt in changed}


def test_a_failure_of_a_later_prompt_is_not_the_earlier_ones() -> None:
    wire = Wire()
    first = wire.sent("a", "one")
    wire.say(accepted("a"), ev.RunStarted(), ev.MessageStarted("user", "one"), *answer("1"))
    wire.say(ev.RunSettled(), settled=True)
    second = wire.sent("b", "two")
    wire.say(accepted("b"), ev.RunStarted(), ev.MessageStarted("user", "two"), *answer("", "error", "no key"))
    wire.say(ev.RunSettled(), settled=True)
    found = {receipt.id: receipt for receipt in wire.book.take_up((first, second))}
    assert (found[CommandId("a")].stage, found[CommandId("b")].stage) == (Stage.DONE, Stage.FAILED)
    assert found[CommandId("b")].reason == "no key"


@pytest.mark.parametrize("disposition", ["", "started"])
def test_a_text_that_an_extension_rewrites_is_known_by_its_response(disposition: str) -> None:
    wire = Wire()
    wire.book.add(wire.sent("a", "do it"))
    wire.say(accepted("a", disposition), ev.RunStarted())
    assert stages(wire.say(ev.MessageStarted("user", "do it\n\n(House rule.)"))) == {"a": Stage.CONSUMED}
    steer, later = wire.sent("s", "quick", "steer"), wire.sent("f", "then", "follow-up")
    wire.book.add(steer)
    wire.book.add(later)
    queued = "queued" if disposition else ""
    changed = wire.say(ev.QueueChanged(("quick!",), ()), accepted("s", queued))
    assert stages(changed)["s"] is Stage.STEERING
    changed = wire.say(ev.QueueChanged(("quick!",), ("then!",)), accepted("f", queued))
    assert stages(changed) == {"f": Stage.QUEUED}
    assert stages(wire.say(ev.QueueChanged((), ("then!",)), ev.MessageStarted("user", "quick!"))) == {
        "s": Stage.CONSUMED
    }
    wire.say(*answer("both"))
    changed = wire.say(ev.QueueChanged((), ()), ev.MessageStarted("user", "then!"))
    assert stages(changed) == {"a": Stage.DONE, "s": Stage.DONE, "f": Stage.CONSUMED}
    assert stages(wire.say(*answer("last"), ev.RunSettled(), settled=True)) == {"f": Stage.DONE}
    assert [wire.book.answer(AGENT, CommandId(name)) for name in "asf"] == ["both", "both", "last"]


def test_a_strangers_text_is_nobody_elses() -> None:
    wire = Wire()
    wire.book.add(wire.sent("mine", "mine", "follow-up"))
    wire.say(accepted("other"), ev.RunStarted(), ev.MessageStarted("user", "not mine"))
    assert stages(wire.say(*answer("theirs"))) == {}
    wire.say(ev.QueueChanged((), ("mine!",)), accepted("mine"), ev.QueueChanged((), ()))
    assert stages(wire.say(ev.MessageStarted("user", "mine!"))) == {"mine": Stage.CONSUMED}


def test_a_queue_that_runs_by_itself_after_an_error_has_its_own_end() -> None:
    wire = Wire()
    wire.book.add(wire.sent("a", "one"))
    wire.book.add(wire.sent("b", "two", "follow-up"))
    wire.say(accepted("a", "started"), ev.RunStarted(), ev.MessageStarted("user", "one"))
    wire.say(ev.QueueChanged((), ("two",)), accepted("b", "queued"), *answer("", "error", "400"))
    wire.say(ev.RunEnded(False), ev.RunStarted())
    changed = wire.say(ev.QueueChanged((), ()), ev.MessageStarted("user", "two"), *answer("fine"))
    changed += wire.say(ev.RunEnded(False), ev.RunSettled(), settled=True)
    assert stages(changed) == {"b": Stage.DONE} and wire.book.get(CommandId("a")) is None
    assert wire.book.answer(AGENT, CommandId("a")) is None


def test_a_prompt_in_a_backoff_ends_the_abandoned_one_whoever_sent_it() -> None:
    wire = Wire()
    first = wire.sent("a", "one")
    wire.book.add(first)
    wire.say(accepted("a"), ev.RunStarted(), ev.MessageStarted("user", "one"), *answer("", "error", "529"))
    wire.say(ev.RunEnded(), ev.RetryStarted(1, 3, 2.0, "529"), accepted("unknown"), ev.RunStarted())
    (changed,) = wire.say(ev.MessageStarted("user", "two"))
    assert (changed.id, changed.stage, changed.reason) == ("a", Stage.FAILED, REPLACED)


def test_a_command_that_starts_no_run_ends_by_its_response() -> None:
    wire = Wire()
    for name, text in (("m", "/mark"), ("b", "/boom"), ("s", "silent: x")):
        wire.book.add(wire.sent(name, text))
    failed = wire.say(ev.ExtensionFailed("command:boom", "command", "on purpose"), accepted("b"))
    assert stages(failed) == {"b": Stage.FAILED} and "on purpose" in failed[0].reason
    wire.say(accepted("m"), accepted("s"))
    assert wire.book.rested(AGENT, START + 100.0) == []
    done = wire.book.rested(AGENT, START + 102.0)
    assert {receipt.id: (receipt.stage, receipt.reason) for receipt in done} == {
        "m": (Stage.DONE, TAKEN),
        "s": (Stage.DONE, TAKEN),
    }
    assert wire.book.answer(AGENT, CommandId("m")) is None


@pytest.mark.parametrize("run", [True, False])
def test_of_a_kind_that_tells_of_no_messages_nothing_is_said_that_nobody_saw(run: bool) -> None:
    wire = Wire()
    wire.book.add(wire.sent("a", "paint it"))
    wire.say(accepted("a"))
    if run:
        wire.say(ev.RunStarted(), ev.RunEnded(), ev.RunSettled())
    wire.book.rested(AGENT, START + 100.0)
    (done,) = wire.book.rested(AGENT, START + 102.0)
    assert (done.stage, done.reason) == (Stage.DONE, RAN if run else TAKEN)
    assert "so an extension" not in done.reason
    assert wire.book.answer(AGENT, CommandId("a")) is None


@pytest.mark.parametrize(("text", "stage"), [("/mark", Stage.DONE), ("silent: x", Stage.UNCONFIRMED)])
@pytest.mark.parametrize("seen", [False, True])
def test_a_command_that_a_working_agent_does_not_queue_ends_before_the_run(text: str, stage: Stage, seen: bool) -> None:
    wire = Wire()
    wire.book.add(wire.sent("a", "one"))
    wire.say(accepted("a"), ev.RunStarted(), ev.MessageStarted("user", "one"))
    if seen:
        wire.say(ev.QueueChanged((), ()))
    wire.book.add(wire.sent("q", "two", "follow-up"))
    wire.book.add(wire.sent("m", text, "follow-up"))
    wire.say(accepted("m"), ev.QueueChanged((), ("two",)), accepted("q"))
    rest = {"working": True, "shows_queues": not seen}
    assert wire.book.rested(AGENT, START + 100.0, **rest) == []
    assert stages(wire.book.rested(AGENT, START + 102.0, **rest)) == {"m": stage}
    assert wire.book.rested(AGENT, START + 200.0, **rest) == [], "what is queued waits for its turn"


def test_a_prompt_right_before_its_run_is_not_taken_for_a_command() -> None:
    wire = Wire()
    wire.book.add(wire.sent("a", "one"))
    wire.say(ev.QueueChanged((), ()), accepted("a"), ev.RunStarted())
    wire.book.rested(AGENT, START + 100.0, working=True)
    assert wire.book.rested(AGENT, START + 103.0, working=True) == []


def test_what_vanishes_in_a_run_is_unconfirmed_and_not_failed() -> None:
    wire = Wire()
    wire.book.add(wire.sent("a", "one"))
    wire.say(accepted("a"), ev.RunStarted(), ev.MessageStarted("user", "one"), ev.QueueChanged((), ()))
    wire.book.add(wire.sent("b", "silent: two", "follow-up"))
    changed = {r.id: r for r in wire.say(accepted("b"), *answer("1"), ev.RunEnded(), ev.RunSettled(), settled=True)}
    assert changed[CommandId("a")].stage is Stage.DONE
    assert (changed[CommandId("b")].stage, changed[CommandId("b")].reason) == (Stage.UNCONFIRMED, UNSEEN)


def test_only_its_own_answer_belongs_to_a_text() -> None:
    wire = Wire()
    wire.book.add(wire.sent("a", "one"))
    wire.say(accepted("a"), ev.RunStarted(), ev.MessageStarted("user", "one"), *answer("first"))
    wire.book.add(wire.sent("f", "two", "follow-up"))
    wire.say(ev.QueueChanged((), ("two",)), accepted("f"), ev.QueueChanged((), ()), ev.MessageStarted("user", "two"))
    wire.say(*answer("second"), ev.RunSettled(), settled=True)
    assert [wire.book.answer(AGENT, CommandId(name)) for name in "af"] == ["first", "second"]


def test_a_stored_receipt_never_goes_back() -> None:
    done = Receipt(CommandId("a"), AGENT, "prompt", "", Stage.DONE, START, ((Stage.WRITTEN, 1.0), (Stage.DONE, 2.0)))
    failed, written_ = replace(done, stage=Stage.FAILED), replace(done, stage=Stage.WRITTEN, stages=done.stages[:1])
    assert not is_newer(failed, Stage.DONE, 2) and not is_newer(written_, Stage.ACCEPTED, 2)
    assert is_newer(replace(done, stage=Stage.DISMISSED), Stage.FAILED, 2) and is_newer(done, Stage.ACCEPTED, 2)


@pytest.mark.parametrize("late", [False, True])
def test_a_run_belongs_to_the_text_accepted_right_before_it(late: bool) -> None:
    wire = Wire()
    wire.book.add(wire.sent("s", "silent: x"))
    wire.say(accepted("s"))
    if late:
        wire.book.rested(AGENT, START + 100.0)
        assert stages(wire.book.rested(AGENT, START + 103.0)) == {"s": Stage.DONE}
    prompt = wire.sent("a", "do it")
    changed = [] if late else wire.book.add(prompt)
    changed += wire.say(accepted("a"), ev.RunStarted(), ev.MessageStarted("user", "do it!"), *answer("yes"))
    changed += wire.book.take_up([prompt]) if late else []
    assert stages([*changed, *wire.say(ev.RunSettled(), settled=True)])["a"] is Stage.DONE
