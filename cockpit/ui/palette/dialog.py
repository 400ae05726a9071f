"""The palette itself: a field, and under it all that can be done here or gone to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.look.cells import content
from cockpit.ui.palette.entries import Catalogue, PaletteEntry
from cockpit.ui.palette.rows import palette_rows
from cockpit.ui.widgets.data_fields import NarrowingInput
from cockpit.ui.widgets.frame import set_subtitle
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import RowList

ROOMY = 100
"""Cells of the screen from which a line has room for what it says; below, that of the cursor is said in full."""


class PaletteDialog(Dialog[str]):
    """Dismisses with the key of the entry that was chosen; one that cannot be done now says why, and it stays open."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("type", "search"),
        ("↑↓ pgup pgdn", "choose"),
        ("⏎", "do it"),
        ("esc", "close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move(1)", "down", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "up", show=False, priority=True),
        Binding("pagedown", "page(1)", "a page down", show=False, priority=True),
        Binding("pageup", "page(-1)", "a page up", show=False, priority=True),
        Binding("enter", "accept", "do it", show=False, priority=True),
    ]

    def __init__(self, entries: Callable[[], Sequence[PaletteEntry]], lately: Sequence[str] = ()) -> None:
        """Prepare.

        Args:
            entries: returns all there is, as it is at the moment.
            lately: the keys of those that were chosen, the newest first.
        """
        super().__init__(ours("Do, or go to"), classes="palette")
        self._entries, self._lately = entries, lately
        self._take()

    def _take(self) -> None:
        listed = self._entries()
        self._catalogue = Catalogue(listed, self._lately)
        self._by_key = {one.key: one for one in listed}

    def compose_body(self) -> ComposeResult:
        """Yield the field, the list, and what the entry under the cursor does."""
        yield NarrowingInput(placeholder=ours("type some letters of what is to be done"), id="needle")
        yield RowList(nothing=(ours("Nothing fits these words."),), id="rows")
        yield Plain(NOTHING, id="about")

    def on_mount(self) -> None:
        self.query_one("#rows").can_focus = False

    @on(events.Resize)
    def _resized(self, event: events.Resize) -> None:
        self.query_one("#about").display = event.size.width < ROOMY
        self.call_after_refresh(self.search)

    @on(Input.Changed)
    def search(self) -> None:
        """Show what fits, with the cursor on what fits best."""
        rows, needle = self.query_one("#rows", RowList), self.query_one("#needle", Input).value
        if not rows.size.width:
            return  # the list has no place yet: it is filled when it has one
        found = self._catalogue.find(needle)
        rows.set_rows(palette_rows(found, needle, rows.size.width))
        if first := next((row.key for row in rows.rows if row.key), ""):
            rows.point_at(first, scroll=False)
        rows.scroll_home(animate=False)
        counted = our_line(" {} of {} ", found.fitting, self._catalogue.size)
        set_subtitle(self.query_one("#frame"), content([(counted, "$muted")]))
        self._say()

    def _chosen(self) -> PaletteEntry | None:
        return self._by_key.get(self.query_one("#rows", RowList).cursor_key)

    def _say(self) -> None:
        """Say in full what the entry under the cursor does, or why it cannot be done."""
        self.query_one("#about", Plain).show(_about(self._chosen()))

    @on(RowList.Highlighted)
    @on(RowList.Chosen)
    def _pointed(self, message: RowList.Highlighted | RowList.Chosen) -> None:
        message.stop()
        self._say()
        if isinstance(message, RowList.Chosen):
            self.action_accept()

    def action_move(self, step: int) -> None:
        """Move the cursor while the field keeps the keys."""
        self.query_one("#rows", RowList).action_move(step)

    def action_page(self, direction: int) -> None:
        """Move it by a screenful."""
        self.query_one("#rows", RowList).action_page(direction)

    def action_accept(self) -> None:
        """Do what is under the cursor, or go there."""
        chosen = self._chosen()
        if chosen is not None and chosen.reason:
            self._take()  # it may have changed while one looked
            chosen = self._by_key.get(chosen.key)
        if chosen is None:
            return
        if chosen.reason:
            notice(self.app, our_line("{}: {}", chosen.name, chosen.reason), severity="warning", timeout=4)
        else:
            self.dismiss(chosen.key)


def _about(one: PaletteEntry | None) -> Content:
    if one is None:
        return content([])
    if one.reason:
        return content([(our_line("not now: {}", one.reason), "$link-degraded")])
    return content([(one.about, "$muted")])
