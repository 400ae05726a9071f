"""Keeps painted lines with the frame around them: one that moves up by a row is not painted, filtered and cut anew."""

from __future__ import annotations

from typing import Any

from textual._styles_cache import RenderLineCallback
from textual.cache import LRUCache
from textual.color import Color
from textual.css.styles import StylesBase
from textual.geometry import Region, Size, Spacing
from textual.strip import Strip
from textual.widget import Widget

from cockpit.ui.terminal.painted_lines import PaintedLines

KEPT = 512
"""Lines that are kept: several screens."""


class FramedLines(PaintedLines):
    """What Textual puts around the lines of a widget, kept by the line and not by its row.

    It is for a widget that returns the same strip for the same line. Textual's own cache goes by the row: where a text
    is followed at its end, each line comes to another row with each line that is added. What filters make of a strip,
    and the parts that it is cut into, the strip itself keeps.
    """

    def __init__(self) -> None:
        super().__init__()
        self._around: tuple[object, ...] = ()
        """All that decides how a line looks beside what the widget paints."""
        self._framed: LRUCache[int, tuple[Strip, Strip]] = LRUCache(KEPT)
        """Lines and what became of them, by the identity of the line, which lives as long as it is kept."""

    def render_widget(self, widget: Widget, crop: Region) -> list[Strip]:
        """Return lines of a widget; what is kept is forgotten where they look otherwise now."""
        styles, app = widget.styles, widget.app
        sides = (styles.border, styles.outline, styles.padding, styles.tint, styles.text_opacity, styles.hatch)
        colours = (*widget.background_colors, widget.opacity, app.ansi_theme, app.native_ansi_color)
        around = (widget.region.size, widget.content_region.size, *sides, *colours)
        if around != self._around:
            self._around = around
            self._framed.clear()
        return super().render_widget(widget, crop)

    def render_line(
        self,
        styles: StylesBase,
        y: int,
        size: Size,
        content_size: Size,
        padding: Spacing,
        base_background: Color,
        background: Color,
        render_content_line: RenderLineCallback,
        *rest: Any,
    ) -> Strip:
        """Frame a line, or return it as it was framed before, on whichever row that was."""
        before = (styles, y, size, content_size, padding, base_background, background)
        row = y - styles.gutter.top
        if not 0 <= row < content_size.height or any(kind for kind, _ in styles.outline):
            return super().render_line(*before, render_content_line, *rest)
        line = render_content_line(row)
        kept = self._framed.get(id(line))
        if kept is None:
            kept = self._framed[id(line)] = (line, super().render_line(*before, lambda _: line, *rest))
        return kept[1]
