"""One request to the Vers API: bounded in time and size, repeated only where that is harmless."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import httpx
from pydantic import ValidationError

from cockpit.net.http import NEVER_SENT, AnswerTooLong, AskedToWait, HttpCore, NoAnswer, shorten
from cockpit.vers.errors import ApiUnreachable, BadAnswer, RateLimited, Resource, VersError, error_of

ATTEMPTS = 3
"""Tries of a repeatable request: the first and two more, as the published clients do."""
CREATION_TIMEOUT = 120.0
"""Seconds a creating call may take: the server's own limit is nearer, and giving up earlier leaves work running."""
ANSWER_LIMIT = 16 * 1024 * 1024
"""Largest accepted answer, in bytes."""
TRANSIENT = frozenset((408, 429, 502, 503, 504))

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ApiResponse:
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
        headers = {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        self.core = HttpCore(headers, ANSWER_LIMIT, timeout, transport, rest, jitter)

    async def close(self) -> None:
        """Close the connections."""
        await self.core.close()

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
        resource: Resource = Resource.VM,
    ) -> ApiResponse:
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
            resource: what a 404 is about.

        Raises:
            VersError: the answer was no success, or there was none.
        """

        def again(failure: int | httpx.HTTPError) -> bool:
            if isinstance(failure, int):
                # A 429 is refused before any work, so even a creating call may come again.
                return failure in TRANSIENT and (repeatable or failure == 429)
            return repeatable or isinstance(failure, NEVER_SENT)

        url = path if "://" in path else self.base_url + path
        try:
            answer = await self.core.request(
                method, url, params=params, body=body, attempts=ATTEMPTS, again=again, timeout=timeout
            )
        except NoAnswer as silence:
            raise self._silence(what, silence) from silence
        except AskedToWait as wish:
            raise _postponed(what, wish) from wish
        except AnswerTooLong as error:
            raise BadAnswer(f"could not {what}: {error}", hint="check the base URL", status=error.status) from error
        request_id = answer.headers.get("x-request-id", "")
        if answer.good:
            return ApiResponse(answer.status, answer.content, request_id)
        failure = error_of(what, answer.status, answer.content, answer.content_type, request_id, resource)
        failure.retry_after = answer.retry_after
        raise failure

    def _silence(self, what: str, silence: NoAnswer) -> ApiUnreachable:
        tries = f" after {silence.attempts} attempts" if silence.attempts > 1 else ""
        hint = "check the network and the base URL"
        if silence.certificate:
            hint = "the name, the date or the authority is wrong; nothing was sent to it"
        said = f"could not {what}: no answer from {self.root_url}{tries}: {silence.cause}"
        return ApiUnreachable(said, hint=hint, fault="late" if silence.late else "down")


def _postponed(what: str, wish: AskedToWait) -> VersError:
    kind = RateLimited if wish.status == 429 else ApiUnreachable
    failure = kind(f"could not {what}: {wish}", hint="it is asked again then, by itself", status=wish.status)
    failure.retry_after = wish.seconds
    return failure


def path_part(identifier: str) -> str:
    """Return an id as one part of a path."""
    return quote(identifier, safe="")
