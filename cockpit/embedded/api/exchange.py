"""Requests and answers the way the imitated servers treat them: JSON bodies, bare texts, truth of JavaScript."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

DEPTH_LIMIT = 64
"""Levels of lists and objects in a body; what is nested deeper could be read but not be written again."""
EXACT = 2**53
"""The greatest whole number below which JavaScript's numbers have no gap."""
EXACT_DIGITS = 15
ROUND_NUMBERS = 1e21
"""From here on JavaScript writes numbers with an exponent."""
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
    return Response(well_formed(text), status, headers={"content-type": "text/plain; charset=UTF-8"})


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


def parse_json(content: bytes, undecodable: str = "strict") -> Any:
    """Return the value of a JSON text, so that it can be stored and written again as it is.

    Args:
        content: the text.
        undecodable: what becomes of bytes that are not UTF-8: `strict` refuses them, `replace` puts U+FFFD there.

    Raises:
        ValueError: it is none, is not UTF-8, or is nested too deeply.
    """
    try:
        text = content.decode("utf-8-sig", undecodable)
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite, parse_int=_whole)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    _check_depth(value, DEPTH_LIMIT)
    return value


def _finite(text: str) -> float | int | None:
    """Return a number as JavaScript has it: one beyond the range is null, and a whole one has no fraction."""
    number = float(text)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) <= EXACT else number


def _whole(text: str) -> float | int | None:
    """Return a whole number as JavaScript has it: beyond 53 bits only its leading digits are kept."""
    if len(text) <= EXACT_DIGITS:
        return int(text)
    number = float(text)
    if not math.isfinite(number):
        return None
    return int(Decimal(repr(number))) if abs(number) < ROUND_NUMBERS else number


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


def query(request: Request, name: str) -> str:
    """Return a query parameter; of repeated ones the first counts, and an empty one is absent."""
    values = request.query_params.getlist(name)
    return values[0] if values else ""
