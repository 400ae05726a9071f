"""The palette's lines: a name, what it does as far as there is room, and its key at the right end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from textual.content import Content

from cockpit.text.clean import NOTHING, Clean, joined, ours, repeated
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import content, cut, fit, width_of
from cockpit.ui.look.rows.names import cut_apart
from cockpit.ui.palette.entries import FoundEntries, PaletteEntry
from cockpit.ui.palette.matching import lit, wanted
from cockpit.ui.widgets.row_list import Row

NAME_CELLS = 30
"""Cells of the column of names at most."""

LEAST_SAID = 14
"""Cells below which nothing is said beside a name."""

KEY_CELLS = 12
"""Cells of the keys at most."""

LIT = "bold $accent"
"""What letters wear that are those looked for."""


def palette_rows(found: FoundEntries, needle: str, width: int) -> list[Row]:
    """Return what is listed, in rows that are drawn when somebody sees them.

    Args:
        found: what fits.
        needle: what was typed.
        width: cells.
    """
    words = wanted(needle)
    width -= 1  # the keys stand clear of the frame
    room = min(NAME_CELLS, width * 2 // 5)
    rows: list[Row] = []
    for section in found.sections:
        rows.append(Row("", content([(our_line(" {}", section.heading), "bold $muted")])))
        rows += [Row(one.key, partial(_line, one, words, room, width)) for one in section.entries]
    if found.dead:
        are = "act cannot" if found.dead == 1 else "acts cannot"
        said = our_line(" {} {} be done now: typing finds them, and says why", found.dead, are)
        rows.append(Row("", content([(said, "$muted")])))
    return rows


def _line(one: PaletteEntry, words: Sequence[str], room: int, width: int, _now: float) -> Content:
    """Draw an entry in at most `width` cells; it is the same at any moment."""
    keys = cut(one.keys, KEY_CELLS)
    name = cut_apart(one.name, (), room)
    said = our_line("not now: {}", one.reason) if one.reason else one.about
    left = width - room - 5 - width_of(keys) - bool(keys)
    about = fit(said if left >= LEAST_SAID else NOTHING, left)
    pad = repeated(ours(" "), room - width_of(name))
    line = joined((ours("   "), name, pad, ours("  "), about, ours(" ") if keys else NOTHING, keys))
    shown = content([(line, "")])
    for style, start, end in _styles(one, words, name, about, keys, len(line)):
        shown = shown.stylize(style, start, end)
    return shown


def _styles(
    one: PaletteEntry, words: Sequence[str], name: Clean, about: Clean, keys: Clean, length: int
) -> Iterator[tuple[str, int, int]]:
    """Return what the characters of a line wear."""
    begin, end = 3, length - len(keys) - bool(keys)
    if one.reason:
        yield "$muted", begin, begin + len(name)
    yield "$muted", end - len(about), end
    if keys:
        yield "$muted" if one.reason else "$accent", length - len(keys), length
    for start, stop in lit(words, name, letters=True):
        yield LIT, begin + start, begin + stop
    elsewhere = [word for word in words if not lit((word,), name, letters=True)]
    for start, stop in lit(elsewhere, about, letters=False):
        yield LIT, end - len(about) + start, end - len(about) + stop
