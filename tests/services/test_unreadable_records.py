"""A list with records that cannot be read says how many, whichever service gave it."""

from __future__ import annotations

import json

import httpx
import pytest

from cockpit.services.board import BoardClient
from cockpit.services.feed import FeedClient
from cockpit.services.http import ServiceHttp
from cockpit.services.registry import RegistryClient

BROKEN: list[object] = [{"title": "no id"}, 7, None, {"id": ""}, {"id": 3}]


def serving(name: str, *, wrapped: bool) -> ServiceHttp:
    entries = [{"id": "a"}, *BROKEN]

    def handle(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={name: entries} if wrapped else entries)

    return ServiceHttp("http://services.test", "token", transport=httpx.MockTransport(handle))


@pytest.mark.parametrize("wrapped", [True, False])
async def test_each_list_counts_what_it_could_not_read(wrapped: bool) -> None:
    board = await BoardClient(serving("tasks", wrapped=wrapped)).listing()
    assert ([task.id for task in board.tasks], board.unreadable) == (["a"], len(BROKEN))
    registry = await RegistryClient(serving("vms", wrapped=wrapped)).list_entries()
    assert ([entry.id for entry in registry.entries], registry.unreadable) == (["a"], len(BROKEN))
    feed = FeedClient(serving("events", wrapped=wrapped))
    assert [item.id for item in await feed.list_events()] == ["a"]
    assert feed.unreadable == len(BROKEN)


async def test_the_stream_counts_on() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/stream"):
            frames = (json.dumps({"summary": "no id"}), "no json", json.dumps({"id": "b"}))
            return httpx.Response(200, text="".join(f"data: {frame}\n\n" for frame in frames))
        return httpx.Response(200, json=[{"id": "a"}])

    feed = FeedClient(ServiceHttp("http://services.test", "token", transport=httpx.MockTransport(handle)))
    counted: list[int] = []

    def report(up: bool, _reason: str) -> None:
        if up:
            counted.append(feed.unreadable)

    seen: list[str] = []
    async for item in feed.follow(report=report):
        seen.append(item.id)
        if item.id == "b":
            break
    assert (seen, counted) == (["a", "b"], [0, 1, 2])
