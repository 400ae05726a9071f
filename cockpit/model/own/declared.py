"""Columns and commands of one's own, as config.toml declares them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

MOST_COLUMNS = 8
"""Columns of one's own at most: a row has no room for more."""

LEAST_EVERY = 5.0
"""Seconds that pass at least between two runs of a column's command about one agent."""


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """A column: a field of the agent, or the first line that a command prints."""

    name: str
    field: str = ""
    """A word of `FIELDS`."""
    command: str = ""
    """Run by `sh -c` here, with the agent's values in the environment."""
    width: int = 12
    """Cells it may take."""
    every: float = 30.0
    """Seconds for which what the command printed holds."""
    seconds: float = 5.0
    """Seconds the command may take."""


@dataclass(frozen=True, slots=True)
class OwnCommand:
    """A command about one agent; what it prints is shown."""

    name: str
    command: str
    """Run by `sh -c` here, with the agent's values in the environment."""
    key: str = ""
    """A key of the home screen, as the framework names it; empty: the palette only."""
    description: str = ""
    seconds: float = 30.0
    """Seconds it may take."""


@dataclass(frozen=True, slots=True)
class Own:
    """Everything that is declared."""

    columns: tuple[OwnColumn, ...] = ()
    commands: tuple[OwnCommand, ...] = ()


NOTHING_OWN = Own()


def fault_of_column(column: OwnColumn, others: Sequence[OwnColumn]) -> tuple[str, str]:
    """Return the key of a declaration that is wrong and what is wrong with it; empty texts where nothing is.

    Args:
        column: the declaration.
        others: those before it.
    """
    if not column.name.strip():
        return "name", "a column needs a name"
    if any(other.name == column.name for other in others):
        return "name", f"there is a column {column.name!r} already"
    if bool(column.field) == bool(column.command):
        return "field", "a column takes either field or command"
    from cockpit.model.own.values import FIELDS

    if column.field and column.field not in FIELDS:
        near = difflib.get_close_matches(column.field, FIELDS, n=1, cutoff=0.4)
        advice = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(FIELDS)}"
        return "field", f"no field {column.field!r}; {advice}"
    return "", ""


def fault_of_command(command: OwnCommand, others: Sequence[OwnCommand]) -> tuple[str, str]:
    """Return the key of a declaration that is wrong and what is wrong with it, as `fault_of_column` does."""
    if not command.name.strip():
        return "name", "a command needs a name"
    if any(other.name == command.name for other in others):
        return "name", f"there is a command {command.name!r} already"
    if not command.command.strip():
        return "command", "there is nothing to run"
    if command.key and any(other.key == command.key for other in others):
        return "key", f"another command has the key {command.key!r}"
    return "", ""
