"""What a file says, as rows: lines with their numbers, folded to the width, or bytes; never anything but clean text."""

from __future__ import annotations

import time

from cockpit.model.files.content import FilePage, dump_lines, encoding_words
from cockpit.model.files.entries import size_words
from cockpit.text.clean import Clean, ours, part
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import break_points, content, fit
from cockpit.ui.widgets.row_list import Row

DUMPED = 16_384
"""Bytes of a file that is no text which are shown."""

DUMP_WIDTH = 80
"""Cells that sixteen bytes in a line take."""

MOST_FOLDS = 40
"""Lines that one line of a file takes at most; what is behind is not shown, and that is said."""


def page_rows(page: FilePage, first_line: int, width: int) -> list[Row]:
    """Return the rows of a page; the key of each line of the file is its number, of the one that pages on `more`.

    Args:
        page: what is shown.
        first_line: the number of its first line.
        width: cells.
    """
    rows = _text_rows(page, first_line, width) if page.encoding else _dumped_rows(page, width)
    if page.end < page.size:
        left = size_words(page.size - page.end)
        rows.append(Row("more", content([(our_line(" ↓ {} more: n", left), "bold $accent")])))
    return rows


def _text_rows(page: FilePage, first_line: int, width: int) -> list[Row]:
    lines = page.text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    digits = max(3, len(str(first_line + len(lines))))
    room = max(8, width - digits - 2)
    rows = []
    for number, line in enumerate(lines, start=first_line):
        shown = clean_line(line.removesuffix("\r"))
        folds = break_points(shown, room, words=False)
        for at, (start, end) in enumerate(folds[:MOST_FOLDS]):
            gutter = our_line("{} ", str(number).rjust(digits)) if at == 0 else fit(ours(""), digits + 1)
            rows.append(
                Row(str(number) if at == 0 else "", content([(gutter, "$faint"), (part(shown, start, end), "")]))
            )
        if len(folds) > MOST_FOLDS:
            hidden = len(shown) - folds[MOST_FOLDS][0]
            rows.append(Row("", content([(our_line(" … {} characters of this line", hidden), "$muted")])))
    return rows


def _dumped_rows(page: FilePage, width: int) -> list[Row]:
    said = our_line(" binary, {}", size_words(page.size))
    rows = [Row("0", content([(said, "bold $link-degraded")]))]
    for line in dump_lines(page.data[:DUMPED], page.offset, 2 if width >= DUMP_WIDTH else 1):
        rows.append(Row(line[:8], content([(our_line(" {}", line), "$muted")])))
    return rows


def facts(page: FilePage) -> Clean:
    """Say size, encoding, time of the last change, and which part this is."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(page.modified_at))
    kind = encoding_words(page.encoding)
    if page.whole:
        return our_line("{} · {} · {}", size_words(page.size), kind, when)
    return our_line("{}–{} of {} · {} · {}", page.offset, page.end, size_words(page.size), kind, when)
