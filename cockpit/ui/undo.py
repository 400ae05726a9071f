"""The last acts that can be undone, the newest first, and the line that says so for some seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.app import App

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.command import Command
from cockpit.model.fleet import Fleet
from cockpit.model.ids import CommandId
from cockpit.model.receipts.receipt import Stage
from cockpit.model.undoing import UNDO_SECONDS, Undoable, undoable_of
from cockpit.text.clean import Clean
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import Piece, content, cut, width_of
from cockpit.ui.widgets.plain import Plain

MOST_ACTS = 50
"""Acts that are remembered; nobody undoes more of them one by one."""

OVER = (Stage.FAILED, Stage.UNCONFIRMED, Stage.DISMISSED)


@dataclass(slots=True)
class LastAct:
    """One act."""

    said: str
    undo: Callable[[], None] | Command
    """What undoes it: an order, or, of what only this screen knows, a function."""
    at: float
    """Unix seconds of the engine, when it was done."""
    command: CommandId | None = None
    """The order that it was, until its receipt says that it is done."""
    holds: Callable[[], bool] = lambda: True
    """Whether what it did still stands: what something else has changed since cannot be undone."""
    when_done: Callable[[LastAct], None] | None = None
    """Takes it back once it is done: that was wanted while it was under way."""


class LastActs:
    """What one screen did that can be undone."""

    def __init__(self) -> None:
        self._acts: list[LastAct] = []

    def ordered(self, undoable: Undoable | None, command: CommandId, now: float) -> None:
        """Take an order that can be undone once it is done."""
        if undoable is not None:
            self._add(LastAct(undoable.said, undoable.back, now, command))

    def done(
        self, said: str, undo: Callable[[], None], now: float, *, holds: Callable[[], bool] = lambda: True
    ) -> None:
        """Take something that was done on this screen alone, e.g. a mark.

        Args:
            said: what was done, e.g. `marked 3`.
            undo: undoes it.
            now: unix seconds.
            holds: whether what it did still stands.
        """
        self._add(LastAct(said, undo, now, holds=holds))

    def _add(self, act: LastAct) -> None:
        self._acts.append(act)
        del self._acts[:-MOST_ACTS]

    def flush(self, fleet: Fleet, now: float) -> None:
        """Take in what became of orders: what failed needs no undoing; the line stands from when it is done."""
        stages = {one.id: one.stage for one in fleet.receipts}
        self._acts = [act for act in self._acts if act.command is None or stages.get(act.command) not in OVER]
        for act in tuple(self._acts):
            if act.command is not None and stages.get(act.command) is Stage.DONE:
                act.command, act.at = None, now
                if act.when_done is not None:
                    self._acts.remove(act)
                    act.when_done(act)

    @property
    def newest(self) -> LastAct | None:
        """The act that the next undo means: the newest, under way or done, that is not being taken back already."""
        return next((act for act in reversed(self._acts) if act.when_done is None and act.holds()), None)

    def take(self, when_done: Callable[[LastAct], None]) -> LastAct | None:
        """Return the act that is undone now, and forget it; one that is under way is taken back once it is done.

        Args:
            when_done: takes such a one back then.
        """
        act = self.newest
        if act is None:
            return None
        if act.command is not None:
            act.when_done = when_done
        else:
            self._acts.remove(act)
        return act

    def line(self, now: float) -> str:
        """Return what was done just now, empty text if that is some seconds ago."""
        act = next((act for act in reversed(self._acts) if act.command is None and act.holds()), None)
        return act.said if act is not None and now - act.at < UNDO_SECONDS else ""


class HasLastActs:
    """A screen with what was done last; those over it share it."""

    last_acts: LastActs


def order(app: App[object], engine: CockpitPort, command: Command) -> CommandId:
    """Hand a command to the engine, and remember how it is undone: whatever is ordered on a screen is by this."""
    undoable = undoable_of(command, engine.fleet)
    command_id = engine.dispatch(command)
    for screen in reversed(app.screen_stack):
        if isinstance(screen, HasLastActs):
            screen.last_acts.ordered(undoable, command_id, engine.now())
            break
    return command_id


class UndoBar(Plain):
    """Says what was done just now, and the key that undoes it; no line when there is nothing."""

    _said = ""

    def flush(self, acts: LastActs, fleet: Fleet, now: float, key: str) -> None:
        """Show it."""
        acts.flush(fleet, now)
        said = acts.line(now)
        if said == self._said:
            return
        self._said = said
        self.display = bool(said)
        undoes = our_line("· {} undo", key)
        # What was done is named by words of others, as long as they like; the key must be seen.
        words: Clean = cut(our_line(" ✓ {} ", said), max(1, self.screen.size.width - width_of(undoes) - 1))
        pieces: list[Piece] = [(words, ""), (undoes, "bold $accent")] if said else []
        self.show(content(pieces))
