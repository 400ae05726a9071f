"""What waits for the operator's answer is told by board and feed alone, whatever stands there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.board import FeedItem, Note, Task
from cockpit.model.ids import TaskId
from cockpit.model.owed import MOST_OWED, TEXT_LIMIT, OwedKind, answers_in, mark, owed_by_operator

QUESTION = Note("w-1", "Which port?", "question", 100.0, "N1")
TASK = Task(TaskId("T1"), "Limiter", "in_progress", "w-1", notes=(QUESTION,))
ASKED = FeedItem("E1", "w-1", "question", "Which port?", 100.0)


def keys(tasks: tuple[Task, ...] = (), feed: tuple[FeedItem, ...] = ()) -> list[str]:
    return [owed.key for owed in owed_by_operator(tasks, feed)]


def with_note(*notes: Note) -> tuple[Task, ...]:
    return (replace(TASK, notes=(*TASK.notes, *notes)),)


def test_a_question_on_the_board_is_owed_with_its_words() -> None:
    (owed,) = owed_by_operator((TASK,), ())
    assert (owed.kind, owed.asker, owed.text, owed.task, owed.title) == (
        OwedKind.QUESTION,
        "w-1",
        "Which port?",
        "T1",
        "Limiter",
    )
    assert owed.reference == "N1"


@pytest.mark.parametrize(
    ("later", "answered"),
    [
        (Note("operator", "8080 [re N1]", "update", 101.0, "N2"), True),
        (Note("somebody", "8080 [re N1]", "finding", 101.0, "N2"), True),
        (Note("operator", "take 8080", "update", 101.0, "N2"), True),
        (Note("coordinator-shop", "take 8080", "update", 101.0, "N2"), True),
        (Note("operator", "about the other one [re N9]", "update", 101.0, "N2"), False),
        (Note("w-1", "still waiting", "update", 101.0, "N2"), False),
        (Note("w-2", "me too", "finding", 101.0, "N2"), False),
        (Note("coordinators", "not one of them", "update", 101.0, "N2"), False),
        (Note("operator", "why?", "question", 101.0, "N2"), False),
    ],
)
def test_what_answers_a_note(later: Note, answered: bool) -> None:
    assert ("note:T1:N1" not in keys(with_note(later))) is answered


def test_what_was_said_before_the_question_answers_nothing() -> None:
    task = replace(TASK, notes=(Note("operator", "go", "update", 99.0, "N0"), QUESTION))
    assert keys((task,)) == ["note:T1:N1"]


def test_a_task_that_is_done_owes_nothing() -> None:
    assert keys((replace(TASK, status="done"),), (replace(ASKED, task=TaskId("T1")),)) == []


def test_an_event_and_its_note_are_one_matter() -> None:
    assert keys((TASK,), (ASKED,)) == ["note:T1:N1"]
    answered = with_note(Note("operator", "8080 [re N1]", "update", 101.0, "N2"))
    assert keys(answered, (ASKED,)) == []


@pytest.mark.parametrize(
    "event",
    [
        replace(ASKED, agent="w-2"),
        replace(ASKED, kind="blocker_found"),
        replace(ASKED, at=100.0 + 601.0),
        replace(ASKED, summary="Which host?"),
        replace(ASKED, task=TaskId("T2")),
    ],
)
def test_another_matter_stands_beside_the_note(event: FeedItem) -> None:
    assert sorted(keys((TASK,), (event,))) == ["event:E1", "note:T1:N1"]


def test_a_question_is_its_words_and_not_what_programs_read() -> None:
    (plain,) = owed_by_operator((), (replace(ASKED, detail="8080 is taken"),))
    (made,) = owed_by_operator((), (replace(ASKED, detail='{"taskId": "T1"}'),))
    assert (plain.text, made.text) == ("Which port?\n\n8080 is taken", "Which port?")


def test_an_event_is_answered_by_an_event_or_by_a_note_that_names_it() -> None:
    assert keys((), (ASKED,)) == ["event:E1"]
    assert keys((), (ASKED, FeedItem("E2", "operator", "custom", "8080", 101.0, answers="E1"))) == []
    assert keys((replace(TASK, notes=(Note("operator", "8080 [re E1]", "update", 101.0),)),), (ASKED,)) == []


def test_who_finished_the_task_since_then_waits_no_longer() -> None:
    about = replace(ASKED, task=TaskId("T1"))
    done = FeedItem("E2", "w-1", "task_completed", "done", 101.0, task=TaskId("T1"))
    assert keys((), (about, done)) == []
    assert keys((), (about, replace(done, task=TaskId("T2")))) == ["event:E1"]
    assert keys((), (about, replace(done, agent="w-2"))) == ["event:E1"]
    assert keys((), (done, about)) == ["event:E1"]


_texts = st.text(max_size=40) | st.sampled_from(["Which port?", "[re N1]", "[re [re E1]]", "\x1b[31m", "\u202e"])
_notes = st.builds(
    Note,
    author=_texts | st.sampled_from(["operator", "coordinator-x"]),
    content=_texts,
    kind=st.sampled_from(["question", "blocker", "update", "finding", "", "novel"]),
    created_at=st.floats(0, 1e10),
    id=st.sampled_from(["", "N1", "N2", "a b]", "x" * 300]),
)
_tasks = st.builds(
    Task,
    id=st.sampled_from([TaskId("T1"), TaskId("T2"), TaskId("T:3")]),
    title=_texts,
    status=st.sampled_from(["open", "in_progress", "done", "novel"]),
    notes=st.lists(_notes, max_size=5).map(tuple),
)
_events = st.builds(
    FeedItem,
    id=st.uuids().map(str),
    agent=_texts,
    kind=st.sampled_from(["question", "blocker_found", "task_completed", "custom"]),
    summary=_texts,
    at=st.floats(0, 1e10),
    task=st.sampled_from([None, TaskId("T1"), TaskId("T9")]),
    answers=_texts,
)


@given(tasks=st.lists(_tasks, max_size=4, unique_by=lambda task: task.id), feed=st.lists(_events, max_size=8))
def test_whatever_stands_there_an_answer_settles_exactly_what_it_names(tasks: list[Task], feed: list[FeedItem]) -> None:
    owed = owed_by_operator(tasks, feed)
    assert all(len(one.text) <= TEXT_LIMIT for one in owed)
    assert [one.at for one in owed] == sorted(one.at for one in owed)
    for one in owed:
        if one.key.startswith("event:"):
            answer = FeedItem("answer", "operator", "custom", "x", 2e10, answers=one.reference)
            after = owed_by_operator(tasks, [*feed, answer])
            assert {other.key for other in after} == {other.key for other in owed} - {one.key}
        else:
            note = Note("operator", f"x {mark(one.reference)}", "update", 2e10, "ANSWER")
            others = [replace(task, notes=(*task.notes, note)) if task.id == one.task else task for task in tasks]
            left = {other.key for other in owed_by_operator(others, feed)}
            assert one.key not in left
            assert {other.key for other in owed if other.reference != one.reference} <= left


def test_a_swarm_gone_wild_is_bounded() -> None:
    feed = [FeedItem(f"E{at}", "w", "question", f"{at}?", float(at)) for at in range(MOST_OWED + 50)]
    owed = owed_by_operator((), feed)
    assert len(owed) == MOST_OWED and owed[-1].key == f"event:E{MOST_OWED + 49}"


def test_the_mark_is_read_back() -> None:
    assert answers_in(f"take 8080 {mark('01M7')} and {mark('01M8')}") == {"01M7", "01M8"}
    assert answers_in("[re ] [re a b] re c") == frozenset()
