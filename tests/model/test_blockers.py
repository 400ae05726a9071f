"""Which blockers no note tells: each note tells one, by its words or by its time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.blockers import WINDOW, note_of, task_of, unnoted
from cockpit.model.board import FeedItem, Note, Task
from cockpit.model.ids import TaskId

WORDS = st.sampled_from(["no paint", "no brush", "", "no\npaint", "[x]"]) | st.text(max_size=8)
NAMES = st.sampled_from(["w-1", "w-2", "operator"])
TIMES = st.sampled_from([0.0, 100.0, 100.0 + WINDOW, 1_000.0])
EVENTS = st.lists(
    st.builds(FeedItem, st.uuids().map(str), NAMES, st.just("blocker_found"), WORDS, TIMES, WORDS),
    max_size=5,
    unique_by=lambda event: event.id,
)
NOTES = st.lists(st.builds(Note, NAMES, WORDS, st.sampled_from(["blocker", "update"]), TIMES), max_size=5)


@given(EVENTS, NOTES)
def test_once_the_missing_notes_are_written_none_is_missing(events: list[FeedItem], notes: list[Note]) -> None:
    missing = unnoted(events, notes)
    assert all(event in events and event.agent != "operator" for event in missing)
    written = [Note(event.agent, note_of(event), "blocker", event.at + 1) for event in missing]
    assert unnoted(events, [*notes, *written]) == []
    told = [event for event in events if event.agent != "operator"]
    having = sum(note.kind == "blocker" and note.author != "operator" for note in notes)
    assert len(missing) >= len(told) - having


def test_two_blockers_of_a_minute_need_two_notes_and_another_ones_note_is_no_help() -> None:
    first = FeedItem("E1", "w-1", "blocker_found", "no paint", 10.0)
    second = FeedItem("E2", "w-1", "blocker_found", "no brush", 20.0)
    note = Note("w-1", "There is no   paint\nhere", "blocker", 11.0)
    assert unnoted([second, first], [note]) == [second]
    assert unnoted([first], [Note("w-2", "no paint", "blocker", 11.0)]) == [first]
    assert unnoted([first], [Note("w-1", "the can is empty", "blocker", 40.0)]) == []


def test_a_note_that_was_written_for_one_blocker_leaves_none_missing_that_had_another() -> None:
    late = FeedItem("E1", "w-1", "blocker_found", "no paint", 300.0)
    early = FeedItem("E2", "w-1", "blocker_found", "no paint", 60.0)
    near_the_late_one = Note("w-1", "the can is empty", "blocker", 300.0)
    assert unnoted([late, early], [near_the_late_one]) == [early]
    written = Note("w-1", note_of(early), "blocker", early.at + 1)
    assert unnoted([late, early], [near_the_late_one, written]) == []


def test_the_task_is_the_one_named_or_the_only_one_begun() -> None:
    event = FeedItem("E1", "w-1", "blocker_found", "no paint", 10.0)
    mine = Task(TaskId("T1"), "x", "in_progress", assignee="w-1")
    other = Task(TaskId("T2"), "x", "blocked", assignee="w-1")
    assert task_of(event, [mine]) == "T1" and task_of(event, [mine, other]) is None and task_of(event, []) is None
    named = FeedItem("E2", "w-1", "blocker_found", "no paint", 10.0, task=TaskId("T9"))
    assert task_of(named, [mine]) == "T9"


def test_the_note_says_summary_and_detail_and_no_metadata() -> None:
    assert note_of(FeedItem("E", "w", "blocker_found", "no paint", 0.0, "the can is empty")) == (
        "no paint\n\nthe can is empty"
    )
    assert note_of(FeedItem("E", "w", "blocker_found", "no paint", 0.0, '{"taskId":"T"}')) == "no paint"
    assert note_of(FeedItem("E", "w", "blocker_found", "no paint", 0.0, "no paint at all")) == "no paint at all"
