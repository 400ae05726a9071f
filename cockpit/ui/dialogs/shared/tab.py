"""What a tab of the shared records is: how it is read, drawn and written, over a desk that does it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from typing import Generic, Protocol, TypeVar

from textual.content import Content
from textual.screen import Screen

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.shared import SharedCommand
from cockpit.model.fleet import Agent
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.look.cells import Piece, age, content
from cockpit.ui.widgets.row_list import Row

Chosen = TypeVar("Chosen")
Entry = TypeVar("Entry")

KeyLine = tuple[tuple[str, str], ...]


class Desk(Protocol):
    """What a tab may ask of the dialog it stands in."""

    @property
    def engine(self) -> CockpitPort:
        """Where commands go."""

    @property
    def place(self) -> str:
        """The source whose services are shown."""

    @property
    def agent(self) -> Agent | None:
        """The agent that was selected when the dialog was opened."""

    def order(self, command: SharedCommand) -> None:
        """Hand a command to the engine; what becomes of it is said, and the tab read again."""

    def ask(self, screen: Screen[Chosen], finish: Callable[[Chosen | None], None], /) -> None:
        """Open a dialog over this one."""

    def say(self, text: Clean) -> None:
        """Show a line for a while."""

    def copy(self, text: Clean, what: Clean) -> None:
        """Put a text into the clipboard of the terminal, and say so."""

    def work(self, work: Coroutine[object, object, None], /) -> None:
        """Do something that takes its time."""

    def read(self, title: Clean, text: Content) -> None:
        """Show a long text over this dialog."""


class Tab(ABC, Generic[Entry]):
    """A list that is asked for; subclasses say how, and what can be done with an entry."""

    title: Clean = NOTHING
    keys: KeyLine = ()
    """What can be done on it, besides what can be done on all."""
    opens = True
    """Whether there is more of an entry than its line and what is said of it."""
    nothing: Clean = ours("There is none.")

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.missing: tuple[str, ...] = ()
        """Why this may not be all."""
        self.as_of: float | None = None
        """Unix seconds here when it was read; None before."""
        self.trouble = ""
        """Why it could not be read last time."""

    @abstractmethod
    async def look(self, desk: Desk) -> None:
        """Read it.

        Raises:
            CockpitError: it could not be had.
        """

    @abstractmethod
    def row(self, entry: Entry, now: float) -> Content:
        """Return an entry's line."""

    def about(self, entry: Entry, now: float) -> Content:
        """Return what there is to say of the entry under the cursor."""
        return content([])

    def open(self, desk: Desk, entry: Entry) -> None:
        """Show all of an entry."""

    def new(self, desk: Desk) -> None:
        """Ask for another entry."""

    def switch(self, desk: Desk, entry: Entry) -> None:
        """Turn an entry on or off."""

    def send(self, desk: Desk, entry: Entry | None) -> None:
        """Give an entry, or all, to somebody."""

    def remove(self, desk: Desk, entry: Entry) -> None:
        """Ask whether an entry is to go."""

    def copy(self, desk: Desk, entry: Entry) -> None:
        """Copy what an entry is known by."""

    # --- drawing -------------------------------------------------------------------------------------

    def rows(self, now: float) -> list[Row]:
        """Return the lines."""
        return [Row(key, self.row(entry, now)) for key, entry in self.entries.items()]

    def state(self, now: float) -> Content:
        """Return how fresh it is, what is missing of it, and why it could not be read."""
        pieces: list[Piece] = []
        if self.as_of is not None:
            pieces.append((our_line("as of {} ago", age(now - self.as_of)), "$muted"))
        elif not self.trouble:
            pieces.append((ours("asking …"), "$muted"))
        for sentence in self.missing:
            pieces.append((our_line("   {}", sentence), "$link-degraded"))
        if self.trouble:
            pieces.append((our_line("   not read: {}", self.trouble), "$agent-failed"))
        return content(pieces)

    def take(self, keyed: Sequence[tuple[str, Entry]], missing: Sequence[str], unreadable: int) -> None:
        """Show what was read; of equal keys each gets a number of its own."""
        self.entries = {}
        for key, entry in keyed:
            unique, number = key, 2
            while unique in self.entries:
                unique, number = f"{key}#{number}", number + 1
            self.entries[unique] = entry
        said = (f"{unreadable} more cannot be read",) if unreadable else ()
        self.missing = (*missing, *said)


def question(title: Clean, target: str, consequence: Clean) -> ConfirmDialog:
    """Ask whether something is to be taken away."""
    return ConfirmDialog(title, [clean_line(target)], consequence)
