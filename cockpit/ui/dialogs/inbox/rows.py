"""The rows of the inbox: entries under the names of their groups, and questions that ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from cockpit.model.attention import Tally
from cockpit.model.inbox.entries import Group, group_of
from cockpit.model.inbox.history import Decided, HowEnded
from cockpit.model.inbox.shelf import PUT_OFF_WORDS, Shelved
from cockpit.text.clean import NOTHING, Clean, joined, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import content, cut, fit
from cockpit.ui.look.rows.names import fit_name, name_room
from cockpit.ui.look.rows.panes import matches
from cockpit.ui.widgets.needs_you.lines import entry_line
from cockpit.ui.widgets.needs_you.posed import Posed
from cockpit.ui.widgets.row_list import Row

NAME_CELLS = 11
MOMENT_CELLS = 14


def entry_rows(posed: Sequence[Posed], beside: Callable[[Posed], str], now: float, width: int) -> list[Row]:
    """Return entries under their groups.

    Args:
        posed: the entries.
        beside: what stands in place of an entry's keys, or empty text.
        now: unix seconds.
        width: cells.
    """
    rows: list[Row] = []
    names = tuple(one.who for one in posed)
    for group in Group:
        members = [one for one in posed if group_of(one.item) is group]
        if members:
            rows.append(Row("", content([(our_line(" {} {}", group.value, len(members)), "$muted")])))
        rows += [Row(one.key, entry_line(one, now, width, sent=beside(one), names=names)) for one in members]
    return rows


def how_long(one: Shelved) -> str:
    """Say for how long an entry is put off."""
    return f"until {datetime.fromtimestamp(one.until):%a %H:%M}" if one.until else PUT_OFF_WORDS[one.how]


def history_rows(decided: Sequence[Decided], needle: str, width: int) -> list[Row]:
    """Return the questions that ended: what was answered, by whom, and what was withdrawn."""
    rows: list[Row] = []
    name_cells = max(NAME_CELLS, name_room(width, NAME_CELLS, [clean_line(one.who) for one in decided]))
    room = max(10, width - MOMENT_CELLS - name_cells - 1)
    for at, one in enumerate(decided):
        if not matches(needle, f"{one.who} {one.asked} {one.answer} {one.by}"):
            continue
        withdrawn = one.outcome is HowEnded.WITHDRAWN
        said = ours("withdrawn") if withdrawn else our_line("→ {}", one.answer)
        pieces = [
            (our_line(" {} ", f"{datetime.fromtimestamp(one.at):%d %b %H:%M}"), "$muted"),
            (fit_name(clean_line(one.who), name_cells), "bold"),
            (ours(" "), ""),
            (fit(clean_line(one.asked), room // 2), ""),
            (our_line(" {}", cut(said, room // 4)), "$muted" if withdrawn else "$agent-running"),
            (our_line("  {}", one.by) if one.by else NOTHING, "$muted"),
        ]
        rows.append(Row(str(at), content(pieces)))
    return rows


def summary(wanted: Tally) -> Clean:
    """Say how much wants the operator, asks and failures apart from the rest."""
    counts = (
        (wanted.waiting, "waits for you" if wanted.waiting == 1 else "wait for you"),
        (wanted.blocked, "blocked"),
        (wanted.unfitting, "does not fit" if wanted.unfitting == 1 else "do not fit"),
        (wanted.to_review, "to review"),
        (wanted.done, "done"),
    )
    said: Sequence[Clean] = [our_line("{} {}", number, words) for number, words in counts if number]
    return joined(said, ours(" · ")) or ours("Waits for you")
