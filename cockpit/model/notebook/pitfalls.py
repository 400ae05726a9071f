"""What is told of a text that holds a whole file: it is no fault, and it often goes wrong."""

from __future__ import annotations

import re

LARGE_LINES = 60
LARGE_CHARACTERS = 4000

LOOKED_AT = 30_000
"""Characters of a text that are looked at."""

INLINE_FILE = (
    "large file inline: stale code may stay at its path: delete first, verify;"
    " or put it on the VM as a file and name its path"
)
"""What matters stands in front: a border of 80 cells shows it to the word `verify`."""

_FENCED = re.compile(r"^(```|~~~)[^\n]*\n(.*?)(?:^\1|\Z)", re.DOTALL | re.MULTILINE)
_LIKE_CODE = re.compile(r"^\s+\S|[;{}()\[\]=<>]\s*$|^\s*(?:#|//|/\*|\*|<|import |from |def |class |\S+:\s)")


def pitfall(text: str) -> str:
    """Say what to beware of in a text, in one line, or return empty text."""
    text = text[:LOOKED_AT]
    if len(text) < LARGE_CHARACTERS and text.count("\n") < LARGE_LINES:
        return ""
    if any(_is_large(match[2]) for match in _FENCED.finditer(text)):
        return INLINE_FILE
    lines = [line for line in text.splitlines() if line.strip()]
    code = sum(_LIKE_CODE.search(line) is not None for line in lines)
    return INLINE_FILE if _is_large(text) and 2 * code > len(lines) else ""


def _is_large(text: str) -> bool:
    return len(text) >= LARGE_CHARACTERS or text.count("\n") >= LARGE_LINES
