"""What the imitated services make of a body: JavaScript's values, and where it fails at them."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any, Final

from starlette.requests import Request

from cockpit.embedded.api.callers import check_signatures
from cockpit.embedded.api.exchange import Rejected, body_bytes, parse_json

SPACES = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What JavaScript trims: not quite what Python strips."""
ORDER_OF_SIGNS = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
"""ASCII signs as they sort by the rules of Unicode; digits and then letters follow them."""


class ServerFault(Exception):
    """The imitated server fails at this request: 500 with a bare text, and what it did before stays done."""


class Undefined:
    """The type of what is not there, which JavaScript tells from null."""

    def __bool__(self) -> bool:
        """It is false."""
        return False


UNDEFINED: Final = Undefined()


class Body:
    """The object of a request; every property of a number, a text or a list is undefined."""

    def __init__(self, value: object) -> None:
        self.fields: dict[str, Any] = value if isinstance(value, dict) else {}

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def get(self, name: str) -> Any:
        """Return a property, `UNDEFINED` if it is not there."""
        return self.fields.get(name, UNDEFINED)

    def given(self, *names: str) -> dict[str, Any]:
        """Return the properties among these that are there, null included."""
        return {name: self.fields[name] for name in names if name in self.fields}

    def required(self, name: str) -> str:
        """Return a text, trimmed.

        Raises:
            Rejected: it is missing, blank or no text.
        """
        value = self.get(name)
        text = value.strip(SPACES) if isinstance(value, str) else ""
        if not text:
            raise Rejected(400, f"{name} is required")
        return text

    def needed(self, name: str, what: str = "") -> str:
        """Return a text, trimmed, of a field that is not checked for its type.

        Args:
            name: the field.
            what: how the refusal calls it; its name by default.

        Raises:
            Rejected: it is missing or blank.
            ServerFault: it is no text.
        """
        text = self.trimmed(name)
        if not text:
            raise Rejected(400, f"{what or name} is required")
        return text

    def unspaced(self, name: str) -> str:
        """Return a text that is not empty, as it is: blanks are text.

        Raises:
            Rejected: it is missing, empty or no text.
        """
        value = self.get(name)
        if not isinstance(value, str) or not value:
            raise Rejected(400, f"{name} is required")
        return value

    def trimmed(self, name: str) -> str | None:
        """Return `field?.trim()`: None where it is undefined or null.

        Raises:
            ServerFault: it is no text.
        """
        return trimmed(self.get(name))


async def read_body(request: Request, *, guarded: bool = False) -> Body:
    """Return the body of a call.

    Args:
        request: the call.
        guarded: the imitated route catches what the parser throws, and says so.

    Raises:
        Rejected: it is malformed, at a guarded route; or an agent signs it as the operator.
        ServerFault: it is null, or malformed at any other route.
    """
    try:
        value = parse_json(await body_bytes(request), "replace")
    except ValueError as error:
        raise (Rejected(400, "Invalid JSON body") if guarded else ServerFault) from error
    if value is None:
        raise ServerFault
    check_signatures(request, value)
    return Body(value)


def trimmed(value: object) -> str | None:
    """Return `value?.trim()`.

    Raises:
        ServerFault: it is no text.
    """
    if value is None or value is UNDEFINED:
        return None
    if not isinstance(value, str):
        raise ServerFault
    return value.strip(SPACES)


def stripped(value: object) -> str:
    """Return `value.trim()`.

    Raises:
        ServerFault: it is no text.
    """
    text = trimmed(value)
    if text is None:
        raise ServerFault
    return text


def truthy(value: object) -> bool:
    """Say whether JavaScript takes a value for true: lists and objects are, empty or not."""
    return isinstance(value, list | dict) or bool(value)


def shown(value: object) -> str:
    """Return a value as JavaScript puts it into a text."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case Undefined():
            return "undefined"
        case int() | float():
            return json.dumps(value)
        case list():
            return ",".join("" if item is None else shown(item) for item in value)
    return "[object Object]"


def is_one_of(value: object, words: tuple[str, ...]) -> bool:
    """Say whether a value is one of some words; a list or an object never is."""
    return isinstance(value, str) and value in words


def includes(value: object, word: str) -> bool:
    """Return `value.includes(word)`: an item of a list, a part of a text.

    Raises:
        ServerFault: it is neither.
    """
    if isinstance(value, str):
        return word in value
    if not isinstance(value, list):
        raise ServerFault
    return any(item == word for item in value if isinstance(item, str))


def differs(one: object, other: object) -> bool:
    """Return `one !== other`: lists and objects out of different bodies always differ."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is not other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one != other
    return isinstance(one, list | dict) or type(one) is not type(other) or one != other


def number_of(value: object) -> float:
    """Return a value as JavaScript compares it with a number; NaN if it is none."""
    match value:
        case None:
            return 0.0
        case bool() | int() | float():
            return float(value)
        case str():
            text = value.strip(SPACES)
            if not text:
                return 0.0
            return float(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) else math.nan
        case list():
            return number_of(shown(value))
    return math.nan


def as_object(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields in the order of a JavaScript object: names that are numbers first, the smallest before."""
    numbers = sorted((name for name in fields if re.fullmatch(r"0|[1-9]\d{0,8}", name, re.ASCII)), key=int)
    return {name: fields[name] for name in numbers} | fields


def by_name(text: str) -> tuple[str, str, str]:
    """Return what texts sort by where people read them: letters, then their accents, then small before capital."""
    folded = unicodedata.normalize("NFD", text.casefold())
    letters = "".join(char for char in folded if not unicodedata.combining(char))
    ranks = "".join(chr(1 + ORDER_OF_SIGNS.index(char)) if char in ORDER_OF_SIGNS else char for char in letters)
    return ranks, folded, text.swapcase()
