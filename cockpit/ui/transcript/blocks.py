"""The part of the output pane that goes from block to block, folds them and opens them, by keys and by clicks."""

from __future__ import annotations

from textual import events

from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.ui.transcript.find.search import Searched
from cockpit.ui.transcript.viewport import WantedBlock


class BlockReader(Searched):
    """A transcript whose blocks can be pointed to."""

    def go_to_turn(self, direction: int) -> bool:
        """Go to the operator's message before or after; return whether one is held."""
        if self._reading is None:
            return False
        found = self._reading.go_to_turn(direction)
        self.moved(self._reading)
        return found

    def go_to_tool(self, direction: int) -> bool:
        """Go to the tool call before or after; return whether one is held."""
        return self._go_to_block(direction, lambda entry: entry.kind in (EntryKind.TOOL, EntryKind.COMMAND))

    def go_to_error(self) -> bool:
        """Go to the error before, from the oldest to the newest again; return whether there is one."""
        if self._go_to_block(-1, is_error):
            return True
        reading = self._reading
        newest = reading.newest(is_error) if reading is not None else None
        if reading is None or newest is None:
            return False
        reading.bring(newest.key)
        self.moved(reading)
        return True

    def _go_to_block(self, direction: int, wanted: WantedBlock) -> bool:
        if self._reading is None:
            return False
        found = self._reading.go_to_block(direction, wanted)
        self.moved(self._reading)
        return found

    def block(self, *, cut: bool = False) -> Entry | None:
        """Return the block an act is about: the one pointed to if it is in view, else the one that is read.

        Args:
            cut: rather one of which something is left out.
        """
        return self._reading.block(cut=cut) if self._reading is not None else None

    def last_in_view(self) -> Entry | None:
        """Return the block pointed to if it is in view, else the last one that is."""
        reading = self._reading
        seen = reading.in_view() if reading is not None else []
        if reading is None or not seen:
            return None
        key = next((laid.key for laid in seen if laid.key == reading.pointed), seen[-1].key)
        return reading.lines.entry(key)

    def toggle_block(self, entry: Entry | None = None) -> None:
        """Fold or open one block, the one an act is about by default; its first line stays where it is."""
        entry = entry or self.block(cut=True)
        if entry is not None and self._reading is not None:
            self._reading.toggle(entry)
            self.moved(self._reading)

    def on_click(self, event: events.Click) -> None:
        """Fold or open a block by its first line or by the line that says what is left out; else point to it."""
        reading = self._reading
        # The frame around it is part of the widget, and not of what is drawn.
        clicked = event.get_content_offset(self)
        if clicked is None or clicked.x >= self.size.width - 1:
            return
        at = reading.entry_at(clicked.y) if reading is not None else None
        if reading is None or at is None or self.text_selection is not None:
            return
        laid, line = at
        entry = reading.lines.entry(laid.key)
        text = laid.lines[line]
        on_head = line == laid.first_line and clicked.x < self.gutter_width + text.gutter
        if entry is not None and (text.folds or on_head):
            self.toggle_block(entry)
        else:
            reading.point_to(laid.key)
            self.moved(reading)


def is_error(entry: Entry) -> bool:
    """Tell whether an entry is one, or a call that failed."""
    return entry.failed or entry.kind is EntryKind.ERROR
