"""Filters of tasks: one line asks for tags, people, columns and words."""

from __future__ import annotations

import pytest

from cockpit.model.board import Task
from cockpit.model.ids import TaskId
from cockpit.model.tasks.filters import TaskFilter, filtered

TASKS = (
    Task(
        TaskId("1"), "Paint the hall", "open", "ada", created_by="vitruvius", tags=("art", "p1"), description="in Blue"
    ),
    Task(TaskId("2"), "Paint the door", "in_review", "", created_by="bob", tags=("Art",)),
    Task(TaskId("3"), "Sweep", "done", "adam", created_by="bob"),
)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("", "123"),
        ("paint", "12"),
        ("paint DOOR", "2"),
        ("blue", "1"),
        ("#art", "12"),
        ("#art #p1", "1"),
        ("#ar paint", "12"),
        ("@ada", "13"),
        ("@nobody", "2"),
        ("by:bo", "23"),
        ("is:in", "2"),
        ("is:open is:done", "13"),
        ("# @ by:", "123"),
        ("@ada #art sweep", ""),
    ],
)
def test_a_line_narrows(line: str, wanted: str) -> None:
    assert "".join(task.id for task in filtered(TASKS, line)) == wanted


def test_whole_names_are_told_from_beginnings() -> None:
    assert [task.id for task in TASKS if TaskFilter(assignees=("ada",)).fits(task)] == ["1"]
    assert [task.id for task in TASKS if TaskFilter(tags=("art",)).fits(task)] == ["1"]
