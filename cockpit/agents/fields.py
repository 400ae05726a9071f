"""JSON of doubtful quality made usable: lenient parsing, and values forced into the type a field should have."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

_ESCAPE = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}|u(?P<code>[0-9a-fA-F]{4})|.)",
    re.DOTALL,
)
_LONGEST_INTEGER = 300
"""Digits; more than that is no count of anything, and Python refuses to convert several thousand."""


def parse_object(line: bytes) -> dict[str, Any] | None:
    """Parse a line as a JSON object, or return None. Strings in the result can always be encoded to UTF-8.

    Tolerated: a BOM, CR before LF, lone surrogates and invalid UTF-8 (they become U+FFFD), raw control characters
    in strings, NaN.

    Raises:
        RecursionError: nested deeper than the parser goes.
    """
    try:
        parsed = msgspec.json.decode(line)
    except ValueError:
        try:
            parsed = json.loads(repair(line), strict=False, parse_int=_parse_integer)
        except ValueError:
            return None
    return parsed if isinstance(parsed, dict) else None


def repair(line: bytes) -> str:
    """Return the line's JSON text with every lone surrogate, escaped or raw, and every invalid byte as U+FFFD."""
    text = line.decode("utf-8-sig", "replace")
    return _ESCAPE.sub(_whole_character, text) if "\\u" in text else text


def _whole_character(match: re.Match[str]) -> str:
    code = match["code"]
    if code is not None and code[0] in "dD" and code[1] in "89abcdefABCDEF":
        return "\\ufffd"
    return match[0]


def _parse_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else math.inf


def head_text(data: bytes, limit: int = 64 * 1024) -> str:
    """Return the first `limit` bytes as text, leniently; for showing a line raw."""
    return data[:limit].decode("utf-8", "replace")


def text_of(value: Any) -> str:
    """Return a string field; a number is written out, anything else is empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return ""


def number_of(value: Any) -> float:
    """Return a finite number, also from its digits in a string; 0 for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return 0.0
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            return 0.0
        return number if math.isfinite(number) else 0.0
    return 0.0


def integer_of(value: Any) -> int:
    """Return a whole number, also from its digits in a string; 0 for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(number_of(value))


def flag_of(value: Any) -> bool:
    """Return a boolean field, also from the words `true` and `false`; False for anything else."""
    if isinstance(value, str):
        return value.strip().lower() == "true"
    return value is True or (isinstance(value, int) and value == 1)


def texts_of(value: Any) -> tuple[str, ...]:
    """Return a list of strings; a member of another type is written out as JSON."""
    if not isinstance(value, list):
        return ()
    return tuple(item if isinstance(item, str) else json_text(item) for item in value)


def dict_of(value: Any) -> dict[str, Any]:
    """Return an object field, empty if it is none."""
    return value if isinstance(value, dict) else {}


def json_text(value: Any) -> str:
    """Return a value as compact JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
