"""What stands in the border of a widget: Content of clean pieces, never a text that is read as markup."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


def set_title(widget: Widget, title: Content) -> None:
    """Show a title in the upper border."""
    if not _stands(widget._border_title, title):
        widget.border_title = title


def set_subtitle(widget: Widget, subtitle: Content) -> None:
    """Show a subtitle in the lower border."""
    if not _stands(widget._border_subtitle, subtitle):
        widget.border_subtitle = subtitle


def _stands(shown: Content | None, wanted: Content) -> bool:
    """Say whether a title is there already: the framework paints all of a widget's frame for one that is set."""
    return shown is not None and shown.is_same(wanted)
