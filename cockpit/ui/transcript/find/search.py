"""The part of the output pane that looks for words: the line they are typed in, its keys, and what is older."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from textual.binding import Binding, BindingType

from cockpit.engine.port import HistoryPort
from cockpit.errors import CockpitError
from cockpit.model.ids import AgentId
from cockpit.model.transcript.window import Place
from cockpit.ui.look.cells import Piece
from cockpit.ui.transcript.canvas import TranscriptCanvas
from cockpit.ui.transcript.find.finder import Finder, Older
from cockpit.ui.transcript.find.found import NoMarks
from cockpit.ui.transcript.find.index import pattern_of
from cockpit.ui.transcript.find.older import look_through
from cockpit.ui.transcript.matching import entry_before
from cockpit.ui.transcript.viewport import Viewport


class TypingLine(Protocol):
    """Where words are typed that are looked for, and where it is said how often they stand there."""

    def tell(self, pieces: Sequence[Piece]) -> None:
        """Show how many places there are."""

    def write(self) -> None:
        """Give the field the keys."""

    def close(self) -> None:
        """Go away."""


MakeLine = Callable[["Searched", str | None], TypingLine]
"""Makes the line of a transcript, with the words that are looked for already, if any."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Where what is older is looked through."""

    history: HistoryPort
    agent: AgentId


class Searched(TranscriptCanvas):
    """A transcript in which words can be looked for; its keys for that count only while some are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "find_step(1)", "next", show=False),
        Binding("N", "find_step(-1)", "previous", show=False),
        Binding("escape", "find_end", "end the search", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._finder: Finder | None = None
        self._line: TypingLine | None = None
        self._archive: Archive | None = None
        self._near: Place | None = None
        """A record that the reader wants to read at, once it is held."""

    def moved(self, reading: Viewport) -> None:
        """Show where the reader went."""
        raise NotImplementedError  # the pane does it; a widget has Textual's own metaclass, which no abstract class has

    def flush(self) -> bool:
        """Take in what changed since the last flush; return whether anything did."""
        raise NotImplementedError  # the pane does it; a widget has Textual's own metaclass, which no abstract class has

    @property
    def finder(self) -> Finder | None:
        """The search that goes on."""
        return self._finder

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys to others while nothing is looked for."""
        if action in ("find_step", "find_end"):
            return self._line is not None
        return super().check_action(action, parameters)

    def open_search(self, archive: Archive | None, make_line: MakeLine) -> None:
        """Ask what to look for; `archive` is where what is older is."""
        self._archive = archive
        if self._line is None:
            self._line = make_line(self, None)
        else:
            self._line.write()

    def find_near(self, archive: Archive, make_line: MakeLine, words: str, place: Place) -> None:
        """Go to a record, and to the words there, wherever it is."""
        reading, pattern = self._reading, pattern_of(words)
        if reading is None:
            return
        self.end_search()
        if pattern is not None:
            self._archive = archive
            self._line = make_line(self, words)
            self._finder = Finder(reading, words, pattern)
            self.found = self._finder.marks
        self._near = place
        oldest = next(reading.live.transcript.entries(), None)
        if oldest is not None and (oldest.epoch, oldest.line) <= place:
            reading.return_to_live()
        else:
            reading.go_to_place(place)
        if self.flush():
            self._tell()

    def look_for(self, words: str) -> None:
        """Look for other words, in what is held: what is older waits until they are complete."""
        reading, pattern = self._reading, pattern_of(words)
        if reading is None or pattern is None:
            self.workers.cancel_group(self, "find")
            self._finder, self.found = None, NoMarks()
        elif self._finder is None or self._finder.pattern != pattern:
            self.workers.cancel_group(self, "find")
            self._finder = Finder(reading, words, pattern)
            self.found = self._finder.marks
            self._finder.begin()
        if reading is not None:
            self._tell()
            self.moved(reading)

    def look_through(self, words: str) -> None:
        """Give the keys back to the output, and look through what is older."""
        self.look_for(words)
        if self._finder is None:
            self.action_find_end()
            return
        self.focus()
        if self._finder.older is Older.UNTOUCHED:
            self._look_back(self._finder)

    def _look_back(self, finder: Finder) -> None:
        archive, first = self._archive, next(finder.index.transcript.entries(), None)
        if archive is None or first is None:
            finder.older = Older.WHOLE
            self._tell()
            return
        finder.older = Older.UNDER_WAY

        def told(number: int) -> None:
            finder.coming = number
            self._tell()

        async def looked() -> None:
            try:
                until = (first.epoch, first.line)
                found = await look_through(archive.history, archive.agent, finder.pattern, until, told)
                finder.take_older(found)
            except CockpitError as error:
                finder.fail(error.message)
            self._tell()

        self.run_worker(looked(), name="look through what is older", group="find", exclusive=True)
        self._tell()

    def _tell(self) -> None:
        if self._line is not None:
            self._line.tell(self._finder.status() if self._finder is not None else [])

    def follow_search(self) -> bool:
        """Count what came in, and go on to the place the reader wants if it is there by now; tell whether it is."""
        finder, reading = self._finder, self._reading
        if reading is not None and self._near is not None and self._arrive(reading):
            return True
        if finder is None or reading is None:
            return False
        if finder.update():
            self._tell()
        return finder.land()

    def _arrive(self, reading: Viewport) -> bool:
        """Go to the record the reader wants, once it is held."""
        transcript = reading.lines.transcript
        entry = entry_before(transcript, self._near) if self._near is not None else None
        if entry is None or not reading.live.width or (reading.wanted is not None and reading.wanted.jump):
            return False
        self._near = None
        reading.bring(entry.key)
        if self._finder is not None:
            self._finder.go_near(entry.key)
            self._tell()
        return True

    def action_find_step(self, direction: int) -> None:
        """Go to the next place, 1 to newer ones."""
        if self._finder is not None and self._reading is not None:
            if not self._finder.step(direction):
                self.app.bell()
            self._tell()
            self.moved(self._reading)

    def action_find_end(self) -> None:
        """Look for nothing any more; the output gets the keys."""
        self.end_search()
        self.focus()

    def end_search(self) -> None:
        """Look for nothing any more."""
        line, self._line = self._line, None
        self._finder, self._near, self.found = None, None, NoMarks()
        if line is not None:
            self.workers.cancel_group(self, "find")
            line.close()
        if self._reading is not None and line is not None:
            self.moved(self._reading)
