"""What waits in an agent: its age, whose it is, what becomes of it; and the place where each text was read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.agents.kinds import adapter_of
from cockpit.engine.agent_record import with_protocol
from cockpit.model import events as ev
from cockpit.model.commands.agent import ClearQueue, Prompt
from cockpit.model.commands.queue import ChangeQueue, QueueAct
from cockpit.model.events import Event, Record
from cockpit.model.fleet import UNKNOWN_TIME, ActivityState, Agent, Fleet, Process, ProcessState
from cockpit.model.ids import CommandId
from cockpit.model.queue import QueueKind, fate_of, waiting_in
from cockpit.model.receipts.judgement import TAKEN_OUT
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.reduce.reduce import reduce_agent
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.model.refusals.queue import to_queue
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.transcript import Transcript
from tests.model.captures import AGENT, START, fresh_agent, records


def fed(agent: Agent, *events: Event) -> Agent:
    """Fold events, a second apart."""
    for event in events:
        at = (agent.last_event_at or START) + 1.0
        agent = reduce_agent(agent, Record(AGENT, 1, agent.line + 1, 0, 0, at, event))
    return agent


def test_each_text_keeps_its_age_while_others_come_and_go() -> None:
    agent = fed(
        fresh_agent(),
        ev.QueueChanged(("a",), ()),
        ev.QueueChanged(("a",), ("b",)),
        ev.QueueChanged(("a", "a"), ("b",)),
        ev.QueueChanged(("a",), ("b", "c")),
    )
    ages = [(one.kind, one.text, one.since - START) for one in waiting_in(agent)]
    # Of two equal texts it is the older one that left.
    assert ages == [(QueueKind.STEER, "a", 3.0), (QueueKind.FOLLOW_UP, "b", 2.0), (QueueKind.FOLLOW_UP, "c", 4.0)]


def test_an_age_that_nothing_tells_is_unknown() -> None:
    agent = replace(fresh_agent(), activity=replace(fresh_agent().activity, steering=("a",)))
    assert [one.since for one in waiting_in(agent)] == [UNKNOWN_TIME]
    agent = fed(agent, ev.QueueChanged(("a", "b"), ()))
    assert [one.since - START if one.since else 0.0 for one in waiting_in(agent)] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("version", "goes_on", "words"),
    [
        ("0.58.3", False, "next prompt"),
        ("0.73.1", False, "next prompt"),
        ("0.80.4", None, "not known"),
        ("", None, "not known"),
        ("0.87.1", True, "by itself"),
        ("1.6.0", True, "by itself"),
    ],
)
def test_what_a_failure_does_to_a_queue_differs_by_version(version: str, goes_on: bool | None, words: str) -> None:
    agent = with_protocol(replace(fresh_agent(), program="pi", version=version))
    assert agent.queue_rules.after_failure is goes_on
    agent = fed(agent, ev.RunStarted(), ev.QueueChanged((), ("b",)))
    fate = fate_of(agent)
    assert fate.by_itself and words in fate.after_failure and "next prompt" in fate.after_abort
    cut = fed(agent, ev.QueueChanged(("a",), ("b",)), ev.ToolStarted("t", "bash", {}))
    assert "not answered" in fate_of(cut).after_abort
    fate = fate_of(fed(agent, ev.RetryStarted(1, 3, 2.0, "529")))
    assert fate.by_itself is (goes_on is True) and words in fate.now


def test_what_lies_in_an_agent_at_rest_waits_for_a_prompt_and_dies_with_the_process() -> None:
    agent = fed(fresh_agent(), ev.QueueChanged(("a",), ()))
    assert not fate_of(agent).by_itself and "next prompt" in fate_of(agent).now
    compacting = fed(agent, ev.CompactionStarted("manual"))
    assert compacting.activity.state is ActivityState.COMPACTING and fate_of(compacting).by_itself
    dead = replace(agent, process=Process(ProcessState.DEAD))
    assert "lost" in fate_of(dead).now and not fate_of(dead).by_itself


@pytest.mark.parametrize(("version", "can"), [("0.73.1", False), ("0.84.3", False), ("0.84.4", True), ("1.6.0", True)])
def test_only_newer_pi_gives_its_queue_back(version: str, can: bool) -> None:
    reason = adapter_of("pi").lacks(ClearQueue, replace(fresh_agent(), version=version))
    assert (not reason) is can and (can or (version in reason and "0.84.4" in reason))
    assert not adapter_of("pi").lacks(Prompt, replace(fresh_agent(), version=version))


def test_a_change_of_what_waits_no_longer_is_refused() -> None:
    agent = fed(fresh_agent(), ev.QueueChanged(("a",), ("b",)))
    fleet = Fleet(agents=(agent,))

    def code(act: QueueAct, kind: QueueKind, text: str) -> RefusalCode | None:
        refused = to_queue(ChangeQueue(AGENT, act, kind, text), fleet)
        return refused.code if refused is not None else None

    assert code(QueueAct.TAKE, QueueKind.FOLLOW_UP, "b") is None
    assert code(QueueAct.TAKE, QueueKind.STEER, "b") is RefusalCode.NOT_WAITING
    assert code(QueueAct.STEER, QueueKind.STEER, "a") is RefusalCode.ALREADY
    assert code(QueueAct.CLEAR, QueueKind.STEER, "") is None
    fleet = Fleet(agents=(fed(agent, ev.QueueChanged((), ())),))
    assert code(QueueAct.CLEAR, QueueKind.STEER, "") is RefusalCode.ALREADY


# --- receipts ------------------------------------------------------------------------------------------


def sent(number: int, verb: str, text: str) -> Receipt:
    return Receipt(
        CommandId(f"c{number}"), AGENT, verb, text, Stage.WRITTEN, START, ((Stage.WRITTEN, START),), place=(0, -1)
    )


def observed(book: ReceiptBook, *events: Event, line: int = 0) -> list[Receipt]:
    """Let a book observe events, one a line."""
    changed: list[Receipt] = []
    for number, event in enumerate(events, line + 1):
        changed += book.observe(Record(AGENT, 1, number, 0, 0, START + number, event), False)
    return changed


QUEUED: tuple[Event, ...] = (
    ev.RunStarted(),
    ev.QueueChanged(("s",), ()),
    ev.Responded("c1", "prompt", True),
    ev.QueueChanged(("s",), ("f",)),
    ev.Responded("c2", "prompt", True),
    ev.QueueChanged(("s",), ("f", "theirs")),
    ev.Responded("x", "follow_up", True),
)


@pytest.mark.parametrize("late", [False, True])
def test_who_empties_the_queues_leaves_texts_that_nobody_read(late: bool) -> None:
    """Whoever it was, and whether the receipts were known when it happened or are judged by it later."""
    book, mine = ReceiptBook(), [sent(1, "steer", "s"), sent(2, "follow-up", "f")]
    cleared = (
        ev.QueueChanged((), ()),
        ev.Responded("y", "clear_queue", True, data={"steering": ["s"], "followUp": ["f", "theirs"]}),
    )
    if late:
        observed(book, *QUEUED, *cleared)
        changed = book.take_up(mine)
    else:
        book.take_up(mine)
        changed = observed(book, *QUEUED, *cleared)
    ends = {receipt.id: receipt for receipt in changed}
    assert {(one.stage, one.reason) for one in ends.values()} == {(Stage.FAILED, TAKEN_OUT)} and len(ends) == 2
    found = book.cleared(AGENT, CommandId("y"))
    assert found is not None
    assert [(one.text, one.command) for one in found] == [("s", "c1"), ("f", "c2"), ("theirs", None)]


def test_a_queue_that_was_read_to_its_end_leaves_nothing_to_take_out() -> None:
    book = ReceiptBook()
    book.take_up([sent(1, "steer", "s")])
    read = (ev.QueueChanged((), ()), ev.MessageStarted("user", "s"))
    changed = observed(book, *QUEUED[:3], *read, ev.Responded("y", "clear_queue", True, data={"steering": []}))
    assert changed[-1].stage is Stage.CONSUMED and book.cleared(AGENT, CommandId("y")) == ()


def test_a_receipt_knows_where_its_text_was_read() -> None:
    book = ReceiptBook()
    book.take_up([sent(1, "prompt", "go")])
    events = (ev.Responded("c1", "prompt", True), ev.RunStarted(), ev.MessageStarted("user", "go"))
    (read,) = [one for one in observed(book, *events) if one.stage is Stage.CONSUMED]
    assert read.read_at == (1, 3)
    late = ReceiptBook()
    observed(late, *events)
    (judged,) = late.take_up([sent(1, "prompt", "go")])
    assert (judged.stage, judged.read_at) == (Stage.CONSUMED, (1, 3))


def test_what_was_taken_out_stays_in_the_transcript() -> None:
    transcript = Transcript()
    data = {"steering": ["stop\x1b[31m"], "followUp": ["then", 7]}
    transcript.apply(Record(AGENT, 1, 1, 0, 1, START, ev.Responded("y", "clear_queue", True, data=data)))
    (entry,) = transcript.entries()
    assert (entry.kind, entry.text) == (EntryKind.NOTICE, "↯ stop\x1b[31m\n↳ then")
    transcript.apply(Record(AGENT, 1, 2, 0, 1, START, ev.Responded("z", "clear_queue", True, data={})))
    assert len(transcript) == 1, "an empty queue that was emptied is no news"


@pytest.mark.parametrize(
    "name", ["abort_with_queue.jsonl", "abort_with_queue.v0.87.1.jsonl", "abort_with_queue.v1.6.0.jsonl"]
)
def test_a_recorded_queue_has_ages(name: str) -> None:
    agent, most = fresh_agent(), 0
    for record in records(name):
        agent = reduce_agent(agent, record)
        waiting = list(waiting_in(agent))
        most = max(most, len(waiting))
        assert all(START <= one.since <= record.at for one in waiting)
    assert most == 2 and not list(waiting_in(agent))
