"""Names and tasks of several workers."""

from __future__ import annotations

import pytest

from cockpit.model.commands import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.workers import fault_of_tasks, numbered, spawn_each, tasks_in


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("", ()),
        (" \n\t\n", ()),
        ("one\n\n  two  \r\nthree", ("one", "two", "three")),
        (
            "first line\nsecond line\n---\nanother\n\nwith a gap\n--- \n",
            ("first line\nsecond line", "another\n\nwith a gap"),
        ),
        ("---- is text\n- so is this", ("---- is text", "- so is this")),
    ],
)
def test_tasks_are_lines_or_blocks(text: str, tasks: tuple[str, ...]) -> None:
    assert tasks_in(text) == tasks


def test_names_are_numbered_past_those_that_are_taken_and_never_too_long() -> None:
    assert numbered("worker", 1, {"x"}) == ("worker",)
    assert numbered("worker", 3, {"worker-2"}) == ("worker-1", "worker-3", "worker-4")
    long = numbered("w" * 64, 11)
    assert all(len(name) == 64 for name in long) and len(set(long)) == 11


@pytest.mark.parametrize(
    ("count", "tasks", "given"),
    [
        (3, (), ("", "", "")),
        (3, ("all",), ("all", "all", "all")),
        (3, ("a", "b", "c"), ("a", "b", "c")),
        (1, ("a",), ("a",)),
    ],
)
def test_one_task_is_everybodys_and_several_are_shared_out(
    count: int, tasks: tuple[str, ...], given: tuple[str, ...]
) -> None:
    wanted = Spawn("w", AgentKind.WORKER, labels=("x",))
    made = spawn_each(wanted, count, tasks)
    assert tuple(command.task for command in made) == given
    assert len({command.name for command in made}) == count
    assert all(command.labels == ("x",) for command in made)


def test_what_does_not_fit_is_said() -> None:
    assert fault_of_tasks(2, ("a", "b")) == fault_of_tasks(2, ("a",)) == fault_of_tasks(2, ()) == ""
    assert "2 tasks for 3 workers" in fault_of_tasks(3, ("a", "b"))
    assert "1 to" in fault_of_tasks(0, ()) and "1 to" in fault_of_tasks(10_000, ())
