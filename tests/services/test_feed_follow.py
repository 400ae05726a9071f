"""Following the feed: nothing lost, nothing twice, over every kind of break."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path

import httpx
import pytest

from cockpit.model.board import FeedItem
from cockpit.services.feed import FeedClient
from cockpit.services.following import LONGEST_DELAY
from cockpit.services.http import ServiceHttp
from tests.embedded.api.captures import DIRECTORY
from tests.embedded.api.fakes import make_world, serving


class Rests:
    """Waits that take no time and are remembered; the `stop`th ends the following."""

    def __init__(self, stop: int = 10_000) -> None:
        self.seconds: list[float] = []
        self._stop = stop

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if len(self.seconds) >= self._stop:
            raise asyncio.CancelledError
        await asyncio.sleep(0)


class Chunks(httpx.AsyncByteStream):
    """A body in given pieces, which may end in an error."""

    def __init__(self, chunks: list[bytes], end: Exception | None = None) -> None:
        self._chunks = chunks
        self._end = end

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
        if self._end:
            raise self._end


def event(number: int, millisecond: int = 0, summary: str = "") -> dict[str, object]:
    """Return an event whose id sorts by `number` within its millisecond."""
    identifier = f"01M7WTZHJ{millisecond % 10}{number:016d}"
    return {"id": identifier, "agent": "a", "type": "custom", "summary": summary or str(number)}


def frames(*events: dict[str, object]) -> bytes:
    return b"".join(b"data: " + json.dumps(item, ensure_ascii=False).encode() + b"\n\n" for item in events)


async def followed(
    streams: list[httpx.Response | Exception], lists: list[list[dict[str, object]]]
) -> tuple[list[FeedItem], list[tuple[bool, str]], list[httpx.Request], Rests]:
    """Follow until the streams have run out."""
    seen: list[httpx.Request] = []
    left, listed = iter(streams), iter(lists)

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path == "/feed/events":
            return httpx.Response(200, json=next(listed, []))
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    rests = Rests(stop=len(streams))
    http = ServiceHttp("http://x", "t", transport=httpx.MockTransport(handle))
    reports: list[tuple[bool, str]] = []
    items: list[FeedItem] = []
    try:
        async for item in FeedClient(http, rest=rests, jitter=lambda: 1.0).follow(
            report=lambda up, reason: reports.append((up, reason))
        ):
            items.append(item)
    except asyncio.CancelledError:
        return items, reports, seen, rests
    raise AssertionError("following ended by itself")


def stream(*chunks: bytes, end: Exception | None = None) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Chunks(list(chunks), end))


async def test_an_event_that_sorts_before_the_last_one_is_not_lost() -> None:
    first, second = event(9), event(1)
    reset = httpx.RemoteProtocolError("peer closed connection without sending complete message body")
    items, reports, seen, _ = await followed(
        [stream(frames(first), end=reset), stream(frames(second, first))], [[], [], [first]]
    )
    assert [item.summary for item in items] == ["9", "1"]
    assert [up for up, _ in reports] == [True, False, True, False] and "peer closed" in reports[1][1]
    floors = [request.url.params.get("since", "") for request in seen]
    assert floors == ["", "", "", "01M7WTZHJ0" + "0" * 16, "01M7WTZHJ0" + "0" * 16]


async def test_what_falls_between_replay_and_subscription_comes_from_the_list() -> None:
    items, _, seen, _ = await followed([stream(frames(event(3)))], [[event(1)], [event(1), event(2)]])
    assert [item.summary for item in items] == ["1", "2", "3"]
    assert [request.url.path for request in seen] == ["/feed/events", "/feed/stream", "/feed/events"]
    assert seen[0].url.params["limit"] == "1000" and seen[2].url.params["limit"] == "0"


async def test_frames_in_any_pieces_with_hostile_text() -> None:
    whole = b": hello\n\nevent: x\nid: 7\n" + frames(event(1, summary="a\u2028b\x85c\n🚀")) + b"data: {broken\n\n"
    whole += b"data: [1]\r\n\r\n" + frames(event(2)).replace(b"\n", b"\r\n")
    for size in (1, 2, 7, 1000):
        pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
        items, *_ = await followed([stream(*pieces)], [])
        assert [item.summary for item in items] == ["a\u2028b\x85c\n🚀", "2"]


async def test_the_recorded_streams() -> None:
    for name in ("feed.stream", "feed.stream.replay", "feed.stream.server-stopped", "feed.stream.agent"):
        body = (DIRECTORY / f"{name}.body.txt").read_bytes()
        items, *_ = await followed([stream(body)], [])
        assert len(items) == body.count(b"data: ") > 0


async def test_waits_grow_to_a_bound_and_a_bad_token_is_not_hammered() -> None:
    _, reports, _, rests = await followed([httpx.ConnectError("refused")] * 8, [])
    assert rests.seconds == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_DELAY, LONGEST_DELAY, LONGEST_DELAY]
    assert all(not up and "refused" in reason for up, reason in reports)
    _, reports, _, rests = await followed([httpx.Response(401, json={"error": "no"})], [])
    assert rests.seconds == [LONGEST_DELAY] and "VERS_AUTH_TOKEN" in reports[0][1]


async def test_a_line_without_end_is_given_up() -> None:
    items, reports, *_ = await followed([stream(*[b"x" * 1024 * 1024] * 18)], [])
    assert items == [] and "has no end" in reports[-1][1]


async def test_nothing_is_lost_over_restarts_of_a_real_server(tmp_path: Path) -> None:
    world = make_world(tmp_path / "fleet.sqlite", heartbeat=0.2)
    expected: list[str] = []
    items: list[FeedItem] = []
    caught_up = asyncio.Event()
    port = 0

    async def follow(url: str) -> None:
        http = ServiceHttp(url, world.token)
        feed = FeedClient(http, silence=2.0, jitter=lambda: 0.0, rest=lambda _: asyncio.sleep(0.02))
        try:
            async with aclosing(feed.follow()) as events:
                async for item in events:
                    items.append(item)
                    if item.summary == "last":
                        caught_up.set()
        finally:
            await http.close()

    async def publish(url: str, *summaries: str) -> None:
        http = ServiceHttp(url, world.token)
        for summary in summaries:
            await FeedClient(http).publish("a", "custom", summary)
            expected.append(summary)
        await http.close()

    follower: asyncio.Task[None] | None = None
    for round_ in range(3):
        async with serving(world.application, port) as url:
            port = int(url.rsplit(":", 1)[1])
            follower = follower or asyncio.create_task(follow(url))
            await publish(url, *(f"{round_}.{number}" for number in range(100)))
            if round_ == 2:
                await publish(url, "last")
                async with asyncio.timeout(20):
                    await caught_up.wait()
        world = make_world(tmp_path / "fleet.sqlite", world.token, heartbeat=0.2)
    assert follower is not None
    follower.cancel()
    await asyncio.gather(follower, return_exceptions=True)
    assert [item.summary for item in items] == expected


async def reported(heartbeat: float, silence: float, within: float) -> list[tuple[bool, str]]:
    """Follow a quiet feed; return what was reported when the stream was lost, or when the time is over."""
    reports: list[tuple[bool, str]] = []
    lost = asyncio.Event()

    def report(up: bool, reason: str) -> None:
        reports.append((up, reason))
        if not up:
            lost.set()

    async def follow() -> None:
        async for _ in FeedClient(http, silence=silence).follow(report=report):
            raise AssertionError("nothing was published")

    world = make_world(heartbeat=heartbeat)
    async with serving(world.application) as url:
        http = ServiceHttp(url, world.token)
        task = asyncio.create_task(follow())
        with suppress(TimeoutError):
            await asyncio.wait_for(lost.wait(), within)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await http.close()
    return reports


@pytest.mark.races_the_clock("a silence of 0.1 s between signs of life")
async def test_silence_is_noticed() -> None:
    reports = await reported(heartbeat=60.0, silence=0.1, within=10.0)
    assert reports[0] == (True, "") and "no sign of life for 0.1 s" in reports[1][1]


@pytest.mark.races_the_clock("heartbeats of a fraction of a second")
async def test_heartbeats_are_signs_of_life() -> None:
    assert await reported(heartbeat=0.1, silence=1.0, within=2.5) == [(True, "")]
