"""Requests and answers the way the imitated servers treat them: JSON bodies, bare texts, truth of JavaScript."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

BODY_LIMIT = 8 * 1024 * 1024
"""Largest accepted body in bytes; the services themselves know no limit, but memory does."""


class BodyTooLarge(Exception):
    """A request body is beyond the limit."""


class Unguarded(Exception):
    """The imitated handler would throw here; it is answered with a bare 500."""


class Rejected(Exception):
    """The services' 400, 404 or 409 with a JSON text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def json_response(value: object, status: int = 200) -> Response:
    """Return a JSON answer; text that is no valid Unicode is escaped rather than refused."""
    try:
        content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        content = json.dumps(value, separators=(",", ":")).encode()
    return Response(content, status, media_type="application/json")


def json_line(value: object) -> bytes:
    """Return a value as JSON without a line break in it."""
    return bytes(json_response(value).body)


def plain(status: int, text: str) -> Response:
    """Return the services' bare text."""
    return Response(text, status, headers={"content-type": "text/plain; charset=UTF-8"})


async def body_bytes(request: Request) -> bytes:
    """Return the body.

    Raises:
        BodyTooLarge: it is beyond the limit.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_LIMIT:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)


def parse_json(content: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is none.
    """
    try:
        return json.loads(content, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


async def service_body(request: Request) -> dict[str, Any]:
    """Return the body of a service call as an object.

    Raises:
        Unguarded: it is empty, malformed or null.
    """
    try:
        value = parse_json(await body_bytes(request))
    except ValueError as error:
        raise Unguarded from error
    if value is None:
        raise Unguarded
    # Every property of a number, text or list is undefined for the imitated server.
    return value if isinstance(value, dict) else {}


def required(body: dict[str, Any], name: str) -> str:
    """Return a text, trimmed.

    Raises:
        Rejected: it is missing or blank.
        Unguarded: it is no text.
    """
    value = body.get(name)
    if not value:
        raise Rejected(400, f"{name} is required")
    if not isinstance(value, str):
        raise Unguarded
    if not value.strip():
        raise Rejected(400, f"{name} is required")
    return value.strip()


def query(request: Request, name: str) -> str:
    """Return a query parameter; of repeated ones the first counts, and an empty one is absent."""
    values = request.query_params.getlist(name)
    return values[0] if values else ""
