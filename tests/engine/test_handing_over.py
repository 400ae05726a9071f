"""Handing a task over: the board changes on the agent's word alone, also where the cockpit ended in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from cockpit.engine.clock import Clock
from cockpit.engine.commands import hand_over
from cockpit.engine.commands.hand_over import HandOvers
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, Refused, Undecided
from cockpit.model.board import Task
from cockpit.model.commands.agent import AgentCommand, Prompt
from cockpit.model.commands.board import HandOverTask
from cockpit.model.ids import CommandId, OperationId, TaskId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.services.board import BoardClient
from cockpit.services.http import ServiceHttp
from cockpit.store.store import Store
from tests.embedded.api.fakes import make_world
from tests.engine.unit.parts import AGENT, agent_on


class Refusing(httpx.AsyncBaseTransport):
    """A board that can be made to answer no change."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.sick = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.sick and request.method == "PATCH":
            return httpx.Response(503)
        return await self._inner.handle_async_request(request)


class Scene:
    """A board with a task, an agent, a store on the disk, and receipts that a test moves."""

    def __init__(self, store: Store) -> None:
        world = make_world()
        self.transport = Refusing(world.transport)
        self.board = BoardClient(ServiceHttp("http://services.test", world.token, transport=self.transport))
        self.store = store
        self.state = FleetState(Clock(), "test")
        self.state.put_agent(agent_on())
        self.sent: list[Prompt] = []
        self.then: Callable[[CommandId], None] = lambda command: self.moves(command, Stage.ACCEPTED)
        self.source: Any = SimpleNamespace(name="test", board=self.board)
        self.hand_overs = HandOvers(self.state, store, cast(Source, self.source), self._dispatch)

    def _dispatch(self, command: AgentCommand, command_id: CommandId) -> CommandId:
        assert isinstance(command, Prompt)
        self.sent.append(command)
        self.state.put_receipt(Receipt(command_id, command.agent, "prompt", command.text, Stage.PENDING, 0.0))
        self.then(command_id)
        return command_id

    def moves(self, command: CommandId, stage: Stage, reason: str = "") -> None:
        """Let a receipt be at a stage."""
        self.state.put_receipt(replace(self.state.receipts[command], stage=stage, reason=reason))

    async def task(self, **fields: Any) -> Task:
        """Put a task on the board."""
        return await self.board.create("paint", "operator", **fields)

    async def hand(self, task: Task) -> None:
        """Hand a task to the agent."""
        progress = OperationProgress(self.state, OperationId("ck-1"), "hand over", "builder")
        await self.hand_overs.carry_out(HandOverTask(task.id, AGENT), progress)

    async def shown(self, task: Task) -> tuple[str, str]:
        """Return what the board shows of a task."""
        now = await self.board.get(task.id)
        return now.status, now.assignee

    async def left(self) -> list[TaskId]:
        """Return the tasks on their way."""
        return [row.task for row in await self.store.hand_overs.rows()]

    async def looked(self) -> None:
        """Let one look for what was left pass."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(hand_over.LOOK_INTERVAL / 2):
                await self.hand_overs.run()


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Scene]:
    store = await Store.open(path / "history")
    try:
        yield Scene(store)
    finally:
        await store.close()


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_over, "LOOK_INTERVAL", 0.2)
    monkeypatch.setattr(hand_over, "ACCEPT_LIMIT", 0.2)


pytestmark = pytest.mark.usefixtures("_soon")


async def test_the_board_changes_once_the_agent_accepted_and_not_before(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        task = await scene.task(description="all walls\n\nAccepted when no wall is bare", tags=["p1"])
        asked = asyncio.Event()
        scene.then = lambda command: asked.set()
        handing = asyncio.create_task(scene.hand(task))
        await asked.wait()
        assert await scene.shown(task) == ("open", "")
        assert await scene.left() == [task.id]
        scene.moves(next(iter(scene.state.receipts)), Stage.QUEUED)
        await handing
        assert await scene.shown(task) == ("in_progress", "builder")
        assert await scene.left() == []
        (prompt,) = scene.sent
        assert task.id in prompt.text and "all walls\n\nAccepted when no wall is bare" in prompt.text


@pytest.mark.parametrize("stage", [Stage.FAILED, Stage.DISMISSED])
async def test_a_refusal_leaves_the_board_as_it_was(tmp_path: Path, stage: Stage) -> None:
    async with opened(tmp_path) as scene:
        task = await scene.task()
        scene.then = lambda command: scene.moves(command, stage, "no key")
        with pytest.raises(Refused, match=r"builder did not take it: no key.*the board is as it was"):
            await scene.hand(task)
        assert (await scene.shown(task), await scene.left()) == (("open", ""), [])


async def test_an_unconfirmed_one_changes_the_board_when_the_stream_shows_it_and_only_then(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        task = await scene.task()
        scene.then = lambda command: scene.moves(command, Stage.UNCONFIRMED, "the link dropped")
        with pytest.raises(Undecided, match="whether builder has it is not known: the link dropped"):
            await scene.hand(task)
        await scene.looked()
        assert (await scene.shown(task), await scene.left()) == (("open", ""), [task.id])
        scene.moves(next(iter(scene.state.receipts)), Stage.CONSUMED)
        await scene.looked()
        assert (await scene.shown(task), await scene.left()) == (("in_progress", "builder"), [])


async def test_a_late_word_changes_nothing_that_somebody_else_has_changed(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        task = await scene.task()
        scene.then = lambda command: scene.moves(command, Stage.UNCONFIRMED, "the link dropped")
        with pytest.raises(Undecided):
            await scene.hand(task)
        await scene.board.patch(task.id, assignee="ada", status="in_progress")
        scene.moves(next(iter(scene.state.receipts)), Stage.DONE)
        await scene.looked()
        assert (await scene.shown(task), await scene.left()) == (("in_progress", "ada"), [])


async def test_a_cockpit_that_ends_between_acceptance_and_board_is_finished_by_the_next(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        task, board = await scene.task(), scene.board
        scene.transport.sick = True
        with pytest.raises(Undecided, match="builder has it, and the board does not show that yet"):
            await scene.hand(task)
        for receipt in scene.state.receipts.values():
            await scene.store.save_receipt(receipt)
        scene.transport.sick = False
    async with opened(tmp_path) as after:
        after.source.board = board
        after.board = board
        await after.looked()
        assert (await after.shown(task), await after.left()) == (("in_progress", "builder"), [])
        assert after.sent == []


async def test_a_prompt_that_never_went_is_forgotten_and_the_board_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as scene:
        task, board = await scene.task(), scene.board
        scene.then = lambda command: None
        with pytest.raises(Undecided, match="it did not answer"):
            await scene.hand(task)
    async with opened(tmp_path) as after:
        after.source.board = after.board = board
        await after.looked()
        assert await after.left() == [task.id], "its receipt may be about to be written"
        monkeypatch.setattr(hand_over, "NEVER_SENT", -1.0)
        await after.looked()
        assert (await after.shown(task), await after.left()) == (("open", ""), [])


async def test_what_a_living_cockpit_carries_out_no_other_finishes(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene, opened(tmp_path) as other:
        other.source.board = scene.board
        task = await scene.task()
        asked = asyncio.Event()
        scene.then = lambda command: asked.set()
        handing = asyncio.create_task(scene.hand(task))
        await asked.wait()
        (command,) = scene.state.receipts
        await other.store.save_receipt(replace(scene.state.receipts[command], stage=Stage.ACCEPTED))
        await other.looked()
        assert await scene.shown(task) == ("open", "")
        scene.moves(command, Stage.FAILED, "no key")
        with pytest.raises(Refused):
            await handing
        assert await other.left() == []


async def test_a_task_that_is_done_or_gone_meanwhile_is_not_sent(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        done, gone = await scene.task(status="done"), await scene.task()
        await scene.board.delete(gone.id)
        for task in (done, gone):
            with pytest.raises(CockpitError, match=r"is done already|there is no task"):
                await scene.hand(task)
        assert (scene.sent, await scene.left()) == ([], [])
