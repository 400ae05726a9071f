"""Fields whose text is data: it is kept as it was typed or pasted, and made harmless only where it is drawn."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.document._document import Document, EditResult, Location
from textual.document._document_navigator import DocumentNavigator
from textual.document._wrapped_document import WrappedDocument
from textual.widget import Widget
from textual.widgets import Input, TextArea

from cockpit.model.sendable import unsendable
from cockpit.text.sanitize import drawn_as_typed

LINE = "\n"


def pasted_text(text: str) -> str:
    """Return what a paste holds. A terminal sends each line break of it as a carriage return (xterm, ctlseqs)."""
    return text.replace("\r\n", LINE).replace("\r", LINE)


def refuse_paste(widget: Widget, reason: str) -> None:
    """Say why a paste was not taken; nothing of it was."""
    widget.app.notify(f"nothing was pasted: {reason}", title="Not pasted", severity="warning", markup=False)


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
        lines[top_row : bottom_row + 1] = inserted
        return EditResult((top_row + len(inserted) - 1, column), replaced)


class DataTextArea(TextArea):
    """A text area that gives back exactly what was put into it."""

    def _set_document(self, text: str, language: str | None) -> None:
        """Hold a text in a document of ours; there is no language to highlight."""
        super()._set_document("", None)
        self.document = DataDocument(text)
        self.wrapped_document = WrappedDocument(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self.move_cursor((0, 0))

    def get_line(self, line_index: int) -> Text:
        """Return what is drawn for a line: as many characters as it has, all of them harmless."""
        return Text(drawn_as_typed(self.document.get_line(line_index)), end="", no_wrap=True)

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

    @property
    def _value(self) -> Text:
        """What is drawn: as many characters as the value has, all of them harmless."""
        return Text(drawn_as_typed(self.value), no_wrap=True, overflow="ignore", end="")

    def _on_paste(self, event: events.Paste) -> None:
        """Take a paste of one line in as it is; a line break at its end comes along when a line is copied."""
        event.stop()
        event.prevent_default()
        text = pasted_text(event.text).removesuffix(LINE)
        reason = unsendable(text)
        if LINE in text:
            reason = f"this field holds one line, and these are {text.count(LINE) + 1}"
        if reason:
            refuse_paste(self, reason)
        elif self.selection.is_empty:
            self.insert_text_at_cursor(text)
        else:
            self.replace(text, *self.selection)
