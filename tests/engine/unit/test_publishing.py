"""Each act is told to the feed once and in order, also while the cockpit is left."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.engine.clock import Clock
from cockpit.engine.coordination.publishing import PUBLISHED, Publisher
from cockpit.engine.describe import VERBS
from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.errors import TimedOut


class Feed:
    """A feed that takes what it is told one by one, after a first silence."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.silent = True

    async def publish(self, agent: str, kind: str, summary: str, **_more: Any) -> None:
        await asyncio.sleep(0)
        if self.silent:
            self.silent = False
            raise TimedOut("the feed is silent")
        self.told.append(f"{agent}: {summary}")


async def test_each_act_is_told_once_and_in_order_also_while_the_cockpit_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cockpit.engine.coordination.publishing.RETRY", 0.0)
    feed = Feed()
    source = SimpleNamespace(feed=feed, coordinator="coordinator-x")
    running = cast(RunningSource, SimpleNamespace(name="embedded", source=source))
    publisher = Publisher((running,), FleetState(Clock(), "embedded"))
    loop = asyncio.create_task(publisher.run())
    for number in range(20):
        publisher.tell("test", f"act {number}")
        if number % 5 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(publisher.close(), publisher.close())
    await publisher.close()
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert feed.told == [f"coordinator-x: act {number}" for number in range(20)]


def test_what_is_told_are_words_of_receipts() -> None:
    assert set(VERBS.values()) >= PUBLISHED
