"""One request to the Vers API: bounded in time and size, repeated only where that is harmless."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx
from pydantic import ValidationError

from cockpit import __version__
from cockpit.vers.errors import BadAnswer, Unreachable, error_of, shorten

ATTEMPTS = 3
"""Tries of a repeatable request: the first and two more, as the published clients do."""
FIRST_DELAY = 0.5
"""Upper end of the first wait between tries, in seconds; it doubles, and the real wait is a random part of it."""
RETRY_AFTER_LIMIT = 20.0
"""Longest obeyed `Retry-After`, in seconds; a longer one fails at once so that the operator can decide."""
ANSWER_LIMIT = 16 * 1024 * 1024
"""Largest accepted answer, in bytes."""
CONNECT_TIMEOUT = 10.0
"""Seconds until a connection must stand."""
TRANSIENT = frozenset((408, 429, 502, 503, 504))

Value = TypeVar("Value")

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures before the first byte of the request: repeating cannot do a thing twice."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer."""

    status: int
    content: bytes
    request_id: str

    def json(self, what: str) -> Any:
        """Return the decoded body.

        Raises:
            BadAnswer: it is not JSON.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            began = shorten(self.content[:80].decode("utf-8", "replace"))
            raise BadAnswer(
                f"could not {what}: {self.status}, but the answer is not JSON and begins with {began!r}",
                hint="check the base URL, and whether a proxy answers in the platform's place",
                status=self.status,
            ) from error

    def read(self, what: str, reader: Callable[[Any], Value]) -> Value:
        """Return the body as `reader` understands it.

        Raises:
            BadAnswer: it does not.
        """
        body = self.json(what)
        try:
            return reader(body)
        except ValueError as error:
            # A validation error quotes its input, which may hold a private key: only the places are told.
            places = (
                ", ".join(".".join(str(part) for part in item["loc"]) or "the whole" for item in error.errors()[:3])
                if isinstance(error, ValidationError)
                else str(error)
            )
            raise BadAnswer(
                f"could not {what}: {self.status}, but the answer has an unexpected form: {places}",
                hint="the server may be newer or older than this program",
                status=self.status,
            ) from None


class VersTransport:
    """Requests with the key in their header; the key is in no message and no repr."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        transport: httpx.AsyncBaseTransport | None,
        timeout: float,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        parts = urlsplit(self.base_url)
        self.root_url = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        self.timeout = timeout
        self.rest = rest
        self.jitter = jitter
        self.http = httpx.AsyncClient(
            transport=transport,
            # The whole call is bounded in `_send`; a slow creating call is silent until it is done.
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT),
            follow_redirects=False,
            headers={
                "Authorization": f"Bearer {api_key}",
                "Accept": "application/json",
                "User-Agent": f"swarm-cockpit/{__version__}",
            },
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def request(
        self,
        what: str,
        method: str,
        path: str,
        *,
        params: dict[str, str | int] | None = None,
        body: object = None,
        repeatable: bool = True,
        timeout: float | None = None,
    ) -> Answer:
        """Send a request and return its successful answer.

        Args:
            what: what is tried and on which VM, for messages: `pause VM 1f0c…`.
            method: the HTTP method.
            path: below the base URL; a full URL is taken as it is.
            params: the query.
            body: sent as JSON unless None.
            repeatable: whether doing it twice is harmless. If not, only a request that surely was not handled
                comes again.
            timeout: seconds for the whole call, the client's own if None.

        Raises:
            VersError: the answer was no success, or there was none.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                status, content, headers = await self._send(what, method, path, params, body, timeout or self.timeout)
            except httpx.HTTPError as error:
                if attempt < ATTEMPTS and (repeatable or isinstance(error, NEVER_SENT)):
                    await self.rest(self.backoff(attempt))
                    continue
                raise self._silence(what, error, attempt) from error
            if 200 <= status < 300:
                return Answer(status, content, headers.get("x-request-id", ""))
            failure = error_of(what, status, content, headers.get("content-type", ""), headers.get("x-request-id", ""))
            # A 429 is refused before any work, so even a creating call may come again.
            again = status in TRANSIENT and (repeatable or status == 429)
            delay = self._delay(headers, attempt)
            if not again or attempt >= ATTEMPTS or delay is None:
                raise failure
            await self.rest(delay)

    async def _send(
        self,
        what: str,
        method: str,
        path: str,
        params: dict[str, str | int] | None,
        body: object,
        timeout: float,
    ) -> tuple[int, bytes, httpx.Headers]:
        url = path if "://" in path else self.base_url + path
        request = self.http.build_request(method, url, params=params, json=body if body is not None else None)
        try:
            async with asyncio.timeout(timeout):
                response = await self.http.send(request, stream=True)
                try:
                    chunks: list[bytes] = []
                    size = 0
                    async for chunk in response.aiter_bytes():
                        size += len(chunk)
                        if size > ANSWER_LIMIT:
                            raise BadAnswer(
                                f"could not {what}: the answer is longer than {ANSWER_LIMIT} bytes",
                                hint="check the base URL",
                                status=response.status_code,
                            )
                        chunks.append(chunk)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise httpx.ReadTimeout(f"no complete answer within {timeout:g} s", request=request) from error
        return response.status_code, b"".join(chunks), response.headers

    def backoff(self, attempt: int) -> float:
        """Return the seconds to wait after a failed attempt (1, 2 …): a random part of a doubling span."""
        return self.jitter() * FIRST_DELAY * float(2 ** (attempt - 1))

    def _delay(self, headers: httpx.Headers, attempt: int) -> float | None:
        """Return the wait before the next attempt, None if the server asks for more than we are willing to wait."""
        asked = retry_after(headers.get("retry-after", ""))
        if asked is None:
            return self.backoff(attempt)
        return None if asked > RETRY_AFTER_LIMIT else asked + self.backoff(1)

    def _silence(self, what: str, error: httpx.HTTPError, attempts: int) -> Unreachable:
        cause = shorten(str(error)) or type(error).__name__
        tries = f" after {attempts} attempts" if attempts > 1 else ""
        return Unreachable(
            f"could not {what}: no answer from {self.root_url}{tries}: {cause}",
            hint="check the network and the base URL",
        )


def retry_after(value: str) -> float | None:
    """Return the seconds a `Retry-After` header asks for, as a number or a date; None if absent or unreadable."""
    value = value.strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
