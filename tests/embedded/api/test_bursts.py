"""Many at once, and streams that break: every event arrives once, whatever a reader does."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.embedded.api.javascript import by_name, differs, number_of, shown
from cockpit.embedded.api.moments import moment_ms, span_ms
from tests.embedded.api.fakes import World, make_world, serving

BURST = 200
RESTARTS = 2


def event(number: int) -> dict[str, Any]:
    """Return an event to publish."""
    return {"agent": f"worker-{number % 3}", "type": "custom", "summary": str(number)}


def client(world: World, url: str) -> httpx.AsyncClient:
    """Return a client with the token."""
    limits = httpx.Limits(max_connections=12)
    return httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {world.token}"}, limits=limits, timeout=30
    )


async def test_a_burst_in_one_millisecond_is_replayed_from_any_of_its_ids() -> None:
    world = make_world()
    feed = world.application.state.parts.services.feed
    events = [feed.publish(event(number)) for number in range(BURST)]
    assert len({one["timestamp"] for one in events}) < BURST, "the burst is to share milliseconds"
    async with world.http() as http:
        for place in range(0, BURST, 7):
            after = (await http.get(f"/feed/events?since={events[place]['id']}&limit=0")).json()
            assert after == events[place + 1 :]


async def test_bursts_arrive_once_over_restarts_in_the_middle_of_a_stream(tmp_path: Path) -> None:
    """The reader follows with its last id alone; writers do not wait for one another."""
    world, port = make_world(tmp_path / "records.sqlite"), 0
    seen: list[str] = []
    sent: list[str] = []
    last = "0"
    for turn in range(RESTARTS + 1):
        async with serving(world.application, port) as url, client(world, url) as http, asyncio.timeout(60):
            port = int(url.rpartition(":")[2])
            async with http.stream("GET", f"/feed/stream?since={last}") as stream:
                answers = await asyncio.gather(
                    *(http.post("/feed/events", json=event(turn * BURST + number)) for number in range(BURST))
                )
                sent += [answer.json()["id"] for answer in answers]
                # The last turn reads to the end; the others are cut off somewhere in their middle.
                wanted = len(sent) if turn == RESTARTS else len(sent) - 60
                async for line in stream.aiter_lines():
                    if line.startswith("data: "):
                        last = json.loads(line[6:])["id"]
                        seen.append(last)
                        if len(seen) >= wanted:
                            break
            world.application.state.parts.end_streams()
        world.records.close()
        world = make_world(tmp_path / "records.sqlite", world.token)
    world.records.close()
    assert len(seen) == len(set(seen)) == (RESTARTS + 1) * BURST and sorted(sent) == seen


async def test_a_body_of_two_megabytes_is_taken_and_one_beyond_all_measure_is_not() -> None:
    world = make_world()
    async with serving(world.application) as url, client(world, url) as http, asyncio.timeout(60):
        text = "x" * 2_000_000
        made = await http.post("/reports", json={"title": "t", "author": "a", "content": text})
        assert made.status_code == 201
        assert (await http.get(f"/reports/{made.json()['id']}")).json()["content"] == text
        assert (await http.post("/log", json={"text": "x" * 9_000_000})).status_code == 413
        for raw in (b"[" * 100_000, b'{"a":' * 50_000, b"\xff" * 1000, b"null", b"[]"):
            answers = {path: await http.post(path, content=raw) for path in ("/board/tasks", "/skills/items", "/log")}
            assert {answer.status_code for answer in answers.values()} <= {400, 500}
        assert (await http.get("/health")).json()["status"] == "ok"


@settings(max_examples=200)
@given(st.integers(min_value=0, max_value=4_000_000_000_000))
def test_a_moment_is_read_as_it_is_written(milliseconds: int) -> None:
    seconds, rest = divmod(milliseconds, 1000)
    days, seconds = divmod(seconds, 86_400)
    # Civil from days, by counting, which is nobody's code but the calendar's.
    year = 1970
    while days >= (length := 366 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 365):
        days, year = days - length, year + 1
    lengths = [31, 29 if length == 366 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    month = 0
    while days >= lengths[month]:
        days, month = days - lengths[month], month + 1
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
    written = f"{year:04}-{month + 1:02}-{days + 1:02}T{clock}"
    assert moment_ms(f"{written}Z") == moment_ms(f"{written}+00:00") == milliseconds
    assert moment_ms(f"{written}+02:00") == milliseconds - 7_200_000


@given(st.text(max_size=40))
def test_no_text_makes_the_readers_of_moments_and_spans_fail(text: str) -> None:
    assert moment_ms(text) is None or isinstance(moment_ms(text), float)
    assert span_ms(text) is None or text[:-1].isdigit()


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(VALUES, VALUES)
def test_values_compare_as_they_do_there(one: Any, other: Any) -> None:
    assert differs(one, other) == differs(other, one)
    assert isinstance(shown(one), str) and isinstance(number_of(one), float)
    if not isinstance(one, list | dict):
        assert not differs(one, one)


@given(st.lists(st.text(max_size=6), unique=True))
def test_no_two_names_sort_alike(names: list[str]) -> None:
    assert len({by_name(name) for name in names}) == len(names)
