"""A service that accepts and never answers is shown as silent while it is still waited for, and nothing else waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import httpx
import pytest

from cockpit.bootstrap.fleet import make_source, running_engine
from cockpit.engine import watcher
from cockpit.engine.engine import Engine
from cockpit.engine.source import Services
from cockpit.services.board import BoardClient
from cockpit.services.feed import FeedClient
from cockpit.services.http import ServiceHttp
from cockpit.services.registry import RegistryClient
from cockpit.vers.client import VersClient
from tests.fleets import FleetUnderTest, until

KEY = "9a8b7c6d-6b5a-4948-8372-615049382716" + "cd" * 32


async def never(_request: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError


def test_silence_is_shown_within_ten_seconds() -> None:
    assert watcher.SILENCE_MARK < 10


@pytest.mark.parametrize("silent", ["vers", "services"])
async def test_silence_is_shown_while_the_answer_is_awaited(
    fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    monkeypatch.setattr(watcher, "SILENCE_MARK", 0.3)
    source = await asyncio.to_thread(make_source, fleet.settings, fleet.places, force_embedded=True)
    transport = httpx.MockTransport(never)
    if silent == "vers":
        source = replace(source, vers=VersClient("http://x/api/v1", KEY, transport=transport))
        names, well = ["vers"], ["board", "feed"]
    else:
        http = ServiceHttp("http://x", "t", transport=transport)
        source = replace(source, services=Services(http, BoardClient(http), FeedClient(http), RegistryClient(http)))
        names, well = ["board", "registry", "feed"], ["vers"]
    async with running_engine(fleet.settings, fleet.places, source, wait=False) as engine:
        for name in names:
            await until(engine, partial(_said, engine, name, False), f"a word on {name}")
            health = engine.fleet_state.health[name]
            assert "no answer yet after 0.3 s" in health.reason, health
        for name in well:
            await until(engine, partial(_said, engine, name, True), f"an answer of {name}")


def _said(engine: Engine, name: str, ok: bool) -> bool:
    health = engine.fleet_state.health.get(name)
    return health is not None and health.ok is ok
