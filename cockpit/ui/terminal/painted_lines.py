"""What a widget has painted goes when the widget goes."""

from __future__ import annotations

from functools import lru_cache

from textual._styles_cache import StylesCache
from textual.color import Color
from textual.style import Style


@lru_cache(1024)
def _grounds(base: Color, ground: Color) -> tuple[Style, Style]:
    return Style(background=base + ground), Style(background=base)


class PaintedLines(StylesCache):
    """Textual's cache of a widget's lines.

    Textual 8.2.8 keeps the styles of grounds in a cache of 1024 entries whose keys hold the widget's own cache
    (`textual/_styles_cache.py`, `get_inner_outer`), and with it all lines of that many widgets that are long closed.
    """

    def get_inner_outer(self, base_background: Color, background: Color) -> tuple[Style, Style]:  # type: ignore[override]
        """Return the styles of the ground within a border and around it."""
        return _grounds(base_background, background)
