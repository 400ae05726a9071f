"""The output of several agents as one, in the order of time; what tells no time stands between what does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from typing import NamedTuple

from textual.content import Content

from cockpit.model.ids import AgentId
from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import Piece, content, fit
from cockpit.ui.look.rows.names import fit_name
from cockpit.ui.transcript.canvas import CLOCK, CLOCK_FROM
from cockpit.ui.transcript.folding import BLANK
from cockpit.ui.transcript.laid import clock_at
from cockpit.ui.transcript.lines import entry_lines

MOST_ENTRIES = 60
"""Entries of each agent that are told, the newest ones: a few screenfuls of all together."""
NAME_CELLS = 12
COLOURS = ("$accent", "$agent-running", "$agent-asking", "$agent-done", "$mode-follow-up", "$mode-steer")
"""One for each agent, as far as it has none of its own."""


class AgentStream(NamedTuple):
    """One agent's part."""

    agent: AgentId
    name: Clean
    colour: str
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class MergedLine:
    """One line."""

    key: str
    content: Content


class Merging:
    """Merges anew what changed; an entry that did not is folded once."""

    def __init__(self) -> None:
        self._folded: dict[tuple[AgentId, int], tuple[tuple[object, ...], list[Content]]] = {}
        """By agent and key of an entry: what the lines were made of, and the lines."""

    def lines(self, streams: Sequence[AgentStream], width: int) -> list[MergedLine]:
        """Return the lines for a width in cells, oldest first."""
        known, self._folded = self._folded, {}
        found: list[MergedLine] = []
        for at, place, entry in merge(*(_timed(place, stream) for place, stream in enumerate(streams))):
            stream, clock = streams[place], clock_at(at) if width >= CLOCK_FROM else ""
            folded = known.get((stream.agent, entry.key))
            made_of = (entry.revision, width, stream.name, stream.colour, clock)
            if folded is None or folded[0] != made_of:
                folded = (made_of, _lines(stream, entry, width, clock))
            self._folded[stream.agent, entry.key] = folded
            found += [MergedLine(f"{stream.agent} {entry.key} {row}", line) for row, line in enumerate(folded[1])]
        return found


class _Timed(NamedTuple):
    at: float
    place: int
    entry: Entry

    def __lt__(self, other: tuple[object, ...]) -> bool:
        return self[:2] < other[:2]


def _timed(place: int, stream: AgentStream) -> list[_Timed]:
    first = stream.transcript.next_key - MOST_ENTRIES
    entries = [one for one in stream.transcript.entries(first) if one.kind is not EntryKind.BORDER]
    return [_Timed(at, place, entry) for at, entry in zip(moments(entries), entries, strict=True)]


def moments(entries: Sequence[Entry]) -> list[float]:
    """Return when entries were about, which never goes back: what says no time is no later than what follows it."""
    latest = float("inf")
    bounds = []
    for entry in reversed(entries):
        latest = min(latest, entry.said_at) if entry.said_at is not None else latest
        bounds.append(min(latest, entry.said_at if entry.said_at is not None else entry.at))
    found: list[float] = []
    for bound in reversed(bounds):
        found.append(max(bound, found[-1]) if found else bound)
    return found


def _lines(stream: AgentStream, entry: Entry, width: int, clock: str) -> list[Content]:
    """Return an entry's lines, the first behind its time, if one is given, and the agent's name; all in its colour."""
    beside = CLOCK + 1 if clock else 0
    room = max(8, width - beside - NAME_CELLS - 2)
    shown: list[Content] = []
    for line in entry_lines(entry, room, previous=None):
        if line == BLANK:
            continue
        first = not shown
        time: list[Piece] = [(fit(our_line("{}", clock if first else ""), beside), "$muted")] if beside else []
        name = fit_name(stream.name if first else NOTHING, NAME_CELLS)
        shown.append(content([*time, (name, f"bold {stream.colour}"), (ours("▏ "), stream.colour), *line.pieces]))
    return shown
