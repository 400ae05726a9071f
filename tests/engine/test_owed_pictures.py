"""What is owed is decided by one picture of board and feed, and outlives what these forget."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit.engine.clock import Clock
from cockpit.engine.coordination.answering import OwedAnswers
from cockpit.engine.coordination.owed import OwedWatch
from cockpit.engine.operation import OperationProgress
from cockpit.engine.state import FleetState
from cockpit.model.board import FeedItem, Note, Task
from cockpit.model.commands.owed import ReopenOwed, SettleOwed
from cockpit.model.ids import OperationId, TaskId
from cockpit.store.store import Store

NOTE = Note("w-1", "Which port?", "question", 100.0, "N1")
TASK = Task(TaskId("T1"), "Limiter", "in_progress", "w-1", notes=(NOTE,))


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    opened = await Store.open(tmp_path / "history.sqlite")
    yield opened
    await opened.close()


def keys(state: FleetState) -> list[str]:
    return [one.key for one in state.owed]


async def test_a_board_that_comes_while_the_disk_writes_settles_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = FleetState(Clock(), "embedded")
    before.set_tasks((TASK,), "embedded")
    await OwedWatch(before, store, frozenset({"embedded"})).look()
    assert keys(before) == ["note:T1:N1"]
    state = FleetState(Clock(), "embedded")
    keep: Callable[[Any], Awaitable[None]] = store.owed.keep

    async def slow(owed: Any) -> None:
        await keep(owed)
        state.set_tasks((TASK,), "embedded")

    monkeypatch.setattr(store.owed, "keep", slow)
    watch = OwedWatch(state, store, frozenset({"embedded"}))
    await watch.look()
    assert keys(state) == ["note:T1:N1"]
    await watch.look()
    assert keys(state) == ["note:T1:N1"] and await store.owed.settled() == frozenset()


async def test_what_board_and_feed_forget_is_remembered_and_said_to_be_lost(store: Store) -> None:
    state = FleetState(Clock(), "embedded")
    watch = OwedWatch(state, store, frozenset({"embedded"}))
    state.set_tasks((TASK,), "embedded")
    state.add_feed([FeedItem("E1", "w-2", "blocker_found", "no disk", 101.0)])
    await watch.look()
    state.feed.clear()
    state.set_tasks((), "embedded")
    await watch.look()
    assert [(one.key, one.lost) for one in state.owed] == [("note:T1:N1", True), ("event:E1", False)]
    state.add_feed([FeedItem("E2", "operator", "custom", "take mine", 102.0, answers="E1")])
    await watch.look()
    assert keys(state) == ["note:T1:N1"]


async def test_what_is_reopened_while_somebody_looks_is_not_settled_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = FleetState(Clock(), "embedded")
    watch = OwedWatch(state, store, frozenset({"embedded"}))
    state.set_tasks((TASK,), "embedded")
    await watch.look()
    await store.owed.settle(keys(state))
    settled, opened = store.owed.settled, store.owed.open

    async def reopened_after(read: Callable[[], Awaitable[Any]]) -> Any:
        found = await read()
        await store.owed.reopen("note:T1:N1")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(store.owed, "settled", lambda: reopened_after(settled))
        patched.setattr(store.owed, "open", lambda: reopened_after(opened))
        await watch.look()
    await watch.look()
    assert keys(state) == ["note:T1:N1"] and await store.owed.settled() == frozenset()


async def test_what_is_settled_while_somebody_looks_is_not_shown_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = FleetState(Clock(), "embedded")
    watch = OwedWatch(state, store, frozenset({"embedded"}))
    state.add_feed([FeedItem("E1", "w-2", "blocker_found", "no disk", 101.0)])
    state.set_tasks((TASK,), "embedded")
    await watch.look()
    state.feed.clear()
    settled, opened = store.owed.settled, store.owed.open

    async def settled_after(read: Callable[[], Awaitable[Any]]) -> Any:
        found = await read()
        await store.owed.settle(["note:T1:N1", "event:E1"])
        return found

    with monkeypatch.context() as patched:
        patched.setattr(store.owed, "settled", lambda: settled_after(settled))
        patched.setattr(store.owed, "open", lambda: settled_after(opened))
        await watch.look()
    assert keys(state) == []


async def test_to_hear_of_one_again_leaves_the_others_as_they_are_shown(store: Store) -> None:
    state = FleetState(Clock(), "embedded")
    watch = OwedWatch(state, store, frozenset({"embedded"}))
    state.set_tasks((TASK,), "embedded")
    state.add_feed([FeedItem("E1", "w-2", "blocker_found", "no disk", 101.0)])
    await watch.look()
    state.set_tasks((), "embedded")
    await watch.look()
    never: Any = None
    acts = OwedAnswers(state, store, never, never)
    progress = OperationProgress(state, OperationId("op"), "reopen", "w-2")
    await acts.carry_out(SettleOwed("event:E1"), progress)
    shown = [(one.key, one.lost) for one in state.owed]
    await acts.carry_out(ReopenOwed("event:E1"), progress)
    assert [(one.key, one.lost) for one in state.owed] == [*shown, ("event:E1", False)]


async def test_figures_of_agents_are_no_reason_to_look(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    state = FleetState(Clock(), "embedded")
    watch = OwedWatch(state, store, frozenset({"embedded"}))
    looks: list[int] = []
    look = watch.look

    async def counted() -> None:
        looks.append(len(state.feed))
        await look()

    monkeypatch.setattr(watch, "look", counted)
    running = asyncio.create_task(watch.run())
    await state.until(lambda: bool(looks), 10.0)
    for number in range(200):
        state.add_feed([FeedItem(f"F{number:03}", "w-1", "token_update", "1 token", float(number))])
        await asyncio.sleep(0)
    assert len(looks) == 1
    state.add_feed([FeedItem("Q1", "w-1", "question", "Which port?", 300.0)])
    assert await state.until(lambda: keys(state) == ["event:Q1"], 10.0)
    state.add_feed([FeedItem("X1", "operator", "custom", "8080", 301.0, answers="Q1")])
    assert await state.until(lambda: keys(state) == [], 10.0)
    assert len(looks) == 3
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
