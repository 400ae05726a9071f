"""Where a joiner joins: in Persian words, in Indic conjuncts, in joined emoji; and where a text may be cut.

A joiner takes no cell. Where it shapes nothing it hides something: two names that look alike, a word no search finds.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from cockpit.text.characters import CharacterKind, cells_of, kind_of
from cockpit.text.clean import Clean, part

NON_JOINER = "\u200c"
JOINER = "\u200d"
EMOJI_LOOK = "\ufe0f"
"""The variation selector that asks for the look of an emoji."""

MAX_JOINS = 3
"""Joiners of one cluster: a family has four members, and no conjunct is longer. Terminals that do not join draw all."""

_CURSIVE = ((0x0620, 0x06FF), (0x0750, 0x077F), (0x0870, 0x08FF), (0x0700, 0x074F), (0x07C0, 0x07FF), (0x0840, 0x085F))
"""Scripts whose letters join: Arabic (the first three), Syriac, N'Ko, Mandaic."""
_ARABIC_RANGES = 3
_INDIC = (0x0900, 0x0DFF)
"""Devanagari to Sinhala, one script in each 128 places."""
_PICTURES = ((0x2194, 0x2195), (0x2600, 0x27BF), (0x2B1B, 0x2B1C), (0x1F300, 0x1FAFF))
"""Where Unicode has its pictographs."""
_TONES = (0x1F3FB, 0x1F3FF)
"""Modifiers that give a person a colour of skin."""
_FLAG_LETTERS = (0x1F1E6, 0x1F1FF)
"""Two of them are a flag."""
_VIRAMA = 9
"""The canonical combining class of the marks that take a consonant's vowel away, so that it joins the next one."""
_FIRST_COMBINING = "\u0300"
"""No character before it combines with anything."""


def joins(text: str, at: int) -> bool:
    """Say whether the character at a place is a joiner or non-joiner that shapes its two neighbours."""
    if text[at] not in (JOINER, NON_JOINER) or at == 0 or at + 1 >= len(text):
        return False
    before, after = text[at - 1], text[at + 1]
    if _conjunct(before, after):
        return text[at] == NON_JOINER or _joins_before(text, at) < MAX_JOINS
    if text[at] == NON_JOINER:
        script = _cursive_script(before)
        return script is not None and script == _cursive_script(after) and _is_letter(after)
    if not _is_picture(after):
        return False
    base = text[at - 2 : at - 1] if before == EMOJI_LOOK or _within(before, _TONES) else before
    return bool(base) and _is_picture(base) and _joins_before(text, at) < MAX_JOINS


def shapes_emoji(text: str, at: int) -> bool:
    """Say whether the selector at a place is part of joined emoji; elsewhere terminals disagree about its width."""
    if text[at] != EMOJI_LOOK or at == 0 or not _is_picture(text[at - 1]):
        return False
    return (at + 1 < len(text) and joins(text, at + 1)) or (at >= 2 and joins(text, at - 2))


def cluster_ends(text: str, start: int = 0) -> Iterator[int]:
    """Yield where each cluster ends, from the start of one on: what is drawn together and never cut."""
    flag_letters = 0
    for at in range(start, len(text)):
        flag_letters = flag_letters + 1 if _within(text[at], _FLAG_LETTERS) else 0
        following = text[at + 1 : at + 2]
        if not following:
            yield at + 1
        elif following >= _FIRST_COMBINING and _continues(text[at], following, flag_letters):
            continue
        else:
            yield at + 1


def is_boundary(text: str, at: int) -> bool:
    """Say whether a text may be cut before a place."""
    if at <= 0 or at >= len(text):
        return True
    first = at - 1
    while first > 0 and _within(text[first], _FLAG_LETTERS) and _within(text[first - 1], _FLAG_LETTERS):
        first -= 1
    flag_letters = at - first if _within(text[at - 1], _FLAG_LETTERS) else 0
    return not _continues(text[at - 1], text[at], flag_letters)


def cells_in(text: str) -> int:
    """Return how many cells of a terminal a clean text takes."""
    if text.isascii():
        return len(text)
    cells = 0
    for at, character in enumerate(text):
        joined = at > 0 and text[at - 1] == JOINER and _is_picture(character)
        if joined or character in (JOINER, NON_JOINER):
            continue
        if not _goes_along(character) or unicodedata.category(character) == "Mc":
            cells += cells_of(character)
    return cells


def cut_to_cells(text: Clean, most: int) -> Clean:
    """Return the beginning of a text, so many cells at most; what is drawn as one is never cut."""
    end = 0
    for cluster_end in cluster_ends(text):
        if cells_in(text[:cluster_end]) > most:
            break
        end = cluster_end
    return part(text, 0, end)


def _continues(before: str, character: str, flag_letters: int) -> bool:
    """Say whether a character belongs to the cluster of the one before it."""
    if before == JOINER or character in (JOINER, NON_JOINER) or _goes_along(character):
        return True
    return flag_letters % 2 == 1 and _within(character, _FLAG_LETTERS)


@lru_cache(maxsize=4096)
def _goes_along(character: str) -> bool:
    """Say whether a character is drawn with the one before it; of these, marks that stand beside it take a cell."""
    if kind_of(character) in (CharacterKind.COMBINING, CharacterKind.VARIATION) or _within(character, _TONES):
        return True
    return unicodedata.category(character) == "Mc"


def _joins_before(text: str, at: int) -> int:
    """Count the joiners that stand before a place in the same cluster, up to the most there may be."""
    number = 0
    while number < MAX_JOINS:
        # A member of a cluster is a base with a few marks.
        found = text.rfind(JOINER, max(0, at - 8), at)
        if found < 0 or not all(_goes_along(character) for character in text[found + 2 : at]):
            break
        number += 1
        at = found
    return number


def _conjunct(before: str, after: str) -> bool:
    """Say whether a consonant without its vowel stands on one side, and a letter of the same script on the other."""
    if not _within(before, _INDIC) or not _within(after, _INDIC) or ord(before) >> 7 != ord(after) >> 7:
        return False
    return (unicodedata.combining(before) == _VIRAMA and _is_letter(after)) or (
        unicodedata.combining(after) == _VIRAMA and _is_letter(before)
    )


@lru_cache(maxsize=1024)
def _cursive_script(character: str) -> int | None:
    """Return which joining script a letter, or a mark on one, belongs to."""
    if unicodedata.category(character) not in ("Lo", "Mn"):
        return None
    found = next((at for at, places in enumerate(_CURSIVE) if _within(character, places)), None)
    return found if found is None else max(found, _ARABIC_RANGES - 1)


def _is_letter(character: str) -> bool:
    return unicodedata.category(character) == "Lo"


def _is_picture(character: str) -> bool:
    return any(_within(character, places) for places in _PICTURES) and not _within(character, _TONES)


def _within(character: str, places: tuple[int, int]) -> bool:
    return places[0] <= ord(character) <= places[1]
