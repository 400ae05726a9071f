"""The feed's screen: events as they come, reports as sums, how fresh it is, and what can be done from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from textual.pilot import Pilot

from cockpit.model.board import FeedItem
from cockpit.model.commands.feed import PublishEvent
from cockpit.model.news.filters import wished
from cockpit.model.news.port import FeedLink, Freshness
from cockpit.ui.app import CockpitApp
from cockpit.ui.screens.feed import FeedScreen
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.scene import scene


def text_of(screen: FeedScreen) -> str:
    """Return what the list shows."""
    return "\n".join(str(row.content) for row in screen.rows.rows)


@asynccontextmanager
async def feed(engine: FakeEngine) -> AsyncIterator[tuple[Pilot[None], FeedScreen]]:
    """Open the feed over the scene."""
    app = CockpitApp(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("N")
        while not (isinstance(app.screen, FeedScreen) and app.screen.is_mounted and app.screen.rows.rows):
            await pilot.pause()
        yield pilot, app.screen


def report(number: int) -> FeedItem:
    """Return a report of tokens."""
    return FeedItem(f"r{number}", "lt-api", "token_update", "1000 tokens", NOW - 5)


async def test_reports_are_sums_and_no_lines_and_what_comes_is_followed() -> None:
    engine = scene()
    engine.change(replace(engine.fleet, feed=(*engine.fleet.feed, *map(report, range(3)))))
    async with feed(engine) as (pilot, screen):
        assert "1000 tokens" not in text_of(screen) and "token lifetime: draft or tests?" in text_of(screen)
        assert "3.0k tokens" in str(screen.query_one("#notes").render())
        new = FeedItem("new", "w-docs", "finding", "it is the cache", NOW)
        engine.change(replace(engine.fleet, feed=(*engine.fleet.feed, new)))
        screen.bridge.flush()
        await pilot.pause()
        assert screen.rows.cursor_key == "new"
        await pilot.press("up")
        engine.change(replace(engine.fleet, feed=(*engine.fleet.feed, replace(new, id="newer"))))
        screen.bridge.flush()
        await pilot.pause()
        assert screen.rows.cursor_key not in ("new", "newer") and not screen.following


async def test_a_stale_feed_says_since_when_and_what_to_do() -> None:
    engine = scene()
    engine.coordination.feed.links = (
        FeedLink("embedded", Freshness.STALE, NOW - 180, "401 Unauthorized (check the token: VERS_AUTH_TOKEN)"),
    )
    async with feed(engine) as (_pilot, screen):
        assert "stale since 3m" in str(screen.query_one("#where").render())
        assert "check the token" in str(screen.query_one("#trouble").render())


async def test_an_event_is_published_and_one_leads_to_its_agent() -> None:
    engine = scene()
    async with feed(engine) as (pilot, screen):
        await pilot.press("p")
        await pilot.pause()
        await pilot.press("tab", *"hello", "ctrl+s")
        await pilot.pause()
        assert engine.ordered == [PublishEvent("custom", "hello")]
        assert pilot.app.screen is screen
        await pilot.press("a")
        name = engine.fleet.feed[-1].agent
        agent = next(one for one in engine.fleet.agents if one.name == name)
        while pilot.app.screen is screen or screen.home.selected != agent.id:
            await pilot.pause()


def test_a_line_asks_for_types_agents_and_words() -> None:
    items = (
        FeedItem("1", "ada", "question", "Which port?", 1.0),
        FeedItem("2", "adam", "finding", "port 8080", 2.0),
        report(3),
    )
    asked = {line: [item.id for item in wished(items, line)] for line in ("", "port", "@ada is:q", "is:token", "@bob")}
    assert asked == {"": ["1", "2"], "port": ["1", "2"], "@ada is:q": ["1"], "is:token": ["r3"], "@bob": []}
