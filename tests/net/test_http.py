"""The HTTP core against servers that hang, drip, ask to be left alone, or cannot prove who they are."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from cockpit.embedded.gateway.certificates import ensure_certificates
from cockpit.net.http import LONGEST_WISH, AnswerTooLong, AskedToWait, HttpCore, NoAnswer
from cockpit.net.retry_after import retry_after

LIMIT = 30.0
"""Seconds after which a test counts as hanging on a busy machine."""


class Time:
    """A clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.rests: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.now += seconds


def core(*answers: httpx.Response | Exception, timeout: float = 20.0) -> tuple[HttpCore, list[httpx.Request], Time]:
    """Return a core whose server gives these answers in turn."""
    left = iter(answers)
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    time = Time()
    made = HttpCore({}, 1000, timeout, httpx.MockTransport(handle), time.rest, lambda: 1.0, clock=time)
    return made, seen, time


def ok() -> httpx.Response:
    return httpx.Response(200, json=[])


def wish(value: str, status: int = 429) -> httpx.Response:
    return httpx.Response(status, headers={"retry-after": value}, text="slow down")


@asynccontextmanager
async def server(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve on a real socket; yields the address."""
    working: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        working.add(task)
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{port}/"
    finally:
        for task in working:
            task.cancel()
        listening.close()


async def never(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def drip_headers(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.races_the_clock("a deadline of 0.3 s")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (never, "no complete answer within 0.3 s"),
        (drip_headers, "no complete answer within 0.3 s"),
        (drip, "only the beginning of a 200"),
    ],
)
async def test_one_deadline_holds_for_all_attempts_together(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], said: str
) -> None:
    made = HttpCore({}, 1000, 0.3)
    async with server(answer) as url, asyncio.timeout(LIMIT):
        with pytest.raises(NoAnswer) as raised:
            await made.request("GET", url, attempts=100, again=lambda _: True)
    assert said in str(raised.value)
    await made.close()


async def test_a_failure_that_comes_at_once_is_tried_again_within_the_deadline() -> None:
    made, seen, time = core(httpx.ReadError("reset"), httpx.Response(503), ok())
    answer = await made.request("GET", "http://x/", attempts=3, again=lambda _: True)
    assert (answer.status, answer.attempts, len(seen)) == (200, 3, 3)
    assert time.rests == [0.5, 1.0]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_long_wish_holds_between_rounds(status: int) -> None:
    """Every read of the next hour fails without being sent; then it is asked again."""
    made, seen, time = core(wish("3600", status), ok(), ok())
    answer = await made.request("GET", "http://x/", attempts=3, again=lambda _: True)
    assert (answer.status, answer.retry_after, time.rests) == (status, 3600, [])
    for _ in range(50):
        time.now += 70
        with pytest.raises(AskedToWait, match=f"answered {status} and asked not to be asked again before") as raised:
            await made.request("GET", "http://x/", attempts=3, again=lambda _: True)
    assert len(seen) == 1 and raised.value.seconds == pytest.approx(100)
    with pytest.raises(AskedToWait):
        async with made.stream("http://x/", params={}, headers={}, silence=1.0):
            raise AssertionError("it was opened")
    time.now += 101
    assert (await made.request("GET", "http://x/")).good and len(seen) == 2
    assert (await made.request("GET", "http://x/")).good and len(seen) == 3


async def test_a_date_is_a_wish_too() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    made, seen, _ = core(wish(date))
    answer = await made.request("GET", "http://x/")
    assert 3590 < answer.retry_after <= 3600
    with pytest.raises(AskedToWait):
        await made.request("GET", "http://x/")
    assert len(seen) == 1


async def test_a_short_wish_is_waited_for_by_everybody() -> None:
    made, seen, time = core(wish("7"), ok(), wish("7"), ok())
    assert (await made.request("GET", "http://x/", attempts=2, again=lambda _: True)).good
    assert time.rests == [7.5]
    assert (await made.request("GET", "http://x/")).status == 429
    assert (await made.request("GET", "http://x/")).good, "the next round waits, too"
    assert len(seen) == 4 and time.rests == [7.5, 7]


async def test_what_changes_something_is_the_operator_s_decision_and_a_success_ends_the_wish() -> None:
    made, seen, _ = core(wish("3600"), ok(), ok())
    await made.request("GET", "http://x/")
    assert (await made.request("DELETE", "http://x/")).good
    assert (await made.request("GET", "http://x/")).good and len(seen) == 3


async def test_one_part_of_a_server_does_not_speak_for_another() -> None:
    made, seen, _ = core(wish("3600"), ok())
    await made.request("GET", "http://x/", part="board")
    assert (await made.request("GET", "http://x/", part="feed")).good
    with pytest.raises(AskedToWait):
        await made.request("GET", "http://x/", part="board")
    assert len(seen) == 2


async def test_a_wish_without_reason_is_bounded() -> None:
    made, _, time = core(wish("9" * 30), ok())
    assert (await made.request("GET", "http://x/")).retry_after == LONGEST_WISH
    time.now += LONGEST_WISH + 1
    assert (await made.request("GET", "http://x/")).good


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "1e3", "²", "Mon, 99 Foo 2026", "Thu, 01 Jan 99999 00:00:00 GMT", "0", "NaN"]
)
async def test_a_wish_that_cannot_be_read_is_none(value: str) -> None:
    assert not retry_after(value)


async def test_a_success_with_the_header_is_no_wish() -> None:
    made, seen, _ = core(httpx.Response(200, headers={"retry-after": "3600"}, json=[]), ok())
    await made.request("GET", "http://x/")
    assert (await made.request("GET", "http://x/")).good and len(seen) == 2


async def test_a_refused_certificate_is_said_at_once(tmp_path: Path) -> None:
    files, _ = ensure_certificates(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files.server, files.server_key)
    made, rests = HttpCore({}, 1000, 20.0), Time()
    made.rest = rests.rest
    async with server(never, tls) as url, asyncio.timeout(LIMIT):
        with pytest.raises(NoAnswer, match="its certificate is refused: ") as raised:
            await made.request("GET", url, attempts=3, again=lambda _: True)
    assert raised.value.certificate and raised.value.attempts == 1 and rests.rests == []
    await made.close()


async def test_an_answer_that_does_not_end_is_cut() -> None:
    made, _, _ = core(httpx.Response(200, content=b"x" * 1001))
    with pytest.raises(AnswerTooLong):
        await made.request("GET", "http://x/")
