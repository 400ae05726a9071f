"""A task of the board on real pi: handed over, worked on, reported, and the feed told of the prompt once."""

from __future__ import annotations

import pytest

from cockpit.model.board import FeedItem
from cockpit.model.commands.board import CreateTask, HandOverTask
from cockpit.model.receipts.receipt import Stage
from tests.fleets import FleetUnderTest, order, spawned, until
from tests.real_pi.installations import EXTREMES, MODEL
from tests.real_pi.test_cockpit_on_pi import bash, fleet, pi, tools

__all__ = ["fleet", "pi"]

pytestmark = pytest.mark.parametrize("pi", EXTREMES, indirect=True)


async def test_a_task_from_the_hand_over_to_the_review(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "ada", program="pi", model=MODEL)
        said = tools(bash("board mine"), bash("board finding 'two walls'"), bash("board submit 'all dry'"))
        await order(engine, CreateTask("Paint", f"{said}\n\nAccepted when dry."))
        await until(engine, lambda: len(engine.fleet.tasks) == 1, "the task is on the board")
        (task,) = engine.fleet.tasks
        handed = await order(engine, HandOverTask(task.id, agent.id))
        assert handed.stage is Stage.DONE
        board = engine.running[0].source.board
        feed = engine.running[0].source.feed
        assert board is not None and feed is not None
        await until(engine, lambda: any(one.status == "in_review" for one in engine.fleet.tasks), "it is handed in")
        now = await board.get(task.id)
        assert now.assignee == "ada"
        assert [(note.author, note.kind, note.content) for note in now.notes] == [
            ("ada", "finding", "two walls"),
            ("ada", "update", "all dry"),
        ]

        def of_prompt() -> list[FeedItem]:
            return [event for event in engine.fleet.feed if event.place]

        await until(engine, lambda: len(of_prompt()) == 2, "begin and end are on the feed")
        assert [event.kind for event in of_prompt()] == ["agent_started", "agent_stopped"]
        kinds = [event.kind for event in await feed.list_events(agent="ada")]
        assert kinds.count("finding") == kinds.count("task_completed") == 1
