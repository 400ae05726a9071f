"""A task as a text: whatever it holds comes back as it was, and what cannot be read is told with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.board import Note, Task, TaskContent, content_of
from cockpit.model.ids import TaskId
from cockpit.model.tasks.text import Unreadable, read_text, text_of

ANYTHING = st.text(st.characters(codec="utf-8"), max_size=60)
HOSTILE = st.one_of(
    ANYTHING,
    st.sampled_from(
        [
            "--- description",
            "--- new note (update)",
            "\\--- x",
            '"',
            '"a',
            "a, b",
            "#",
            "# no",
            "title: x",
            "\x1b[31m",
            "\r",
        ]
    ),
)
LINES = st.lists(HOSTILE, max_size=4).map("\n".join)
SOME = HOSTILE.filter(lambda text: bool(text.strip()))

tasks = st.builds(
    Task,
    id=st.builds(TaskId, SOME),
    title=SOME,
    status=st.sampled_from(["open", "in_review", "waiting for god", "x: y"]),
    assignee=HOSTILE,
    description=LINES,
    created_by=HOSTILE,
    tags=st.lists(SOME, max_size=3).map(tuple),
    dependencies=st.lists(SOME.map(TaskId), max_size=3).map(tuple),
    notes=st.lists(st.builds(Note, HOSTILE, LINES, HOSTILE, st.just(0.0)), max_size=2).map(tuple),
    created_at=st.just(1.0),
)


@given(tasks, st.dictionaries(SOME, HOSTILE, max_size=2))
def test_a_text_that_nobody_edited_asks_for_no_change(task: Task, titles: dict[str, str]) -> None:
    read = read_text(text_of(task, titles, 100.0), content_of(task))
    assert read.content == content_of(task)
    assert read.note == ""


@pytest.mark.parametrize("other", ["#", "# 1", "", "a b", '"', "waits for:", "title: x", "---", "\u2028", ","])
def test_any_id_may_be_waited_for(other: str) -> None:
    task = Task(TaskId("1"), "paint", "open", dependencies=(TaskId(other), TaskId("2")))
    assert read_text(text_of(task, {}, 0.0), content_of(task)).content == content_of(task)


@given(tasks, tasks)
def test_what_was_edited_is_read_although_others_stand_beside_it(task: Task, other: Task) -> None:
    mine = content_of(other)
    read = read_text(text_of(task, {}, 0.0, mine, beside="--- description\nthe title is 'x' there"), mine)
    assert read.content == mine


@given(ANYTHING)
def test_any_text_is_read_or_refused_with_a_line(text: str) -> None:
    before = TaskContent("paint")
    try:
        read = read_text(text, before)
    except Unreadable as problem:
        assert 1 <= problem.line <= text.count("\n") + 1
    else:
        assert read.content.title


TASK = Task(TaskId("01J"), "paint", "open", tags=("art",), dependencies=(TaskId("01A"),), description="a bird")


def edited(old: str, new: str) -> str:
    """Return the text of the task with one change in it."""
    text = text_of(TASK, {"01A": "buy paint"}, 0.0)
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title: paint", "title:", "line 4: a task needs a title"),
        ("status: open", "status: reveiw", "line 5: there is no column 'reveiw'"),
        ("assignee: ", "asignee: ada", "line 6: 'asignee: ada' is none of"),
        ("tags: art", 'tags: "art', "line 7: the quotation marks are not closed"),
        ("tags: art", 'tags: "art" "b"', "line 7: a comma is missing before"),
        ("tags: art", "tags: art\ntitle: b", "line 8: title is there a second time, first in line 4"),
        ("--- description", "", "the line '--- description' is missing"),
        ("a bird", "--- a bird", "line 11: a line that begins with --- begins a part"),
        ("(update)", "(praise)\nvery good", "line 12: there are no notes of type 'praise'"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read_text(edited(old, new), content_of(TASK))
    assert said in str(raised.value)


def test_every_part_can_be_changed() -> None:
    text = edited("title: paint", "title: draw")
    text = text.replace("status: open", "status: in_review").replace("assignee: ", "assignee: ada")
    text = text.replace("tags: art", "tags: art, birds").replace("  01A  buy paint", "  01A  buy paint\n  01B")
    text = text.replace("a bird", "two birds\n\\--- and a rule").replace("(update)", "(question)")
    text = text.replace("--- not read", "which bird?\n--- not read")
    read = read_text(text, content_of(TASK))
    assert read.content == TaskContent(
        "draw", "two birds\n--- and a rule", "in_review", "ada", ("art", "birds"), (TaskId("01A"), TaskId("01B"))
    )
    assert (read.note_kind, read.note) == ("question", "which bird?")
