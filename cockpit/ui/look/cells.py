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


FEW = 4
"""Characters of a word at least that stand alone where it is broken."""

JOINTS = "-_/.:,;=&?|"
"""Behind these a word that fits nowhere is broken."""


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


def cut_at_words(text: Clean, width: int) -> Clean:
    """Shorten a text like `cut`, but leave out a word that would be cut, where not too much goes with it."""
    shortened = cut(text, width)
    if shortened == text:
        return text
    kept = len(shortened) - 1
    blank = text.rfind(" ", 0, kept + 1)
    if blank <= kept * 2 // 3 or not is_boundary(text, blank):
        return shortened
    return joined((part(text, 0, len(text[:blank].rstrip(" ,;:"))), ours("…")))


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
    begins where there is room for a few letters of it, and is broken behind a joint such as `-`, else hard. Without,
    nothing is left out: a part ends behind a blank where one of its last `near` characters is one. Wide characters
    count two cells and are never split; what is drawn as one, such as a letter with its marks, stays so.
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
                if end - blank <= FEW or not _never_fits(text, blank + 1, width):
                    parts.append((start, blank))
                    start = blank + 1
                    continue
                start_of_word = blank + 1
            else:
                start_of_word = start
            end = _behind_a_joint(text, start_of_word + FEW, end) or end
        elif near and end < len(text) and text[end] != " ":
            blank = text.rfind(" ", max(start, end - near), end)
            if blank > start and is_boundary(text, blank + 1) and not text[start:blank].isspace():
                end = blank + 1
        parts.append((start, end))
        start = end
    return parts


def _never_fits(text: str, start: int, width: int) -> bool:
    """Tell whether the word that begins at a place is wider than a line."""
    end = text.find(" ", start)
    word = text[start : len(text) if end < 0 else end]
    return len(word) > width * MOST_OF_A_CELL or width_of(word) > width


def _behind_a_joint(text: str, first: int, end: int) -> int:
    """Return the last place up to `end` and behind `first` where a word may be broken; 0 if there is none."""
    places = range(end, first - 1, -1)
    joints = (at for at in places if text[at - 1] in JOINTS or get_character_cell_size(text[at - 1]) == 2)
    return next((at for at in joints if is_boundary(text, at)), 0)


def in_two_lines(text: Clean, width: int, second: int) -> tuple[Clean, Clean]:
    """Break a text that is wider than a line so that two show most of it.

    Words stay whole if all of it is seen then; else one that is joined of several may be broken, behind a joint.

    Args:
        text: one line.
        width: cells of the first line.
        second: cells of the second one, where whatever is too much is to be cut.
    """
    end = break_points(text, width, words=True)[0][1]
    if width_of(text[end:].strip()) > second:
        full = _cells_end(text, 0, width, text.isascii())
        end = max(end, _behind_a_joint(text, min(end + 1 + FEW, full), full))
    rest = part(text, end)
    return part(text, 0, end), part(rest, len(rest) - len(rest.lstrip()))


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
