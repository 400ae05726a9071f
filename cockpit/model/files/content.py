"""What a file says: a page of it as text in the encoding it seems to have, or as bytes if it is no text."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

PAGE_BYTES = 256 << 10
"""Bytes of a file that are looked at together."""

SNIFFED_BYTES = 8192
"""Bytes of the beginning that tell text from what is none."""

GROUP_BYTES = 8
"""Bytes that stand together in a line of a dump."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a mark"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16, little-endian"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16, big-endian"),
)

_NO_TEXT = frozenset({*range(0x20)} - {0x08, 0x09, 0x0A, 0x0C, 0x0D, 0x1B})
"""Bytes that text holds rarely: many of them, or one NUL, make a file binary."""


@dataclass(frozen=True, slots=True)
class FilePage:
    """A part of a file."""

    path: str
    """Its real path."""
    size: int
    """Bytes of the whole file."""
    offset: int
    """Where the part begins."""
    data: bytes
    encoding: str
    """How it is decoded, for Python; empty if it is no text."""
    modified_at: float

    @property
    def end(self) -> int:
        """Where the next part begins."""
        return self.offset + len(self.data)

    @property
    def whole(self) -> bool:
        """Whether this is all of the file."""
        return self.offset == 0 and self.end >= self.size

    @property
    def text(self) -> str:
        """The part as text; empty if it is none. A mark at its beginning is no part of it."""
        if not self.encoding:
            return ""
        text = self.data.decode(self.encoding, "replace")
        return text.removeprefix("\ufeff") if self.offset == 0 else text


def encoding_of(head: bytes) -> str:
    """Guess the encoding of a file from its beginning, `SNIFFED_BYTES` of it or more; empty if it is no text."""
    for mark, encoding, _ in _MARKS:
        if head.startswith(mark):
            return encoding
    sample = head[:SNIFFED_BYTES]
    if 0 in sample or sum(byte in _NO_TEXT for byte in sample) * 20 > len(sample):
        return ""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def encoding_words(encoding: str) -> str:
    """Say an encoding for people, and how sure it is."""
    if encoding == "utf-8":
        return "UTF-8"
    if encoding == "latin-1":
        return "no UTF-8, shown as Latin-1"
    return next((words for _, known, words in _MARKS if known == encoding), "binary")


def whole_lines(data: bytes, encoding: str, *, last: bool) -> bytes:
    """Return a page without the line that it cuts; one that has no line end is cut between two characters.

    Args:
        data: what was read.
        encoding: how it is decoded; empty for no text.
        last: it is the end of the file.
    """
    if last or not encoding:
        return data
    if encoding.startswith("utf-16"):
        return data[: len(data) - len(data) % 2]
    end = data.rfind(b"\n") + 1
    if end:
        return data[:end]
    # A character of UTF-8 has four bytes at most; those of one that is cut begin with a byte that is no continuation.
    for back in range(1, min(4, len(data)) if encoding.startswith("utf-8") else 1):
        if data[-back] & 0xC0 != 0x80:
            return data[:-back] if data[-back] >= 0xC0 else data
    return data


def dump_lines(data: bytes, offset: int, groups: int = 2) -> list[str]:
    """Return bytes as `hexdump -C` shows them: place, groups of eight bytes, and what of them can be printed."""
    lines, width = [], groups * GROUP_BYTES
    for start in range(0, len(data), width):
        piece = data[start : start + width]
        shown = [piece[at : at + GROUP_BYTES].hex(" ") for at in range(0, width, GROUP_BYTES)]
        printed = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in piece)
        lines.append(f"{offset + start:08x}  {'  '.join(f'{group:23}' for group in shown)}  |{printed}|")
    return lines
