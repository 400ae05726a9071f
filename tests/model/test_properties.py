"""What must hold of any sequence of events whatever: no error, bounded memory, stages that only rise."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.attention import attention
from cockpit.model.events import Record
from cockpit.model.fleet import ActivityState, Fleet, Vm
from cockpit.model.ids import CommandId, VmId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.receipts.stages import is_closed
from cockpit.model.reduce.reduce import abort_requested, dialog_answered, expire, mark_seen, reduce_agent
from cockpit.model.tool_use import ToolOutput
from cockpit.model.transcript.entry import ENTRY_OVERHEAD
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import TranscriptWindow
from cockpit.model.why import headline, why
from tests.model.captures import AGENT, START, fresh_agent
from tests.model.events_strategy import histories
from tests.model.pages import prepend

RANK = {stage: rank for rank, stage in enumerate(Stage)}


@given(histories, st.sampled_from(["", "accumulated", "delta"]))
def test_folding_never_fails_and_keeps_its_invariants(history: list[Record], dialect: str) -> None:
    agent = expire(fresh_agent(), START)
    for record in history:
        agent = reduce_agent(agent, record)
        activity = agent.activity
        assert (activity.state is ActivityState.ASKING) == bool(activity.dialogs)
        assert (agent.line, agent.last_event_at) == (record.line, record.at)
        assert activity.since <= record.at
        state = activity.beneath if activity.dialogs else activity.state
        if state in (
            ActivityState.IDLE,
            ActivityState.DONE_UNSEEN,
            ActivityState.ERROR,
            ActivityState.ABORTED,
        ):
            assert not agent.run_open
            assert not activity.tools
        vm = Vm(VmId(AGENT))
        assert all(sentence for sentence in why(agent, vm, record.at))
        assert headline(agent, vm, record.at).word
    fleet = Fleet(agents=(agent,))
    assert [item.urgency for item in attention(fleet, START)] == sorted(
        item.urgency for item in attention(fleet, START)
    )
    at = history[-1].at if history else START
    for dialog in agent.activity.dialogs:
        agent = dialog_answered(agent, dialog.request.dialog_id, at)
    agent = mark_seen(abort_requested(expire(agent, at + 60), at + 60))
    assert agent.activity.state not in (ActivityState.ASKING, ActivityState.DONE_UNSEEN)


@given(histories, st.integers(0, 40))
def test_looking_in_between_changes_no_sum(history: list[Record], every: int) -> None:
    plain = looked = fresh_agent()
    for number, record in enumerate(history):
        plain = reduce_agent(plain, record)
        if every and number % every == 0:
            looked = mark_seen(looked)
        looked = reduce_agent(looked, record)
    assert (plain.usage, plain.turns, plain.broken_lines) == (looked.usage, looked.turns, looked.broken_lines)
    assert (plain.activity.tools, plain.activity.dialogs) == (looked.activity.tools, looked.activity.dialogs)


@given(histories, st.integers(8, 20), st.integers(8192, 20_000))
def test_a_transcript_stays_within_its_bounds(history: list[Record], entries: int, size: int) -> None:
    transcript = Transcript(max_entries=entries, max_bytes=size)
    revision = 0
    for record in history:
        transcript.apply(record)
        assert revision <= transcript.revision
        revision = transcript.revision
    held = list(transcript.entries())
    assert len(held) == len(transcript) == transcript.next_key - transcript.first_key <= entries
    assert transcript.held_bytes == sum(entry.size for entry in held) <= size
    assert [entry.key for entry in held] == list(range(transcript.first_key, transcript.next_key))
    assert all(transcript.entry(entry.key) is entry for entry in held)
    assert transcript.entry(transcript.first_key - 1) is None
    assert transcript.dropped == transcript.first_key
    assert [entry.key for entry in transcript.entries(transcript.first_key + 2)] == [e.key for e in held[2:]]


@given(histories, st.integers(0, 60), st.booleans())
def test_history_can_be_joined_anywhere(history: list[Record], border: int, small: bool) -> None:
    window = TranscriptWindow(max_entries=10) if small else TranscriptWindow()
    window.append(history[border:])
    window.border("why")
    next_key, revision = window.next_key, window.revision
    prepend(window, history[:border])
    assert window.next_key <= next_key
    assert window.revision >= revision
    assert not window.border_text
    window.append(history)
    assert len(window) == window.next_key - window.first_key <= max(window.max_entries, 1)
    assert window.held_bytes == sum(entry.size for entry in window.entries())
    assert [entry.key for entry in window.entries()] == list(range(window.first_key, window.next_key))


@given(st.lists(st.text(max_size=400), max_size=40))
def test_one_entry_is_bounded_and_keeps_head_and_tail(snapshots: list[str]) -> None:
    transcript = Transcript(max_bytes=8192)
    for line, text in enumerate(itertools.accumulate(snapshots), 1):
        transcript.apply(Record(AGENT, 1, line, 0, 0, START, ToolOutput("c1", text, "bash")))
    whole = "".join(snapshots)
    for entry in transcript.entries():
        assert entry.size <= 8192 // 4 * 2 + ENTRY_OVERHEAD + 100
        assert entry.text == whole or (
            entry.text.startswith(whole[:1000]) and entry.text.endswith(whole[-1000:]) and "not kept" in entry.text
        )


@given(
    histories,
    st.lists(
        st.tuples(
            st.sampled_from(["prompt", "steer", "follow-up", "abort", "answer"]),
            st.sampled_from(["a", "go on", "/skill:x"]),
        ),
        max_size=3,
    ),
    st.sampled_from([Stage.PENDING, Stage.WRITTEN]),
)
def test_receipts_only_rise(history: list[Record], commands: list[tuple[str, str]], stage: Stage) -> None:
    book = ReceiptBook()
    last: dict[CommandId, Receipt] = {}
    for number, (verb, text) in enumerate(commands, 1):
        receipt = Receipt(CommandId(f"c{number}"), AGENT, verb, text, stage, START)
        book.add(receipt)
        last[receipt.id] = receipt
    agent = fresh_agent()
    for record in history:
        after = reduce_agent(agent, record)
        for receipt in book.observe(record, settled=agent.run_open and not after.run_open):
            before = last[receipt.id]
            assert not is_closed(before)
            assert receipt.stages[: len(before.stages)] == before.stages
            assert len(receipt.stages) > len(before.stages)
            assert receipt.stage is receipt.stages[-1][0]
            assert receipt.stage is not Stage.FAILED or receipt.reason
            last[receipt.id] = receipt
        agent = after
    assert {receipt.id for receipt in book.open_for(AGENT)} == {
        name for name, receipt in last.items() if not is_closed(receipt)
    }
