"""Begin, end and failure of each prompt on the feed: once, whoever reads it, and over the end of a cockpit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from cockpit.engine.clock import Clock
from cockpit.engine.cockpit_id import cockpit_id
from cockpit.engine.coordination import announcing
from cockpit.engine.coordination.announcing import Announcer
from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.model.board import Task
from cockpit.model.content import Usage
from cockpit.model.events import RunStarted
from cockpit.model.fleet import Activity, ActivityState, Agent, Process, ProcessState
from cockpit.model.ids import TaskId
from cockpit.model.scaffold import Scaffold
from cockpit.services.feed import FeedClient
from cockpit.services.http import ServiceHttp
from cockpit.store.store import Store
from tests.embedded.api.fakes import make_world
from tests.engine.unit.parts import AGENT, agent_on, record

PLACE = "r1:500"


class Feed(httpx.AsyncBaseTransport):
    """The services, whose answers to what is published can be lost."""

    def __init__(self) -> None:
        self.world = make_world()
        self.lost = False

    def client(self) -> FeedClient:
        """Return a client."""
        return FeedClient(ServiceHttp("http://services.test", self.world.token, transport=self))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.world.transport.handle_async_request(request)
        if self.lost and request.method == "POST":
            raise httpx.ReadError("connection reset by peer")
        return answer

    async def kinds(self) -> list[str]:
        """Return what was published, in order."""
        return [event.kind for event in await self.client().list_events()]


class Cockpit:
    """One cockpit: its store, its fleet with one agent, and what announces."""

    def __init__(self, store: Store, feed: Feed, reports: str) -> None:
        self.store = store
        self.state = FleetState(Clock(), "test")
        process = Process(ProcessState.ALIVE, run_id="r1", scaffold=Scaffold(reports=reports))
        self.state.put_agent(replace(agent_on(), process=process))
        running: Any = SimpleNamespace(
            name="",
            source=SimpleNamespace(told_to=feed.client()),
            agent_sessions=SimpleNamespace(read_to_the_end=lambda: frozenset({AGENT})),
        )
        self.announcer = Announcer([cast(RunningSource, running)], self.state, store)

    @property
    def agent(self) -> Agent:
        """The agent as it is now."""
        return self.state.agents[AGENT]

    def began(self) -> None:
        """Let a run begin."""
        self.announcer.run_began(self.agent, record(5, RunStarted()))

    def ended(self, state: ActivityState = ActivityState.IDLE, error: str = "") -> None:
        """Let the run end."""
        spent = replace(self.agent, turns=3, usage=Usage(input=7, output=5, cost=0.25))
        self.announcer.run_ended(replace(spent, activity=Activity(state, error=error)))

    async def works(self, seconds: float = 0.6) -> None:
        """Let it announce for a time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.announcer.run()


@contextlib.asynccontextmanager
async def cockpit(place: Path, feed: Feed, reports: str = "") -> AsyncIterator[Cockpit]:
    store = await Store.open(place)
    try:
        one = Cockpit(store, feed, reports or f"cockpit {await cockpit_id(store)}")
        store.leases.take(AGENT)
        yield one
    finally:
        await store.close()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "RETRY", 0.1)
    monkeypatch.setattr(announcing, "PAUSE", 0.05)
    monkeypatch.setattr(announcing, "OTHERS_FIRST", 0.2)


async def test_begin_end_and_failure_are_said_once_with_what_was_spent(tmp_path: Path) -> None:
    feed = Feed()
    async with cockpit(tmp_path / "h", feed) as one:
        one.state.set_tasks((Task(TaskId("T1"), "x", "in_progress", assignee="builder"),))
        one.began()
        one.began()
        one.ended(ActivityState.ERROR, "529 overloaded\nfor long")
        await one.works()
    events = await feed.client().list_events()
    assert [(event.kind, event.summary) for event in events] == [
        ("agent_started", "Agent builder started processing"),
        ("agent_stopped", "Agent builder finished (3 turns, 12 tokens, $0.25)"),
        ("task_failed", "builder failed: 529 overloaded for long"),
    ]
    assert events[2].detail == "529 overloaded\nfor long"
    assert {event.task for event in events} == {"T1"} and {event.place for event in events} == {PLACE}


@pytest.mark.parametrize("reports", ["extension", "none"])
async def test_who_reports_by_itself_or_is_anothers_is_left_alone(tmp_path: Path, reports: str) -> None:
    feed = Feed()
    async with cockpit(tmp_path / "h", feed, reports) as one:
        one.began()
        one.ended()
        await one.works()
    assert await feed.kinds() == []


async def test_the_next_cockpit_says_what_the_first_saw_and_no_more(tmp_path: Path) -> None:
    feed = Feed()
    async with cockpit(tmp_path / "h", feed) as one:
        one.began()
        feed.lost = True
        await one.works(0.3)
    feed.lost = False
    async with cockpit(tmp_path / "h", feed) as after:
        after.began()
        after.ended()
        await after.works()
    assert await feed.kinds() == ["agent_started", "agent_stopped"], "a lost answer is looked for, not repeated"


async def test_of_two_that_share_a_history_the_one_that_records_says_it(tmp_path: Path) -> None:
    feed = Feed()
    async with cockpit(tmp_path / "h", feed) as one, cockpit(tmp_path / "h", feed) as looker:
        for each in (one, looker):
            each.began()
            each.ended()
        await asyncio.gather(one.works(), looker.works())
    assert await feed.kinds() == ["agent_started", "agent_stopped"]


async def test_of_two_histories_the_one_that_started_it_says_it_and_the_other_if_nobody_did(tmp_path: Path) -> None:
    feed = Feed()
    async with cockpit(tmp_path / "a", feed) as one:
        scaffold = one.agent.process.scaffold
        assert scaffold is not None
        async with cockpit(tmp_path / "b", feed, scaffold.reports) as other:
            for each in (one, other):
                each.began()
            await asyncio.gather(one.works(), other.works())
            assert await feed.kinds() == ["agent_started"]
            other.ended()
            await other.works()
    assert await feed.kinds() == ["agent_started", "agent_stopped"]
