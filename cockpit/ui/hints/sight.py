"""Where on the screen the things are that the lines in view hold, also those that are folded over two lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.model.hints import MOST, Hint, hints_in
from cockpit.ui.look.cells import width_of
from cockpit.ui.transcript.canvas import TranscriptCanvas
from cockpit.ui.transcript.folding import TextLine


@dataclass(frozen=True, slots=True)
class Placed:
    """One thing and where its first character is."""

    hint: Hint
    row: int
    """Counted from the top of the view."""
    column: int
    """Cells from the beginning of the line's text on."""


def placed_in(lines: Sequence[tuple[int, TextLine]]) -> list[Placed]:
    """Return what lines hold, the nearest to the end first; of what stands there twice, the nearest.

    Args:
        lines: each with its row.
    """
    text = ""
    starts: list[int] = []
    for _, line in lines:
        glue = (" " if line.blank else "") if line.joined else "\n"
        text += glue if starts else ""
        starts.append(len(text))
        text += line.text[line.gutter : len(line.text) - line.trailer]
    found: dict[str, Placed] = {}
    for hint in reversed(hints_in(text)):
        at = bisect_right(starts, hint.start) - 1
        row, line = lines[at]
        column = width_of(line.text[: line.gutter + hint.start - starts[at]])
        if len(found) < MOST:
            found.setdefault(hint.text, Placed(hint, row, column))
    return list(found.values())


def in_sight(output: TranscriptCanvas) -> list[Placed]:
    """Return what the lines in view of an output hold, by the cells of the screen."""
    left, top = output.content_region.offset
    left += output.gutter_width
    return [Placed(one.hint, one.row + top, one.column + left) for one in placed_in(output.rows_in_view())]
