"""HTTP to the control services: bearer token, bounded answers, bare-text errors, one retry on a stale connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from cockpit import __version__
from cockpit.errors import ConfigError
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
CONNECT_TIMEOUT = 10.0
ANSWER_LIMIT = 64 * 1024 * 1024
"""Largest accepted answer in bytes: the board has no pages, and a whole feed is ten thousand events."""
ERROR_LIMIT = 64 * 1024
TEXT_LIMIT = 300
KEEPALIVE = 4.0
"""Seconds an idle connection is kept: the server closes its own after five."""

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
        self.base_url = base_url.strip().rstrip("/")
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ConfigError(
                "the address of the control services is no plain web address", hint="for example http://host:3000"
            )
        self._timeout = timeout
        headers = {"User-Agent": f"swarm-cockpit/{__version__}"}
        if token.strip():
            headers["Authorization"] = f"Bearer {token.strip()}"
        self._http = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT),
            limits=httpx.Limits(keepalive_expiry=KEEPALIVE),
            follow_redirects=False,
            headers=headers,
        )

    def __repr__(self) -> str:
        return f"ServiceHttp({self.base_url!r})"

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

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
        attempts = 1 if method == "POST" else 2
        while True:
            attempts -= 1
            request = self._http.build_request(method, self.base_url + path, params=params, json=body)
            try:
                async with asyncio.timeout(self._timeout):
                    response = await self._http.send(request, stream=True)
                    try:
                        content = await read_bounded(response, ANSWER_LIMIT)
                    finally:
                        await response.aclose()
            except TimeoutError as error:
                raise self._silence(what, f"nothing complete within {self._timeout:g} s") from error
            except httpx.HTTPError as error:
                if attempts and isinstance(error, STALE):
                    continue
                raise self._silence(what, shorten(str(error)) or type(error).__name__) from error
            if not response.is_success:
                failure = error_of(what, response, content)
                if method == "DELETE" and not attempts and isinstance(failure, RecordNotFound):
                    # The first attempt did it, and only its answer was lost.
                    return Reply({"deleted": True}, response.headers.get("date", ""))
                raise failure
            return Reply(_decoded(what, response, content), response.headers.get("date", ""))

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
        timeout = httpx.Timeout(silence, connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT)
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        url = self.base_url + path
        try:
            async with self._http.stream("GET", url, params=params, headers=headers, timeout=timeout) as response:
                if not response.is_success:
                    raise error_of(what, response, await read_bounded(response, ERROR_LIMIT))
                yield response
        except httpx.ReadTimeout as error:
            raise self._silence(what, f"no sign of life for {silence:g} s") from error
        except httpx.HTTPError as error:
            raise self._silence(what, shorten(str(error)) or type(error).__name__) from error

    def _silence(self, what: str, cause: str) -> ServiceUnreachable:
        return ServiceUnreachable(
            f"could not {what}: no answer from {self.base_url}: {cause}",
            hint="check that the control services run and can be reached",
        )


def part(identifier: str) -> str:
    """Return an id for use in a path; registry ids may hold anything."""
    return quote(identifier, safe="")


def shorten(text: str) -> str:
    """Return a server's text as one bounded line without control characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * TEXT_LIMIT]).split())
    return line if len(line) <= TEXT_LIMIT else line[: TEXT_LIMIT - 1] + "…"


async def read_bounded(response: httpx.Response, limit: int) -> bytes:
    """Return a body.

    Raises:
        ServiceBroken: it is longer than the limit.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > limit:
            raise ServiceBroken(f"the answer of {response.url.path} is longer than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _decoded(what: str, response: httpx.Response, content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        began = shorten(content[:80].decode("utf-8", "replace"))
        raise ServiceBroken(
            f"could not {what}: {response.status_code}, but the answer is not JSON and begins with {began!r}",
            hint="check the address of the control services",
            status=response.status_code,
        ) from error


def error_of(what: str, response: httpx.Response, content: bytes) -> ServiceError:
    """Turn an answer that is no success into the error for it; bodies are `{"error"}` or bare text."""
    status = response.status_code
    said, worded = shorten(content[:4096].decode("utf-8", "replace")), False
    if "json" in response.headers.get("content-type", ""):
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = None
        if isinstance(body, dict) and isinstance(body.get("error"), str):
            said, worded = shorten(body["error"]), True
    message = f"could not {what}: {status} {said or 'without a text'}"
    if status in (401, 403):
        return TokenRefused(message, hint="check the token: VERS_AUTH_TOKEN", status=status)
    if status == 404:
        if worded:
            return RecordNotFound(message, hint="it may have been removed: look again", status=status)
        return ServiceMissing(message, hint="this server does not offer it", status=status)
    if 300 <= status < 400:
        return ServiceBroken(message, hint="the address redirects: check it", status=status)
    if status < 500:
        hint = "part of it may have been done: read it again" if status == 400 else ""
        return RequestRefused(message, hint=hint, status=status)
    return ServiceBroken(message, hint="part of it may have been done: read it again", status=status)
