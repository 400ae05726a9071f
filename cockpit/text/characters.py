"""Which characters may reach the screen: each one is harmless, bounded, or replaced by something visible."""

from __future__ import annotations

import unicodedata
from enum import IntEnum
from functools import lru_cache

REPLACEMENT = "\ufffd"
"""Shown for a character that would act on the terminal or be invisible."""

MAX_COMBINING = 4
"""Combining marks kept per base. Living scripts need up to three; more is a flood that paints over other lines."""


class CharacterKind(IntEnum):
    """How a character is treated."""

    PLAIN = 0
    COMBINING = 1
    """Takes no cell of its own; bounded per base."""
    VARIATION = 2
    """Asks for another look of the base; dropped, since terminals disagree about the width it gives."""
    SPACE = 3
    """A blank of another width than one cell; becomes spaces."""
    HOSTILE = 4
    """A control, a bidirectional override, an invisible or unassigned-by-rule character."""


_INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
"""Marks and letters by category, but drawn as nothing: fillers, joiners, the blank Braille pattern."""

_VARIATION_SELECTORS = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF), (0x180B, 0x180D), (0x180F, 0x180F))
_JAMO_WITHOUT_CELL = ((0x1160, 0x11FF), (0xD7B0, 0xD7FF))
"""Vowels and finals of Hangul: letters by category that join the cell before them."""
_VISIBLE_FORMAT = ((0x0600, 0x0605), (0x06DD, 0x06DD), (0x070F, 0x070F), (0x0890, 0x0891), (0x08E2, 0x08E2))
"""Format characters by category that are drawn: Arabic and Syriac number and verse signs."""
_IGNORABLE = ((0x2060, 0x206F), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF), (0xFDD0, 0xFDEF))
"""Reserved to be invisible, or never to be a character."""


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)


@lru_cache(maxsize=4096)
def kind_of(character: str) -> CharacterKind:
    """Return how a character is treated."""
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return CharacterKind.PLAIN
    if _within(code, _VARIATION_SELECTORS):
        return CharacterKind.VARIATION
    if character in _INVISIBLE_LETTERS:
        return CharacterKind.HOSTILE
    category = unicodedata.category(character)
    if category in ("Mn", "Me") or _within(code, _JAMO_WITHOUT_CELL):
        return CharacterKind.COMBINING
    if category == "Zs":
        return CharacterKind.SPACE
    if category in ("Cc", "Cs", "Zl", "Zp"):
        return CharacterKind.HOSTILE
    if category == "Cf":
        return CharacterKind.PLAIN if _within(code, _VISIBLE_FORMAT) else CharacterKind.HOSTILE
    if category == "Cn" and (_within(code, _IGNORABLE) or code & 0xFFFE == 0xFFFE):
        return CharacterKind.HOSTILE
    # Private use (icon fonts) and characters newer than this Python's tables are shown.
    return CharacterKind.PLAIN


def replacement_for(character: str) -> str:
    """Return what is shown instead of a hostile character: its control picture, or U+FFFD."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else REPLACEMENT


def cells_of(character: str) -> int:
    """Return the width of a base character in cells, 1 or 2."""
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def is_plain(text: str) -> bool:
    """Say whether a text may be shown as it is, without any treatment. LF is not plain."""
    if text.isascii():
        return text.isprintable()
    return all(kind_of(character) is CharacterKind.PLAIN for character in set(text))
