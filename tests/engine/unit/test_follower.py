"""Following another cockpit: what that one stores is shown here, and its agent is ours the moment it lets go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from cockpit.engine.streams import follower as follower_module
from cockpit.engine.streams.follower import COMPARISON_INTERVAL, POLL, QUIET_LIMIT, Following, first_of
from cockpit.model import events as ev
from cockpit.model.fleet import ActivityState
from cockpit.model.receipts.receipt import Stage
from cockpit.remote.errors import CommandFailed, Dropped, FileChanged
from cockpit.remote.ssh.connection import Connection
from cockpit.store.errors import StoreError
from cockpit.store.rows import StoredCursor
from cockpit.store.writer import FLUSH_INTERVAL
from tests.engine.unit.connection import FakeConnection
from tests.engine.unit.parts import AGENT, BEGAN, OTHER_AGENT, OTHER_VM, Parts, agent_on, record

ANCHOR = '[0, "x"]'
IDENTITY = '[1, 2, 0, "x"]'
OVERLOADED = ev.MessageEnded("assistant", (), stop_reason="error", error="529")


class Other:
    """Another cockpit: it has the lease and stores what it reads."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        parts.memory.leases.others |= {AGENT, OTHER_AGENT}

    async def stores(self, *lines: int, event: ev.Event | None = None, at: float = BEGAN) -> None:
        """Store lines and the cursor behind them."""
        cursor = StoredCursor(1, lines[-1] * 100, lines[-1], IDENTITY, ANCHOR, at)
        await self.parts.memory.append(AGENT, [record(line, event, at=at) for line in lines], cursor)
        self.parts.memory.written_by_others = True

    def lets_go(self) -> None:
        """End."""
        self.parts.memory.leases.others.clear()


def follow(following: Following, looks: list[str] | None = None, agent: str = AGENT) -> asyncio.Task[None]:
    """Follow an agent in a task of its own."""
    noted = looks if looks is not None else []
    return asyncio.create_task(following.until_ours(cast(Any, agent), lambda: noted.append("look")))


async def test_what_another_stores_is_shown_until_it_lets_go() -> None:
    parts = Parts()
    other, following = Other(parts), parts.following()
    await other.stores(1, 2)
    task = follow(following)
    await asyncio.sleep(0.01)
    assert parts.agent.line == 2, "what was stored before is shown at once"
    await other.stores(3)
    await asyncio.sleep(2 * POLL)
    assert parts.agent.line == 3 and not task.done() and not following.is_ours(AGENT)
    other.lets_go()
    await asyncio.wait_for(task, 2 * POLL)
    assert following.is_ours(AGENT)
    await following.close()


async def test_what_was_stored_between_the_first_reading_and_the_first_look_is_not_lost() -> None:
    parts = Parts()
    other, following = Other(parts), parts.following()
    catching_up = parts.recorder.catch_up

    async def catch_up(agent: Any) -> None:
        await catching_up(agent)
        if parts.agent.line == 0:
            await other.stores(1)
            parts.memory.written_by_others = False  # The look of another agent has taken the news.

    parts.recorder.catch_up = catch_up  # type: ignore[method-assign,assignment]
    task = follow(following)
    await asyncio.sleep(3 * POLL)
    assert parts.agent.line == 1
    task.cancel()
    await following.close()


async def test_a_retry_that_is_stored_after_the_end_before_it_is_no_failure() -> None:
    parts = Parts()
    other, following = Other(parts), parts.following()
    receipt = parts.receipt(text="go")
    parts.state.put_receipts(parts.book.written(receipt.id, parts.clock.now()))
    events: tuple[ev.Event, ...] = (ev.RunStarted(), ev.MessageStarted("user", "go"), OVERLOADED)
    for line, event in enumerate(events, 1):
        await other.stores(line, event=event, at=parts.clock.now())
    following_it, passing = follow(following), asyncio.create_task(parts.recorder.keep_time())
    await asyncio.sleep(POLL)
    ended = parts.clock.now()
    await other.stores(4, event=ev.RunEnded(), at=ended)
    # What the agent wrote right behind it may come into the next transaction, and that be read by the look after it.
    await asyncio.sleep(FLUSH_INTERVAL)
    await other.stores(5, event=ev.RetryStarted(1, 3, 4.0, "529"), at=ended + 0.001)
    await asyncio.sleep(2 * POLL)
    assert parts.agent.activity.state is ActivityState.RETRYING
    assert parts.shown(receipt).stage is Stage.CONSUMED
    await other.stores(6, event=ev.RunEnded(), at=parts.clock.now())
    await asyncio.sleep(2.0)
    assert (parts.shown(receipt).stage, parts.shown(receipt).reason) == (Stage.FAILED, "529"), "nothing followed"
    for work in (following_it, passing):
        work.cancel()
    await following.close()


async def test_nothing_is_read_again_where_nothing_new_was_stored() -> None:
    parts = Parts()
    other, following = Other(parts), parts.following()
    await other.stores(1)
    task = follow(following)
    await asyncio.sleep(2 * POLL)
    asked: list[object] = []
    reading = parts.memory.records

    async def records(*arguments: Any, **options: Any) -> Any:
        asked.append(arguments)
        return await reading(*arguments, **options)

    parts.memory.records = records  # type: ignore[method-assign]
    await asyncio.sleep(20 * POLL)
    assert asked == []
    task.cancel()
    await following.close()


async def test_a_start_or_an_end_in_the_stream_asks_for_a_look_at_the_process() -> None:
    parts = Parts()
    other, following, looks = Other(parts), parts.following(), list[str]()
    task = follow(following, looks)
    await asyncio.sleep(2 * POLL)
    await other.stores(1)
    await asyncio.sleep(2 * POLL)
    assert looks == []
    await other.stores(2, event=ev.DaemonExited("r1", 1))
    await asyncio.sleep(2 * POLL)
    assert looks == ["look"]
    task.cancel()
    await following.close()


async def test_one_agents_trouble_ends_its_following_alone() -> None:
    parts = Parts()
    parts.state.put_agent(agent_on(OTHER_VM, "other"))
    other, following = Other(parts), parts.following()
    catching_up = parts.recorder.catch_up
    broken = False

    async def catch_up(agent: Any) -> None:
        if broken and agent == AGENT:
            raise StoreError("the record cannot be read")
        await catching_up(agent)

    parts.recorder.catch_up = catch_up  # type: ignore[method-assign,assignment]
    mine, theirs = follow(following), follow(following, agent=OTHER_AGENT)
    await asyncio.sleep(2 * POLL)
    broken = True
    await other.stores(1)
    with pytest.raises(StoreError, match="cannot be read"):
        await asyncio.wait_for(mine, 2 * POLL)
    await asyncio.sleep(2 * POLL)
    assert not theirs.done()
    other.lets_go()
    await asyncio.wait_for(theirs, 2 * POLL)
    await following.close()


@pytest.mark.parametrize("what", ["store", "leases"])
async def test_a_store_that_cannot_be_read_is_said(what: str) -> None:
    parts = Parts()
    Other(parts)
    following = parts.following()
    task = follow(following)
    await asyncio.sleep(2 * POLL)
    if what == "store":
        parts.memory.unreadable = "the file is gone"
    else:
        parts.memory.leases.broken = "no locks here"
    with pytest.raises(StoreError):
        await asyncio.wait_for(task, 2 * POLL)
    await following.close()


async def test_a_lease_goes_back_after_the_state_was_saved_also_if_that_fails() -> None:
    parts = Parts()
    following = parts.following()
    assert following.take(AGENT)
    parts.hears(ev.TurnEnded())
    held_at_saving: list[bool] = []
    saving = parts.memory.save_snapshot

    async def save_snapshot(*arguments: Any) -> None:
        held_at_saving.append(parts.memory.leases.holds(AGENT))
        await saving(*arguments)

    parts.memory.save_snapshot = save_snapshot  # type: ignore[method-assign,assignment]
    await following.let_go(AGENT)
    assert held_at_saving == [True] and not following.is_ours(AGENT)
    following.take(AGENT)
    parts.hears(ev.TurnEnded())

    async def fail(*arguments: Any) -> None:
        raise ZeroDivisionError

    parts.memory.save_snapshot = fail  # type: ignore[method-assign,assignment]
    with pytest.raises(ZeroDivisionError):
        await following.let_go(AGENT)
    assert not following.is_ours(AGENT)


# --- comparing with the file ---------------------------------------------------------------------------


class File:
    """The agent's file on its VM, whose length is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines = 0
        self.error: Exception | None = None
        self.asked = 0
        monkeypatch.setattr(follower_module, "lines_after", self._lines_after)

    async def _lines_after(self, connection: object, path: str, cursor: Any, *, timeout: float) -> int:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.lines - (cursor.line if cursor is not None else 0)


def compare(following: Following, level: Callable[[], None]) -> Coroutine[Any, Any, None]:
    """Compare store and file."""
    return following.until_behind(AGENT, cast(Connection, FakeConnection()), "/out", level)


async def test_a_store_that_keeps_up_is_compared_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    file, other, following, levels = File(monkeypatch), Other(parts), parts.following(), list[int]()
    await other.stores(1, 2)
    file.lines = 2
    task = asyncio.create_task(compare(following, lambda: levels.append(parts.agent.line)))
    await asyncio.sleep(1.0)
    assert levels == [2], "what the file held is shown when it is said to be level"
    file.lines = 3
    await asyncio.sleep(COMPARISON_INTERVAL + 1.0)
    assert levels == [2]
    await other.stores(3)
    await asyncio.sleep(1.0)
    assert levels == [2, 3]
    task.cancel()


async def test_a_store_that_stays_behind_is_told_and_what_it_missed_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = Parts()
    file, other, following = File(monkeypatch), Other(parts), parts.following()
    await other.stores(1)
    file.lines = 4
    began = parts.clock.now()
    await compare(following, lambda: None)
    assert QUIET_LIMIT <= parts.clock.now() - began < QUIET_LIMIT + 1
    level = asyncio.create_task(following.until_level(AGENT))
    await other.stores(2, 3)
    await asyncio.sleep(4 * POLL)
    assert not level.done(), "line 4 was there at the comparison"
    parts.recorder.fold_all([record(line) for line in range(1, 7)])
    await other.stores(4)
    await asyncio.sleep(4 * POLL)
    assert not level.done(), "lines 5 and 6 were read here meanwhile"
    await other.stores(5, 6)
    await asyncio.wait_for(level, 2 * POLL)


async def test_a_file_that_cannot_be_compared_is_asked_for_again_and_a_drop_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for error in (FileChanged("another file"), CommandFailed("no such file")):
        parts = Parts()
        file, other = File(monkeypatch), Other(parts)
        await other.stores(1)
        file.lines, file.error, levels = 1, error, list[int]()
        task = asyncio.create_task(compare(parts.following(), lambda levels=levels: levels.append(1)))  # type: ignore[misc]
        await asyncio.sleep(1.0)
        assert file.asked > 1 and levels == []
        file.error = None
        await asyncio.sleep(1.0)
        assert levels == [1]
        file.error = Dropped("gone")
        with pytest.raises(Dropped):
            await asyncio.wait_for(task, COMPARISON_INTERVAL + 1)


async def test_the_first_to_end_ends_the_others_and_what_any_raised_is_raised() -> None:
    course: list[str] = []

    async def work(name: str, seconds: float, error: Exception | None = None) -> None:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            course.append(f"{name} was ended")
            raise
        course.append(name)
        if error is not None:
            raise error

    await first_of(work("slow", 9.0), work("quick", 1.0))
    assert course == ["quick", "slow was ended"]
    with pytest.raises(StoreError):
        await first_of(work("slow", 9.0), work("broken", 1.0, StoreError("oh")))
