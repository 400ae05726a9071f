"""Text measured in terminal cells: fitting, wrapping, ages; and the one way pieces become Content (never markup)."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, get_character_cell_size
from textual.content import Content, Span

from cockpit.text.clean import NOTHING, Clean, joined, ours, part, repeated
from cockpit.text.joiners import cluster_ends, is_boundary
from cockpit.text.sanitize import our_line
from cockpit.ui.widths import teach

teach()

AGE_CELLS = 4
"""Cells of a column of ages: `59m` and a blank before it."""

Piece = tuple[Clean, str]
"""Text and the style it wears; the style is our own word, the text may be anybody's and is clean."""


def clickable(style: str, action: str) -> str:
    """Return a style whose text does something when it is clicked: an action of the framework, such as `screen.go`."""
    return f"{style} @click={action}".strip()


MOST_OF_A_CELL = 16
"""Characters that a cell can hold of what is drawn as one: a longer text is wider than its cells without a look."""


def content(pieces: Iterable[Piece]) -> Content:
    """Join pieces into Content. Nothing in them is read as markup."""
    texts: list[str] = []
    spans: list[Span] = []
    position = 0
    for text, style in pieces:
        if not text:
            continue
        texts.append(text)
        if style:
            spans.append(Span(position, position + len(text), style))
        position += len(text)
    return Content("".join(texts), spans)


def width_of(text: str) -> int:
    """Return how many cells a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def cut(text: Clean, width: int) -> Clean:
    """Shorten a text to a width in cells, with an ellipsis where something is missing."""
    if width <= 0:
        return NOTHING
    if len(text) <= width * MOST_OF_A_CELL and width_of(text) <= width:
        return text
    end = _cells_end(text, 0, width - 1, text.isascii())
    if width_of(text[:end]) >= width:
        return ours("…")
    return joined((part(text, 0, len(text[:end].rstrip())), ours("…")))


def fit(text: Clean, width: int, *, right: bool = False) -> Clean:
    """Shorten or pad a text to exactly a width in cells."""
    text = cut(text, width)
    padding = repeated(ours(" "), width - width_of(text))
    return joined((padding, text) if right else (text, padding))


def pieces_width(pieces: Iterable[Piece]) -> int:
    """Return the cells all pieces take together."""
    return sum(width_of(text) for text, _ in pieces)


def break_points(text: str, width: int, *, words: bool, near: int = 0) -> list[tuple[int, int]]:
    """Return where a line breaks so that no part is wider than `width` cells: (start, end) in characters.

    With `words` a part ends before the last blank that fits, and the next begins behind it; a word wider than the line
    is broken hard. Without, nothing is left out: a part ends behind a blank where one of its last `near` characters is
    one. Wide characters count two cells and are never split; what is drawn as one, such as a letter with its marks,
    stays so.
    """
    if width <= 0 or width_of(text) <= width:
        return [(0, len(text))]
    parts: list[tuple[int, int]] = []
    start = 0
    ascii_only = text.isascii()
    while start < len(text):
        end = _cells_end(text, start, width, ascii_only)
        if words and end < len(text):
            blank = text.rfind(" ", start, end + 1)
            if blank > start and is_boundary(text, blank + 1):
                parts.append((start, blank))
                start = blank + 1
                continue
        elif near and end < len(text) and text[end] != " ":
            blank = text.rfind(" ", max(start, end - near), end)
            if blank > start and is_boundary(text, blank + 1) and not text[start:blank].isspace():
                end = blank + 1
        parts.append((start, end))
        start = end
    return parts


def _cells_end(text: str, start: int, width: int, ascii_only: bool) -> int:
    """Return where the first cluster that no longer fits in `width` cells from `start` begins; at least one fits."""
    if ascii_only:
        return min(len(text), start + width)
    used, begin = 0, start
    for end in cluster_ends(text, start):
        size = get_character_cell_size(text[begin]) if end == begin + 1 else cell_len(text[begin:end])
        if used + size > width and begin > start:
            return begin
        used += size
        begin = end
    return len(text)


def age(seconds: float) -> Clean:
    """Say an age in at most four cells: `3s`, `12m`, `5h`, `2d`."""
    seconds = max(0.0, seconds)
    if seconds < 60:
        return our_line("{}s", int(seconds))
    if seconds < 3600:
        return our_line("{}m", int(seconds // 60))
    if seconds < 86400:
        return our_line("{}h", int(seconds // 3600))
    return our_line("{}d", int(seconds // 86400))


def duration(seconds: float) -> Clean:
    """Say how long a step took: `0.4s`, `12s`, `3m05s`."""
    seconds = max(0.0, seconds)
    if seconds < 10:
        return our_line("{:.1f}s", seconds)
    if seconds < 60:
        return our_line("{}s", int(seconds))
    return our_line("{}m{:02d}s", int(seconds // 60), int(seconds % 60))


def count(number: int) -> Clean:
    """Say a big number briefly: `950`, `12.4k`, `1.2M`."""
    if number < 1000:
        return our_line("{}", number)
    if number < 1_000_000:
        return our_line("{:.1f}k", number / 1000)
    return our_line("{:.1f}M", number / 1_000_000)
