"""A blocker note beside each blocker of the feed: once, after the agent had its time, by one of several cockpits."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from cockpit.engine.coordination.blocker_notes import GRACE, BlockerNotes
from cockpit.engine.running_source import RunningSource
from cockpit.model.board import FeedItem, Note, Task
from cockpit.model.ids import TaskId
from cockpit.services.errors import ServiceUnreachable
from tests.engine.unit.control import FakeBoard
from tests.engine.unit.parts import Parts

TASK = Task(TaskId("t1"), "paint", "in_progress", assignee="builder")


def parts_with(*notes: Note) -> tuple[Parts, FakeBoard, BlockerNotes]:
    """Return a fleet whose agent has told the feed of a blocker of its task."""
    parts = Parts()
    board = parts.board
    assert board is not None
    board.tasks = (replace(TASK, notes=notes),)
    parts.state.set_tasks(board.tasks)
    parts.state.add_feed(
        [FeedItem("E1", "builder", "blocker_found", "no paint", parts.clock.now(), "the can is empty")]
    )
    running: Any = SimpleNamespace(name="", source=parts.source())
    return parts, board, BlockerNotes([cast(RunningSource, running)], parts.state, parts.store)


async def passing(seconds: float, notes: BlockerNotes) -> None:
    """Let the work go on for a time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await notes.run()


async def test_the_agent_has_its_time_and_then_the_note_is_written_once() -> None:
    _, board, notes = parts_with()
    await passing(GRACE - 6, notes)
    assert board.calls == []
    await passing(10 * GRACE, notes)
    assert board.calls == [("note", "t1", "no paint\n\nthe can is empty", "blocker")]


async def test_a_blocker_with_a_note_gets_no_second_one_and_a_sick_board_is_asked_again() -> None:
    _, board, notes = parts_with(Note("builder", "no paint", "blocker", 0.0))
    await passing(10 * GRACE, notes)
    assert board.calls == []
    _, board, notes = parts_with()
    board.error = ServiceUnreachable("no answer")
    await passing(3 * GRACE, notes)
    board.error = None
    await passing(3 * GRACE, notes)
    assert len(board.calls) == 1


async def test_where_another_cockpit_writes_them_this_one_does_not() -> None:
    parts, board, notes = parts_with()
    cast(Any, parts.memory.leases.others).add("blocker notes of ")
    await passing(10 * GRACE, notes)
    assert board.calls == []
