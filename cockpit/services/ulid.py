"""ULIDs: 26 Crockford base32 characters, ten for the millisecond and sixteen random ones."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
RANDOM_BITS = 80
RANDOM_LIMIT = 1 << RANDOM_BITS
TIME_LIMIT = 1 << 48
_VALUES = {char: value for value, char in enumerate(ALPHABET)}


def encode(milliseconds: int, random: int) -> str:
    """Return the ULID of a unix time in milliseconds and an 80-bit random part."""
    number = (milliseconds % TIME_LIMIT << RANDOM_BITS) | (random % RANDOM_LIMIT)
    return "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def decode(text: str) -> tuple[int, int] | None:
    """Return the millisecond and the random part of a ULID, None if the text is none."""
    if len(text) != LENGTH:
        return None
    number = 0
    for char in text:
        value = _VALUES.get(char)
        if value is None:
            return None
        number = number << 5 | value
    if number >> 128:
        return None
    return number >> RANDOM_BITS, number % RANDOM_LIMIT


def floor(text: str, margin_ms: int) -> str:
    """Return the smallest ULID of a moment before a ULID's own, empty if the text is none.

    Ids of one millisecond sort by chance, so what comes after an id must be asked for from below its millisecond.
    """
    parts = decode(text)
    return "" if parts is None else encode(max(0, parts[0] - margin_ms), 0)
