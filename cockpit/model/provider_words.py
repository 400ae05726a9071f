"""What an error of a provider says: its sentence, without the JSON in which it came."""

from __future__ import annotations

import re
from functools import lru_cache

READ = 8192
"""Characters of an error that are looked at."""

_BODY = re.compile(r'\{\s*".*\}', re.DOTALL)
_SAID = tuple(re.compile(rf'"{name}"\s*:\s*"((?:[^"\\]|\\.)+)"') for name in ("message", "detail", "error"))
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\n", "t": " ", "b": "", "f": ""}


@lru_cache(maxsize=512)
def said_in(error: str) -> str:
    """Return an error with the message of a JSON body in the body's place: `529 Overloaded`; any other as it is."""
    body = _BODY.search(error[:READ])
    if body is None:
        return error
    found = next((said for pattern in _SAID if (said := pattern.search(body[0])) is not None), None)
    message = _unescaped(found[1]).strip() if found is not None else ""
    parts = (error[: body.start()].strip(), message, error[body.end() :].strip())
    return " ".join(part for part in parts if part) if message else error


def _unescaped(text: str) -> str:
    """Return a string of JSON as it is read; half a pair of surrogates becomes a sign, for no file could take it."""
    read = _ESCAPED.sub(lambda one: chr(int(one[1], 16)) if one[1] else _LETTERS.get(one[2], one[2]), text)
    return read.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
