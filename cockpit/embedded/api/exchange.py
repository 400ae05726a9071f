"""Requests and answers the way the imitated servers treat them: JSON bodies, bare texts, truth of JavaScript."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

DEPTH_LIMIT = 64
"""Levels of lists and objects in a body; what is nested deeper could be read but not be written again."""
WORD_LIMIT = 200
"""Characters of a refused value that the refusal repeats."""
BODY_LIMIT = 8 * 1024 * 1024
"""Largest accepted body in bytes; the services themselves know no limit, but memory does."""


class BodyTooLarge(Exception):
    """A request body is beyond the limit."""


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
    """Return the value of a JSON text, so that it can be stored and written again as it is.

    Raises:
        ValueError: it is none, is not UTF-8, or is nested too deeply.
    """
    try:
        value = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    _check_depth(value, DEPTH_LIMIT)
    return value


def _finite(text: str) -> float | None:
    """Return a number; one beyond the range is null, as JavaScript writes it."""
    number = float(text)
    return number if math.isfinite(number) else None


def _check_depth(value: Any, levels: int) -> None:
    if not isinstance(value, dict | list):
        return
    if not levels:
        raise ValueError("nested too deeply")
    for item in value.values() if isinstance(value, dict) else value:
        _check_depth(item, levels - 1)


def well_formed(text: str) -> str:
    """Return a text with U+FFFD for each lone surrogate: as a name of something it must be encodable."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


async def service_body(request: Request) -> dict[str, Any]:
    """Return the body of a service call as an object.

    Raises:
        Rejected: it is empty, malformed or null.
    """
    try:
        value = parse_json(await body_bytes(request))
    except ValueError as error:
        raise Rejected(400, "Invalid JSON body") from error
    if value is None:
        raise Rejected(400, "Invalid JSON body")
    # Every property of a number, text or list is undefined for the imitated server.
    return value if isinstance(value, dict) else {}


def required(body: dict[str, Any], name: str) -> str:
    """Return a text, trimmed.

    Raises:
        Rejected: it is missing, blank or no text.
    """
    value = body.get(name)
    if not value:
        raise Rejected(400, f"{name} is required")
    text = as_text(name, value)
    if not text:
        raise Rejected(400, f"{name} is required")
    return text


def as_text(name: str, value: object) -> str:
    """Return a field's text, trimmed.

    Raises:
        Rejected: it is no text.
    """
    if not isinstance(value, str):
        raise Rejected(400, f"{name} must be a string")
    return value.strip()


def shown(value: object, absent: str = "undefined") -> str:
    """Return a value as the imitated server prints it in a message, bounded."""
    return absent if value is None else (value if isinstance(value, str) else str(value))[:WORD_LIMIT]


def query(request: Request, name: str) -> str:
    """Return a query parameter; of repeated ones the first counts, and an empty one is absent."""
    values = request.query_params.getlist(name)
    return values[0] if values else ""
