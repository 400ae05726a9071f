"""Fields whose text is data: it is kept as it was typed or pasted, and made harmless only where it is drawn."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Literal

from rich.style import Style
from rich.text import Text
from textual import events, on
from textual._text_area_theme import TextAreaTheme
from textual.document._document import Document, EditResult, Location
from textual.document._document_navigator import DocumentNavigator
from textual.document._edit import Edit
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, TextArea

from cockpit.model.sendable import unsendable
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import drawn_as_typed, our_line
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.notice import notice

LINE = "\n"
TAB = "\t"
DELETE = 0x7F


def is_written(character: str | None) -> bool:
    """Say whether the character of a key is text; that of one that only acts is a control or missing.

    Textual takes what it calls printable, which leaves out blanks of other widths, joiners and marks of direction.
    """
    return character is not None and ord(character) >= ord(" ") and ord(character) != DELETE


class TypedText(events.Key):
    """What keys write that were read together: one event instead of many, with the same effect."""

    def __init__(self, text: str) -> None:
        super().__init__("typed text", None)
        self.text = text


def pasted_text(text: str) -> str:
    """Return what a paste holds. A terminal sends each line break of it as a carriage return (xterm, ctlseqs)."""
    return text.replace("\r\n", LINE).replace("\r", LINE)


def refuse_paste(widget: Widget, reason: str) -> None:
    """Say why a paste was not taken; nothing of it was."""
    notice(widget, our_line("nothing was pasted: {}", reason), title=ours("Not pasted"), severity="warning")


class DataDocument(Document):
    """Lines end with LF alone: every other character that breaks lines elsewhere is part of the text."""

    def __init__(self, text: str) -> None:
        super().__init__("")
        self._newline = "\n"
        self._lines = text.split(LINE)

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Replace what lies between two places, both (row, column)."""
        (top_row, top_column), (bottom_row, bottom_column) = sorted((start, end))
        lines = self._lines
        replaced = self.get_text_range((top_row, top_column), (bottom_row, bottom_column))
        before = lines[top_row][:top_column] if top_row < len(lines) else ""
        after = lines[bottom_row][bottom_column:] if bottom_row < len(lines) else ""
        inserted = text.split(LINE)
        inserted[0] = before + inserted[0]
        column = len(inserted[-1])
        inserted[-1] += after
        gone, lines[top_row : bottom_row + 1] = lines[top_row : bottom_row + 1], inserted
        self.lines_changed(gone, inserted)
        return EditResult((top_row + len(inserted) - 1, column), replaced)

    def lines_changed(self, gone: Sequence[str], come: Sequence[str]) -> None:
        """Take in which lines came in place of which; for those who count something of the text."""


class DataWrappedDocument(WrappedDocument):
    """Lines as they are wrapped. Several edits at once wrap all of them anew: the framework's sum of them is wrong."""

    several_edits = False

    @property
    def height(self) -> int:
        """The lines that are drawn; the framework counts them anew each time it asks."""
        return len(self._offset_to_line_info)

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Wrap what an edit changed."""
        if self.several_edits:
            self.wrap(self._width, self._tab_width)
        else:
            super().wrap_range(start, old_end, new_end)


class DataTextArea(TextArea):
    """A text area that gives back exactly what was put into it."""

    _worn: tuple[TextAreaTheme, Style] | None = None
    """The styles that were found out last, and the widget's own, from which they come."""
    _draws = False
    """A line is being drawn: the framework asks for the whole text then to know whether there is any."""

    def __init__(
        self,
        text: str = "",
        *,
        placeholder: Clean = NOTHING,
        tab_behavior: Literal["focus", "indent"] = "indent",
        id: str | None = None,
    ) -> None:
        # Plain text would be read as markup there.
        super().__init__(
            text,
            placeholder=content([(placeholder, "")]),
            tab_behavior=tab_behavior,
            show_line_numbers=False,
            compact=True,
            id=id,
        )

    def _set_document(self, text: str, language: str | None) -> None:
        """Hold a text in a document of ours; there is no language to highlight."""
        super()._set_document("", None)
        self.document = self.made_document(text)
        self.wrapped_document = DataWrappedDocument(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    def made_document(self, text: str) -> DataDocument:
        """Return what holds a text."""
        return DataDocument(text)

    @property
    def holds_text(self) -> bool:
        """Whether anything is written; costs the same however much it is."""
        return self.document.line_count > 1 or bool(self.document.get_line(0))

    @property
    def text(self) -> str:
        """All that is written, put together from its lines."""
        if self._draws:
            return self.document.get_line(0) or LINE * self.holds_text
        return self.document.text

    @text.setter
    def text(self, value: str) -> None:
        self.load_text(value)

    def render_line(self, y: int) -> Strip:
        """Return a line as it is drawn; where there is no cell for text, the framework would fail on a placeholder."""
        if self.content_size.width <= 0:
            return Strip.blank(self.size.width)
        self._draws = True
        try:
            return super().render_line(y)
        finally:
            self._draws = False

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines; what they wear is found out anew only when it may be another: the framework does it each time."""
        theme, base = self._theme, self.rich_style
        if self._worn is None or self._worn[0] is not theme or self._worn[1] != base:
            theme.apply_css(self)
            self._worn = (theme, base)
        return ScrollView.render_lines(self, crop)

    def notify_style_update(self) -> None:
        """Forget what was worn."""
        self._worn = None
        super().notify_style_update()

    def get_line(self, line_index: int) -> Text:
        """Return what is drawn for a line: as many characters as it has, all of them harmless."""
        return Text(drawn_as_typed(self.document.get_line(line_index)), end="", no_wrap=True)

    def _undo_batch(self, edits: Sequence[Edit]) -> None:
        """Take back some edits."""
        with self._several_edits():
            super()._undo_batch(edits)

    def _redo_batch(self, edits: Sequence[Edit]) -> None:
        """Do some edits again."""
        with self._several_edits():
            super()._redo_batch(edits)

    def _recompute_cursor_offset(self) -> None:
        """Find the cursor's cell, unless the text is shorter now and the cursor has not been moved into it yet."""
        row, column = self.cursor_location
        if row < self.document.line_count and column <= len(self.document.get_line(row)):
            self._cursor_offset = self.wrapped_document.location_to_offset((row, column))

    @contextlib.contextmanager
    def _several_edits(self) -> Iterator[None]:
        wrapped = self.wrapped_document
        assert isinstance(wrapped, DataWrappedDocument)
        wrapped.several_edits = True
        try:
            yield
        finally:
            wrapped.several_edits = False

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Say that a key which writes is the field's own."""
        return not self.read_only and (is_written(character) or (key == "tab" and self.tab_behavior == "indent"))

    def written_by(self, event: events.Key) -> str:
        """Return what a key writes here if it does nothing else, or empty text."""
        return event.character or "" if not self.read_only and is_written(event.character) else ""

    @on(TypedText)
    def _typed_together(self, event: TypedText) -> None:
        """Write each character as if its key had come alone, but wrap and draw once."""
        event.stop()
        if self.read_only:
            return
        before = self.selection
        first = last = self._put(event.text[0])
        for character in event.text[1:]:
            last = self._put(character)
        self.set_reactive(TextArea.selection, before)
        assert last._edit_result is not None
        self.wrapped_document.wrap_range(first.top, first.bottom, last._edit_result.end_location)
        last.after(self)
        self.post_message(self.Changed(self))
        self._refresh_size()

    def _put(self, character: str) -> Edit:
        """Put a character into the document and the history, and the cursor behind it; nothing is drawn."""
        edit = Edit(character, *self.selection, maintain_selection_offset=False)
        edit.do(self)
        self.history.record(edit)
        assert edit._updated_selection is not None
        self.set_reactive(TextArea.selection, edit._updated_selection)
        return edit

    async def _on_key(self, event: events.Key) -> None:
        """Write what the framework takes for a key that writes nothing."""
        if self.read_only or event.is_printable:
            return
        text = event.character if is_written(event.character) else None
        if event.key == "tab" and self.tab_behavior == "indent":
            text = TAB
        if text is not None:
            event.stop()
            event.prevent_default()
            self._replace_via_keyboard(text, *self.selection)

    async def _on_paste(self, event: events.Paste) -> None:
        """Take a paste in as it is."""
        event.stop()
        event.prevent_default()
        if self.read_only:
            return
        text = pasted_text(event.text)
        if reason := unsendable(text):
            refuse_paste(self, reason)
            return
        self.move_cursor(self.replace(text, *self.selection).end_location)


class DataInput(Input):
    """A field of one line that gives back exactly what was put into it."""

    def __init__(self, value: str = "", *, placeholder: Clean = NOTHING, id: str | None = None) -> None:
        super().__init__(value, placeholder=placeholder, id=id, compact=True)

    @property
    def _value(self) -> Text:
        """What is drawn: as many characters as the value has, all of them harmless."""
        return Text(drawn_as_typed(self.value), no_wrap=True, overflow="ignore", end="")

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Say that a key which writes is the field's own."""
        return is_written(character)

    def written_by(self, event: events.Key) -> str:
        """Return what a key writes here if it does nothing else, or empty text."""
        return event.character or "" if is_written(event.character) else ""

    @on(TypedText)
    def _typed_together(self, event: TypedText) -> None:
        """Write the text as if its keys had come one by one, but draw once."""
        event.stop()
        self._write(event.text)

    async def _on_key(self, event: events.Key) -> None:
        """Write what the framework takes for a key that writes nothing."""
        if event.character is not None and is_written(event.character) and not event.is_printable:
            event.stop()
            event.prevent_default()
            self._write(event.character)

    def _on_paste(self, event: events.Paste) -> None:
        """Take a paste in."""
        event.stop()
        event.prevent_default()
        self._take(event.text)

    def action_paste(self) -> None:
        """Take in what was copied in the cockpit."""
        self._take(self.app.clipboard)

    def _take(self, pasted: str) -> None:
        """Take in one line as it is; a line break at its end comes along when a line is copied."""
        text = pasted_text(pasted).removesuffix(LINE)
        reason = unsendable(text)
        if LINE in text:
            reason = f"this field holds one line, and these are {text.count(LINE) + 1}"
        if reason:
            refuse_paste(self, reason)
        else:
            self._write(text)

    def _write(self, text: str) -> None:
        if self.selection.is_empty:
            self.insert_text_at_cursor(text)
        else:
            self.replace(text, *self.selection)


class NarrowingInput(DataInput):
    """A field that narrows a list with each letter: which row the cursor ends on depends on every step."""

    def __init__(
        self, *, placeholder: Clean = NOTHING, id: str | None = None, others: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(placeholder=placeholder, id=id)
        self._others = others
        """Letters that are keys of the dialog."""

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Leave the dialog its keys."""
        return key not in self._others and super().check_consume_key(key, character)

    def written_by(self, event: events.Key) -> str:
        """Return empty text: no key does nothing but write."""
        return ""
