"""What was last known of the fleet, on the terminal before the engine and its screen are loaded.

They take most of a second to load, and the history is read in a hundredth of that. What is drawn is said to be of
before; the screen takes its place. Nothing is imported here but what draws it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import platformdirs

from cockpit.cli.declared.loading import verb_of
from cockpit.model.ages import age_text
from cockpit.paths import APP
from cockpit.text.clean import Clean, ours
from cockpit.text.joiners import cells_in, cut_to_cells
from cockpit.text.sanitize import clean_line, our_line
from cockpit.text.streams import draw, is_terminal

UNUSABLE_TERMINALS = ("", "dumb", "unknown")
"""Values of TERM for terminals without a cursor that can be moved."""

LEAST_NAME = 16
"""Cells of the column of names, which is as wide as the widest of them and half of the screen at most."""

LEAST_WIDTH, LEAST_HEIGHT = 20, 4

READ_LIMIT = 0.05
"""Seconds the history may be busy: then nothing is drawn before the screen is."""

_AGENTS = """SELECT agents.name, agents.kind, agents.role, (
    SELECT COUNT(*) FROM agents WHERE destroyed_at IS NULL
), (
    SELECT body FROM snapshots WHERE snapshots.agent = agents.id ORDER BY epoch DESC, line DESC LIMIT 1
) FROM agents WHERE destroyed_at IS NULL ORDER BY agents.name LIMIT ?"""

OTHER_SCREEN, MAIN_SCREEN = "\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H", "\x1b[?25h\x1b[?1049l"


class LastKnown(NamedTuple):
    """An agent as it was when it was last written down."""

    name: str
    kind: str
    role: str
    state: str
    at: float
    """When it wrote last, unix seconds; 0 if that is not known."""
    among: int = 1
    """How many agents the history knows."""


class _Sight:
    """Whether it stands on the terminal."""

    stands = False


def show(arguments: Sequence[str]) -> None:
    """Draw it if a command line opens the screen on a terminal, and something is known."""
    if verb_of(arguments) != "" or not is_terminal() or os.environ.get("TERM", "") in UNUSABLE_TERMINALS:
        return
    try:
        width, height = os.get_terminal_size()
        known = last_known(_history(arguments), height)
    except (OSError, sqlite3.Error, ValueError, RuntimeError):
        return  # it is looked at properly later, and said what is wrong
    if not known or width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return
    _leave_on_signals()
    _Sight.stands = True
    draw(OTHER_SCREEN, lines_of(known, width, height, time.time()))


def leave() -> None:
    """Give the main screen back, unless the screen of the cockpit has taken its place."""
    if _Sight.stands:
        _Sight.stands = False
        draw(MAIN_SCREEN, ())


def taken_over() -> None:
    """Note that the screen of the cockpit takes its place, and gives the terminal back."""
    _Sight.stands = False


def _leave_on_signals() -> None:
    """Give the terminal back where a signal ends the process before the command line takes the signals over."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, _ended)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _ended)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _ended)
    if signal.getsignal(signal.SIGQUIT) is signal.SIG_DFL:
        signal.signal(signal.SIGQUIT, _ended)


def _ended(number: int, frame: FrameType | None) -> None:
    """End with the code that a shell tells of a signal, and the terminal as it was."""
    with contextlib.suppress(Exception):
        leave()
    os._exit(128 + number)


def _history(arguments: Sequence[str]) -> Path:
    """Return where the history of a command line is; nothing is made for it."""
    for at, word in enumerate(arguments):
        if word == "--root" or word.startswith("--root="):
            root = word.partition("=")[2] if "=" in word else arguments[at + 1]
            return Path(root).absolute() / "history.sqlite"
    return Path(platformdirs.user_state_dir(APP)).absolute() / "history.sqlite"


def last_known(history: Path, most: int) -> tuple[LastKnown, ...]:
    """Return the agents that a history knows, by name.

    Raises:
        sqlite3.Error, OSError, ValueError: it cannot be read now.
    """
    with contextlib.closing(sqlite3.connect(f"{history.as_uri()}?mode=ro", uri=True, timeout=READ_LIMIT)) as connection:
        rows = connection.execute(_AGENTS, (most,)).fetchall()
    return tuple(_known(*row) for row in rows)


def _known(name: object, kind: object, role: object, among: int, body: object) -> LastKnown:
    state, at = "", 0.0
    told = json.loads(body) if isinstance(body, bytes | str) else None
    if isinstance(told, dict):
        activity, heard = told.get("activity"), told.get("last_event_at")
        state = str(activity.get("state", "")) if isinstance(activity, dict) else ""
        at = float(heard) if isinstance(heard, int | float) else 0.0
    return LastKnown(str(name), str(kind), str(role), state, at, among)


def lines_of(known: Sequence[LastKnown], width: int, height: int, now: float) -> tuple[Clean, ...]:
    """Return the lines for a terminal of some cells: a head that says of when it is, and an agent a line."""
    all_of_them = max(len(known), *(one.among for one in known)) if known else 0
    many = f"{all_of_them} agent{'' if all_of_them == 1 else 's'}"
    head = our_line(" ◆ cockpit  {}, as last known · connecting …", many)
    return tuple(_within(line, width) for line in (head, ours(""), *_rows(known, width, now)))[: height - 1]


def _rows(known: Sequence[LastKnown], width: int, now: float) -> Iterator[Clean]:
    names = [clean_line(one.name) for one in known]
    column = min(max(LEAST_NAME, *map(cells_in, names)), max(LEAST_NAME, width // 2)) if names else LEAST_NAME
    for one, name in zip(known, names, strict=True):
        ago = age_text(now - one.at) if one.at else "–"
        shown = cut_to_cells(name, column)
        gap = " " * (column - cells_in(shown))
        part = f"{one.kind} {one.role}".rstrip()
        yield our_line("  {}{} {:<12} {:>4}  {}", shown, gap, one.state or "unknown", ago, part)


def _within(text: Clean, columns: int) -> Clean:
    """Return as much of a line as fits into so many cells, with a sign where it is cut."""
    if cells_in(text) <= columns:
        return text
    return our_line("{}…", cut_to_cells(text, columns - 1))
