"""HTTP to the control services: bearer token, bounded answers, bare-text errors, one retry on a stale connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from cockpit.net.address import web_address
from cockpit.net.http import (
    NEVER_SENT,
    AnswerTooLong,
    AskedToWait,
    HttpAnswer,
    HttpCore,
    NoAnswer,
    read_bounded,
    shorten,
)
from cockpit.services.errors import (
    RecordNotFound,
    RequestRefused,
    ServiceBroken,
    ServiceError,
    ServiceMissing,
    ServiceUnreachable,
    TokenRefused,
)

TIMEOUT = 15.0
"""Seconds for a whole call; the services answer from memory."""
ANSWER_LIMIT = 64 * 1024 * 1024
"""Largest accepted answer in bytes: the board has no pages, and a whole feed is ten thousand events."""
ERROR_LIMIT = 64 * 1024
KEEPALIVE = 4.0
"""Seconds an idle connection is kept: the server closes its own after five."""

UNKNOWN_MODULE = "not found"
"""What a reef says of a service that it does not have, as JSON; every record's own 404 says what was not found."""

STALE = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
"""What a kept connection that the server has closed meanwhile looks like."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer, decoded."""

    body: Any
    date: str
    """The server's clock as the header gave it; ages are measured against it."""


class ServiceHttp:
    """One server with its token; the token is in no message and no repr."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Prepare the connections; nothing is sent yet.

        Args:
            base_url: e.g. `http://host:3000`; a trailing slash is cut, since paths are joined to it.
            token: the bearer token, empty for a server that asks for none.
            transport: the wire, for tests.
            timeout: seconds for a whole call.

        Raises:
            ConfigError: the base URL is no web address.
        """
        self.base_url = web_address(base_url, "the address of the control services", example="http://host:3000")
        # Links that a server makes for us bear the scheme it is reached by; it cannot see that by itself.
        headers = {"X-Forwarded-Proto": "https" if self.base_url.lower().startswith("https:") else "http"}
        if token.strip():
            headers["Authorization"] = f"Bearer {token.strip()}"
        self._core = HttpCore(headers, ANSWER_LIMIT, timeout, transport, keepalive=KEEPALIVE)

    def __repr__(self) -> str:
        return f"ServiceHttp({self.base_url!r})"

    async def close(self) -> None:
        """Close the connections."""
        await self._core.close()

    async def request(
        self,
        what: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
    ) -> Reply:
        """Send a request and return the decoded answer.

        Args:
            what: what is tried and on what, as the start of a sentence: `change task 01M…`.
            method: the HTTP method; all but POST are sent a second time, over a fresh connection, if a kept one was
                stale.
            path: below the base URL, parts already quoted.
            params: the query.
            body: sent as JSON unless None.

        Raises:
            ServiceError: the answer was no success, or there was none.
        """
        try:
            answer = await self._core.request(
                method,
                self.base_url + path,
                params=params,
                body=body,
                attempts=1 if method == "POST" else 2,
                again=lambda failure: isinstance(failure, STALE),
                part=_service(path),
            )
        except NoAnswer as silence:
            raise self._silence(what, silence) from silence
        except AskedToWait as wish:
            raise _postponed(what, wish) from wish
        except AnswerTooLong as error:
            raise ServiceBroken(f"could not {what}: {error}", status=error.status) from error
        date = answer.headers.get("date", "")
        if answer.good:
            return Reply(_decoded(what, answer), date)
        failure = error_of(what, answer)
        if method == "DELETE" and answer.attempts > 1 and isinstance(failure, RecordNotFound):
            # The first attempt did it, and only its answer was lost.
            return Reply({"deleted": True}, date)
        raise failure

    @asynccontextmanager
    async def stream(
        self, what: str, path: str, *, params: Mapping[str, str], silence: float
    ) -> AsyncIterator[httpx.Response]:
        """Open a stream of events.

        Args:
            what: as for `request`.
            path: below the base URL.
            params: the query.
            silence: seconds without a byte after which the stream counts as lost.

        Raises:
            ServiceError: it was refused, could not be opened, or broke while it was read.
        """
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        try:
            async with self._core.stream(
                self.base_url + path, params=params, headers=headers, silence=silence, part=_service(path)
            ) as response:
                if not response.is_success:
                    content = await read_bounded(response, ERROR_LIMIT)
                    raise error_of(what, HttpAnswer(response.status_code, content, response.headers))
                yield response
        except NoAnswer as lost:
            raise self._silence(what, lost) from lost
        except AskedToWait as wish:
            raise _postponed(what, wish) from wish
        except AnswerTooLong as error:
            raise ServiceBroken(f"could not {what}: {error}", status=error.status) from error

    def _silence(self, what: str, silence: NoAnswer) -> ServiceUnreachable:
        hint = "check that the control services run and can be reached"
        if silence.certificate:
            hint = "the name, the date or the authority is wrong; nothing was sent to it"
        failure = ServiceUnreachable(f"could not {what}: no answer from {self.base_url}: {silence.cause}", hint=hint)
        failure.fault = "late" if silence.late else failure.fault
        failure.undone = silence.certificate or isinstance(silence.__cause__, NEVER_SENT)
        return failure


def _service(path: str) -> str:
    """Return which service a path is of: one that asks to be left alone does not speak for the others."""
    return path.split("/", 2)[1]


def _postponed(what: str, wish: AskedToWait) -> ServiceError:
    kind = RequestRefused if wish.status == 429 else ServiceUnreachable
    failure = kind(f"could not {what}: {wish}", hint="it is asked again then, by itself", status=wish.status)
    failure.retry_after = wish.seconds
    return failure


def part(identifier: str) -> str:
    """Return an id for use in a path; registry ids may hold anything."""
    return quote(identifier, safe="")


def _decoded(what: str, answer: HttpAnswer) -> Any:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        began = shorten(answer.content[:80].decode("utf-8", "replace"))
        raise ServiceBroken(
            f"could not {what}: {answer.status}, but the answer is not JSON and begins with {began!r}",
            hint="check the address of the control services",
            status=answer.status,
        ) from error


def error_of(what: str, answer: HttpAnswer) -> ServiceError:
    """Turn an answer that is no success into the error for it; bodies are `{"error"}` or bare text."""
    said, worded = shorten(answer.content[:4096].decode("utf-8", "replace")), False
    if "json" in answer.content_type:
        try:
            body = json.loads(answer.content)
        except (ValueError, RecursionError):
            body = None
        if isinstance(body, dict) and isinstance(body.get("error"), str):
            said, worded = shorten(body["error"]), True
    message = f"could not {what}: {answer.status} {said or 'without a text'}"
    failure = _classify(message, answer.status, worded and said != UNKNOWN_MODULE)
    failure.retry_after = answer.retry_after
    failure.undone = answer.status in (401, 403, 429) or (worded and answer.status < 500)
    return failure


def _classify(message: str, status: int, worded: bool) -> ServiceError:
    if status in (401, 403):
        return TokenRefused(message, hint="check the token: VERS_AUTH_TOKEN", status=status)
    if status == 404:
        if worded:
            return RecordNotFound(message, hint="it may have been removed: look again", status=status)
        return ServiceMissing(message, hint="this server does not offer it", status=status)
    if 300 <= status < 400:
        return ServiceBroken(message, hint="the address redirects: check it", status=status)
    if status == 429:
        return RequestRefused(message, hint="wait before the next request", status=status)
    if status < 500:
        hint = "part of it may have been done: read it again" if status == 400 else ""
        return RequestRefused(message, hint=hint, status=status)
    return ServiceBroken(message, hint="part of it may have been done: read it again", status=status)
