"""Two changes of one task: both are kept, or the part in which they collide is named."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.board import TaskContent
from cockpit.model.ids import TaskId
from cockpit.model.tasks.merging import SINGLE, changed_parts, merge

word = st.sampled_from(["", "a", "b", "c"])
items = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=4, unique=True)
contents = st.builds(
    TaskContent,
    title=word,
    description=word,
    status=word,
    assignee=word,
    tags=items.map(tuple),
    dependencies=items.map(lambda ids: tuple(TaskId(one) for one in ids)),
)


@given(contents, contents)
def test_who_changes_alone_gets_exactly_that(before: TaskContent, mine: TaskContent) -> None:
    assert merge(before, mine, before).content == mine
    assert merge(before, mine, before).collisions == ()


@given(contents, contents)
def test_who_changes_nothing_gets_what_the_others_did(before: TaskContent, theirs: TaskContent) -> None:
    merged = merge(before, before, theirs)
    assert replace(merged.content, tags=(), dependencies=()) == replace(theirs, tags=(), dependencies=())
    assert set(merged.content.tags) == set(theirs.tags)
    assert merged.collisions == ()


@given(contents, contents, contents)
def test_what_either_did_is_done_or_named(before: TaskContent, mine: TaskContent, theirs: TaskContent) -> None:
    merged = merge(before, mine, theirs)
    named = {one.part for one in merged.collisions}
    for part in SINGLE:
        old, new, other = (getattr(one, part) for one in (before, mine, theirs))
        collide = len({old, new, other}) == 3
        assert (part in named) is collide
        expected = other if collide or new == old else new
        assert getattr(merged.content, part) == expected
    for part in ("tags", "dependencies"):
        old, new, other = (set(getattr(one, part)) for one in (before, mine, theirs))
        put_in = (new - old) | (other - old)
        taken_out = (old - new) | (old - other)
        assert set(getattr(merged.content, part)) == (old | put_in) - taken_out
        assert len(getattr(merged.content, part)) == len(set(getattr(merged.content, part)))


@given(contents, contents)
def test_the_parts_that_differ_are_named(first: TaskContent, second: TaskContent) -> None:
    parts = changed_parts(first, second)
    assert (parts == ()) is (first == second)
    assert replace(first, **{part: getattr(second, part) for part in parts}) == second
