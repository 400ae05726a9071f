"""Colours and weights as data: what a graphic rendition sequence (ECMA-48, 8.3.117) says, without the bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

Colour = int | tuple[int, int, int]
"""A place in the 256-colour palette (0-15 are the terminal's own), or red, green, blue of 0-255 each."""


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a piece of text looks. Blink and concealment do not exist here: hidden text would be a lie."""

    foreground: Colour | None = None
    background: Colour | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False

    @property
    def is_default(self) -> bool:
        """Whether this changes nothing."""
        return self == PLAIN_STYLE

    def readable(self) -> TextStyle:
        """Return the style, without its colours if they would make the text invisible."""
        if self.foreground is not None and self.foreground == self.background:
            return replace(self, foreground=None, background=None)
        return self


PLAIN_STYLE = TextStyle()

_FLAGS: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"reverse": True},
    9: {"strike": True},
    21: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"reverse": False},
    29: {"strike": False},
    39: {"foreground": None},
    49: {"background": None},
}
_EXTENDED = {38: "foreground", 48: "background", 58: ""}
"""Codes that take a colour from the parameters after them; 58, the underline's colour, is read and dropped."""


MAX_PARAMETERS = 256
"""Characters of parameters that are read; no terminal takes more, and the cache of results stays small."""


def apply_graphic_rendition(style: TextStyle, parameters: str) -> TextStyle:
    """Return the style after a sequence with these parameters, e.g. `1;38;5;208` or `4:3`."""
    return _applied(style, parameters[:MAX_PARAMETERS])


@lru_cache(maxsize=1024)
def _applied(style: TextStyle, parameters: str) -> TextStyle:
    changes: dict[str, Any] = {}
    fields = iter(parameters.split(";"))
    for field in fields:
        head, _, rest = field.partition(":")
        code = _number(head)
        if code == 0:
            style, changes = PLAIN_STYLE, {}
        elif code in _EXTENDED:
            colour = _colour(iter(_colon_fields(rest))) if rest else _colour(fields)
            if colour is not None and _EXTENDED[code]:
                changes[_EXTENDED[code]] = colour
        elif code == 4 and rest:
            changes["underline"] = _number(rest.split(":")[0]) != 0
        elif code in _FLAGS:
            changes |= _FLAGS[code]
        else:
            _basic_colour(code, changes)
    return replace(style, **changes) if changes else style


def _basic_colour(code: int, changes: dict[str, Any]) -> None:
    for first, key, shift in ((30, "foreground", 0), (40, "background", 0), (90, "foreground", 8)):
        if first <= code <= first + 7:
            changes[key] = code - first + shift
            return
    if 100 <= code <= 107:
        changes["background"] = code - 92


def _colon_fields(rest: str) -> list[str]:
    """Return `2, r, g, b` of `2:r:g:b` and of the full form with a colour space, `2:space:r:g:b`."""
    fields = rest.split(":")
    return [fields[0], *fields[2:]] if fields[0] == "2" and len(fields) > 4 else fields


def _colour(fields: Iterator[str]) -> Colour | None:
    mode = _number(next(fields, _ABSENT))
    if mode == 5:
        index = _number(next(fields, _ABSENT))
        return index if 0 <= index <= 255 else None
    if mode == 2:
        red, green, blue = (_number(next(fields, _ABSENT)) for _ in range(3))
        return (red, green, blue) if all(0 <= part <= 255 for part in (red, green, blue)) else None
    return None


_ABSENT = "-"
"""Stands for a colour part that never came; it is no number."""


def _number(field: str) -> int:
    """Return a parameter's value: 0 for none, -1 for what is no small number."""
    if not field:
        return 0
    return int(field) if len(field) <= 4 and field.isascii() and field.isdigit() else -1
