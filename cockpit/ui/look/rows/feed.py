"""Events of the feed as rows: age, who, what kind, what; the columns are as wide as what they hold."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from cockpit.model.board import FeedItem
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import AGE_CELLS, Piece, age, content, fit, width_of
from cockpit.ui.look.rows.columns import EVER, Table, TableColumn, allot
from cockpit.ui.look.rows.names import fit_apart

LEAST_WHO, MOST_WHO = 6, 28
"""Cells of a name."""
MOST_KIND = 24
"""Cells of a kind of event; a longer one is none of the usual."""
LEAST_SAID, USUAL_SAID = 10, 18
"""Cells of what an event says, and those before there is a column of kinds."""


def feed_table(items: Iterable[FeedItem], width: int) -> Table:
    """Share a width out among the columns of these events: neither who nor the kind is cut where both have room."""
    names: set[str] = set()
    kinds: set[str] = set()
    for item in items:
        names.add(item.agent)
        kinds.add(item.kind)
    who = max((width_of(clean_line(name)) for name in names), default=0)
    who = min(max(LEAST_WHO, who), MOST_WHO, max(9, width // 3))
    kind = min(MOST_KIND, max((width_of(clean_line(one)) for one in kinds), default=0))
    columns = (
        TableColumn("age", ours(""), AGE_CELLS, AGE_CELLS, AGE_CELLS, 0),
        TableColumn("who", ours(""), min(LEAST_WHO, who), who, who, 1),
        TableColumn("kind", ours(""), kind, kind, kind, 3, extra=0),
        TableColumn("said", ours(""), LEAST_SAID, USUAL_SAID, EVER, 2),
    )
    return allot(columns, width)


def said_of(item: FeedItem) -> Clean:
    """Return what an event says, without who did it where that stands before it: agents tell of themselves by name."""
    said = clean_line(item.summary)
    name = clean_line(item.agent)
    for who in (our_line("Agent {} ", name), our_line("{} ", name)):
        if name and said.startswith(who) and said != who:
            return clean_line(said.removeprefix(who))
    return said


def feed_row(
    item: FeedItem, now: float, width: int, names: tuple[Clean, ...] = (), table: Table | None = None
) -> Content:
    """One line of the feed: age, who, what; of these names none looks like another.

    Args:
        item: the event.
        now: unix seconds.
        width: cells.
        names: of all whose events are shown.
        table: how wide the columns are; the event's own widths where there is none.
    """
    table = table or feed_table((item,), width)
    kind = clean_line(item.kind)
    pieces: list[Piece] = []
    for name, cells in table.cells.items():
        if pieces:
            pieces.append((ours(" ") if table.gap == 1 else ours("  "), ""))
        if name == "age":
            pieces.append((fit(age(now - item.at), cells, right=True), "$muted"))
        elif name == "who":
            pieces.append((fit_apart(clean_line(item.agent), names, cells), "$accent"))
        elif name == "kind":
            pieces.append((our_line("{}", fit(kind, cells)), "$muted"))
        else:
            pieces.append((fit(said_of(item) or kind, cells), ""))
    return content(pieces)
