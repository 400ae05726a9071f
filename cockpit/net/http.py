"""Requests to one server: a deadline for a whole call, bounded bodies, backoff, and the wish to be left alone."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from cockpit import __version__
from cockpit.net.retry_after import retry_after

FIRST_DELAY = 0.5
"""Upper end of the first wait between tries, in seconds; it doubles, and the real wait is a random part of it."""
RETRY_AFTER_LIMIT = 20.0
"""Longest `Retry-After`, in seconds, that is waited for within a call; a longer one ends the call at once."""
LONGEST_WISH = 86_400.0
"""Seconds a server is left alone at most, whatever it asks for."""
CONNECT_TIMEOUT = 10.0
"""Seconds until a connection must stand."""
TEXT_LIMIT = 300
"""Characters of a server's text that are repeated in a message: enough for a cause, too little for a page."""

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures before the first byte of the request: repeating cannot do a thing twice."""


class NoAnswer(Exception):
    """There was no complete answer; the text says why."""

    def __init__(self, cause: str, *, attempts: int = 1, certificate: bool = False, late: bool = False) -> None:
        super().__init__(cause)
        self.cause = cause
        self.late = late
        """Something was there, and it did not answer in its time."""
        self.attempts = attempts
        self.certificate = certificate
        """The server's certificate is refused: nothing was sent, and no repetition makes it right."""


class AnswerTooLong(Exception):
    """The answer is beyond its bound."""

    def __init__(self, limit: int, status: int) -> None:
        super().__init__(f"the answer is longer than {limit} bytes")
        self.status = status


class AskedToWait(Exception):
    """The server asked before not to be asked again yet; nothing was sent."""

    def __init__(self, status: int, seconds: float) -> None:
        super().__init__(f"the server answered {status} and asked not to be asked again before {clock_time(seconds)}")
        self.status = status
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A complete answer of any status."""

    status: int
    content: bytes
    headers: httpx.Headers
    attempts: int = 1
    retry_after: float = 0.0
    """Seconds the server asks to be left alone; 0 if it does not ask."""

    @property
    def good(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    @property
    def content_type(self) -> str:
        """The header's value, empty if absent."""
        return str(self.headers.get("content-type", ""))


Again = Callable[[int | httpx.HTTPError], bool]
"""Says of a status, or of a failure without an answer, whether the same request may be sent once more."""


@dataclass(slots=True)
class _Wish:
    """When a part of the server may be asked again, on the monotonic clock, and the status it said that with."""

    until: float = 0.0
    status: int = 0


@dataclass(slots=True)
class _Progress:
    """How far an answer came, for the message when it is not complete in time."""

    status: int = 0
    size: int = 0

    def within(self, seconds: float) -> str:
        began = f", only the beginning of a {self.status} with {self.size} bytes" if self.status else ""
        return f"no complete answer within {seconds:g} s{began}"


@dataclass(slots=True)
class HttpCore:
    """One server. What it may be asked again, and when, is remembered between calls."""

    headers: Mapping[str, str] = field(repr=False)
    answer_limit: int
    """Largest accepted answer in bytes."""
    timeout: float
    """Seconds for a whole call: all attempts, the waits between them, and the answer."""
    transport: httpx.AsyncBaseTransport | None = None
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    keepalive: float = 5.0
    """Seconds an idle connection is kept."""
    clock: Callable[[], float] = time.monotonic
    _client: httpx.AsyncClient = field(init=False, repr=False)
    _wishes: dict[str, _Wish] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._client = httpx.AsyncClient(
            transport=self.transport,
            # The whole call is bounded below; a slow creating call is silent until it is done.
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT),
            limits=httpx.Limits(keepalive_expiry=self.keepalive),
            follow_redirects=False,
            headers={"User-Agent": f"swarm-cockpit/{__version__}", **self.headers},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        attempts: int = 1,
        again: Again = lambda _: False,
        timeout: float | None = None,
        part: str = "",
    ) -> HttpAnswer:
        """Send a request and return its answer, of whatever status.

        Args:
            method: the HTTP method.
            url: the whole address.
            params: the query.
            body: sent as JSON unless None.
            attempts: how often it is sent at most.
            again: whether it may be sent again after a status or a failure.
            timeout: seconds for the whole call, this server's own if None.
            part: the part of the server that a `Retry-After` speaks for.

        Raises:
            NoAnswer: there was none.
            AnswerTooLong: there was too much of it.
            AskedToWait: a read that the server asked not to send yet. What changes something is sent all the same:
                the operator decides.
        """
        limit = self.timeout if timeout is None else timeout
        progress = _Progress()
        attempt = 1
        try:
            async with asyncio.timeout(limit):
                if method == "GET":
                    await self._wait_for(part, limit)
                while True:
                    progress = _Progress()
                    delay = self.backoff(attempt)
                    try:
                        answer = await self._send(method, url, params, body, attempt, progress)
                    except httpx.HTTPError as error:
                        if attempt >= attempts or not again(error) or certificate_fault(error):
                            raise no_answer(error, attempt) from error
                    else:
                        self._note(part, answer)
                        if answer.retry_after:
                            delay = answer.retry_after + self.backoff(1)
                        if answer.retry_after > min(RETRY_AFTER_LIMIT, limit):
                            return answer
                        if answer.good or attempt >= attempts or not again(answer.status):
                            return answer
                    attempt += 1
                    await self.rest(delay)
        except TimeoutError as error:
            raise NoAnswer(progress.within(limit), attempts=attempt, late=True) from error

    @asynccontextmanager
    async def stream(
        self, url: str, *, params: Mapping[str, str], headers: Mapping[str, str], silence: float, part: str = ""
    ) -> AsyncIterator[httpx.Response]:
        """Open an answer that never ends.

        Args:
            url: the whole address.
            params: the query.
            headers: sent along.
            silence: seconds without a byte after which it counts as lost.
            part: as for `request`.

        Raises:
            NoAnswer: it could not be opened, or broke while it was read.
            AskedToWait: as `request`.
        """
        await self._wait_for(part, 0.0)
        timeout = httpx.Timeout(silence, connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT)
        try:
            async with self._client.stream("GET", url, params=params, headers=headers, timeout=timeout) as response:
                self._note(part, HttpAnswer(response.status_code, b"", response.headers, 1, _wish_of(response)))
                yield response
        except httpx.ReadTimeout as error:
            raise NoAnswer(f"no sign of life for {silence:g} s", late=True) from error
        except httpx.HTTPError as error:
            raise no_answer(error, 1) from error

    def backoff(self, attempt: int) -> float:
        """Return the seconds to wait after a failed attempt (1, 2 …): a random part of a doubling span."""
        return self.jitter() * FIRST_DELAY * float(2 ** (attempt - 1))

    async def _wait_for(self, part: str, limit: float) -> None:
        """Wait until a part of the server may be asked again, if that is soon."""
        wish = self._wishes.get(part)
        left = wish.until - self.clock() if wish else 0.0
        if wish is None or left <= 0:
            return
        if left > min(RETRY_AFTER_LIMIT, limit):
            raise AskedToWait(wish.status, left)
        await self.rest(left)

    def _note(self, part: str, answer: HttpAnswer) -> None:
        if answer.good:
            self._wishes.pop(part, None)
        elif answer.retry_after:
            self._wishes[part] = _Wish(self.clock() + answer.retry_after, answer.status)

    async def _send(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int] | None,
        body: object,
        attempt: int,
        progress: _Progress,
    ) -> HttpAnswer:
        request = self._client.build_request(method, url, params=params, json=body)
        response = await self._client.send(request, stream=True)
        progress.status = response.status_code
        try:
            content = await read_bounded(response, self.answer_limit, progress)
        finally:
            await response.aclose()
        return HttpAnswer(response.status_code, content, response.headers, attempt, _wish_of(response))


async def read_bounded(response: httpx.Response, limit: int, progress: _Progress | None = None) -> bytes:
    """Return a body.

    Raises:
        AnswerTooLong: it is longer than the limit.
    """
    chunks: list[bytes] = []
    progress = progress or _Progress()
    async for chunk in response.aiter_bytes():
        progress.size += len(chunk)
        if progress.size > limit:
            raise AnswerTooLong(limit, response.status_code)
        chunks.append(chunk)
    return b"".join(chunks)


def no_answer(error: httpx.HTTPError, attempts: int) -> NoAnswer:
    """Turn a failure without an answer into its cause in words."""
    fault = certificate_fault(error)
    cause = f"its certificate is refused: {fault}" if fault else shorten(str(error)) or type(error).__name__
    return NoAnswer(cause, attempts=attempts, certificate=bool(fault))


def certificate_fault(error: BaseException) -> str:
    """Return why the server's certificate is refused, or empty text where that is not what happened."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return shorten(seen.verify_message or str(seen))
        seen = seen.__cause__ or seen.__context__
    return ""


def shorten(text: str) -> str:
    """Return a server's text as one bounded line without control characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * TEXT_LIMIT]).split())
    return line if len(line) <= TEXT_LIMIT else line[: TEXT_LIMIT - 1] + "…"


def clock_time(seconds: float) -> str:
    """Return the time of day that is some seconds away, as the operator's clock shows it."""
    when = time.localtime(time.time() + seconds)
    return time.strftime("%H:%M:%S" if seconds < 43_200 else "%Y-%m-%d %H:%M:%S", when)


def _wish_of(response: httpx.Response) -> float:
    """Return the seconds a refusing answer asks for; other answers ask for nothing."""
    if response.is_success:
        return 0.0
    return min(LONGEST_WISH, retry_after(response.headers.get("retry-after", "")) or 0.0)
