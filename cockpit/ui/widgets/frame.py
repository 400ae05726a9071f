"""What stands in the border of a widget: Content of clean pieces, never a text that is read as markup."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


def set_title(widget: Widget, title: Content) -> None:
    """Show a title in the upper border."""
    widget.border_title = title


def set_subtitle(widget: Widget, subtitle: Content) -> None:
    """Show a subtitle in the lower border."""
    widget.border_subtitle = subtitle
