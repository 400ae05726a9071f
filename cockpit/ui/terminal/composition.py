"""Composes of a frame what it changes: only lines that are dirty, of widgets that are seen there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import cast

from textual._compositor import ChopsUpdate, Compositor
from textual._styles_cache import StylesCache
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from cockpit.ui.terminal.painted_lines import PaintedLines

Span = tuple[int, int, int]
"""A line, and the first cell and the one behind the last of what is painted in it."""


class FrameCompositor(Compositor):
    """Textual's compositor, which asks a widget for its lines only where they are to be painted and nobody covers them.

    Textual's own asks each widget in the box around all that is dirty for all of its lines, those included that lie
    behind others: a letter and the clock at the other end of the screen make it go through the whole screen.
    """

    def update_widgets(self, widgets: set[Widget]) -> None:
        """Note what of some widgets is to be painted, without what stands in front of it.

        Areas share a column of their frames, so one that is painted whole would have each line of its neighbour painted
        as well.
        """
        noted = self._dirty_regions
        fronts: list[Region] = []
        for widget, (region, clip) in self.visible_widgets.items():  # from front to back
            if widget in widgets:
                self._dirty_regions = set()
                super().update_widgets({widget})
                for dirty in self._dirty_regions:
                    # Who has children in front is painted for their sake as well.
                    noted.update((dirty,) if widget.children else uncovered(dirty, fronts))
            fronts.append(region.intersection(clip))
        self._dirty_regions = noted
        super().update_widgets(widgets - self.visible_widgets.keys())  # what is new is laid out first

    def render_partial_update(self) -> ChopsUpdate | None:
        """Compose what is dirty; None if nothing is."""
        dirty = self._dirty_regions.copy()
        self._dirty_regions.clear()
        if not dirty:
            return None
        spans = list(self._regions_to_spans(dirty))
        return ChopsUpdate(self._chops_within(spans), spans, [cuts[1:] for cuts in self.cuts])

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        """Compose whole lines."""
        lines = ((y, 0, self.size.width) for y in crop.line_range if is_rendered_line(y))
        return cast("Sequence[Mapping[int, Strip]]", self._chops_within(lines))

    def _chops_within(self, spans: Iterable[Span]) -> list[dict[int, Strip | None]]:
        """Return for each line of the screen its parts by their first cells; None for those that no span touches."""
        cuts = self.cuts
        chops: list[dict[int, Strip | None]] = [{} for _ in cuts]
        missing: dict[int, set[int]] = {}
        for y, start, stop in spans:
            if 0 <= y < len(cuts):
                chops[y] = dict.fromkeys(cuts[y][:-1])
                touched = (cut for cut, end in zip(cuts[y], cuts[y][1:], strict=False) if cut < stop and end > start)
                missing.setdefault(y, set()).update(touched)
        for widget, (region, clip) in self.visible_widgets.items():  # from front to back: who comes first is seen
            area = region.intersection(clip)
            left, right = area.column_span
            for first, behind in _runs(_wanted(missing, area)):
                crop = Region(area.x - region.x, first - region.y, area.width, behind - first)
                for y, strip in zip(range(first, behind), widget.render_lines(crop), strict=False):
                    inside = [cut for cut in cuts[y] if left <= cut <= right]
                    for cut, part in zip(inside, strip.divide([cut - left for cut in inside[1:]]), strict=False):
                        if cut in missing[y]:
                            chops[y][cut] = part
                            missing[y].discard(cut)
                    if not missing[y]:
                        del missing[y]
            if not missing:
                break
        return chops


def uncovered(region: Region, fronts: Sequence[Region]) -> Iterator[Region]:
    """Yield what is left of a region without its columns at the sides that others cover."""
    for at, front in enumerate(fronts, 1):
        cover = region.intersection(front)
        reaches_left, reaches_right = cover.x <= region.x, cover.right >= region.right
        if not cover or not (reaches_left or reaches_right):
            continue
        x, y, width, _ = region
        if cover.y > y:
            yield from uncovered(Region(x, y, width, cover.y - y), fronts[at:])
        if cover.bottom < region.bottom:
            yield from uncovered(Region(x, cover.bottom, width, region.bottom - cover.bottom), fronts[at:])
        left = cover.right if reaches_left else x
        right = cover.x if reaches_right else region.right
        if right <= left:
            return
        region = Region(left, cover.y, right - left, cover.height)
    yield region


def _wanted(missing: Mapping[int, set[int]], area: Region) -> list[int]:
    """Return the lines of an area in which something is missing, from the top."""
    left, right = area.column_span
    lines = (y for y in area.line_range if y in missing)
    return [y for y in lines if any(left <= cut < right for cut in missing[y])]


def _runs(lines: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first line of each row of lines that follow each other, and the one behind its last."""
    first = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or lines[at] != lines[at - 1] + 1:
            yield lines[first], lines[at - 1] + 1
            first = at


def drawn_as_ours(widget: Widget) -> None:
    """Have a widget keep its lines, and a screen compose its frames, as ours do, those of the framework included."""
    if type(widget._styles_cache) is StylesCache:
        widget._styles_cache = PaintedLines()
    if isinstance(widget, Screen):
        widget._compositor = FrameCompositor()
