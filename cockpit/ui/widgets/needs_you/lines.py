"""How an entry that waits is drawn: one line for each, and the one that has the keys in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from cockpit.model.attention import Urgency
from cockpit.model.inbox.question import AnswerKey
from cockpit.text.clean import NOTHING, Clean, ours, part, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, age, break_points, content, cut, fit, pieces_width, width_of
from cockpit.ui.look.rows.names import cut_apart, fit_name, name_room
from cockpit.ui.widgets.needs_you.posed import LINE, Posed

URGENCY_STYLES = {
    Urgency.ASKING: ("?", "bold $agent-asking"),
    Urgency.FAILED: ("✗", "$agent-failed"),
    Urgency.UNDELIVERED: ("✉", "$agent-failed"),
    Urgency.COMMAND: ("!", "$agent-failed"),
    Urgency.BLOCKED: ("▪", "$link-degraded"),
    Urgency.UNFITTING: ("≠", "$link-degraded"),
    Urgency.REVIEW: ("◐", "$agent-done"),
    Urgency.DONE: ("✓", "$agent-done"),
}

NAME_CELLS = 14
LEAST_OPTION = 14
"""Cells of an option below which one of several is left out rather than all of them cut further."""
OPTION_CELLS = 22
"""Cells of an option in a line that it shares without room for more; in full it stands where the entry has the keys."""


OPTION_LINES = 2
"""Lines that options take below a question in whose line they have no room."""
LEAST_WRAPPED = 6
"""Cells of an option below which nothing of it can be read."""


def entry_lines(
    posed: Posed, now: float, width: int, *, sent: str = "", kept: int = 0, names: Sequence[Clean] = ()
) -> list[Content]:
    """Draw one entry in a line, or with its options below where one of them would be left out of it."""
    if sent or not posed.answers:
        return [entry_line(posed, now, width, sent=sent, kept=kept, names=names)]
    line = entry_line(posed, now, width, kept=kept, names=names)
    if all(f"[{one.key}]" in line.plain for one in posed.answers):
        return [line]
    return [entry_line(posed, now, width, options=False, kept=kept, names=names), *_wrapped(posed.answers, width)]


def _wrapped(answers: Sequence[AnswerKey], width: int) -> list[Content]:
    """Draw options in a few lines: all of them, cut alike as far as it needs, before one is left out."""
    shown = [(one.key, clean_line(one.label)) for one in answers]
    widest = max(width_of(label) for _, label in shown)
    # On a few cells there is nothing to choose: what has no room is counted.
    for cells in range(max(LEAST_WRAPPED, min(widest, width)), LEAST_WRAPPED - 1, -1):
        lines = _packed(shown, cells, width)
        if len(lines) <= OPTION_LINES:
            break
    else:
        left_out = len(shown) - sum(len(line) for line in lines[:OPTION_LINES])
        lines = lines[:OPTION_LINES]
        lines[-1][-1:] = [[(our_line(" +{}", left_out + 1), "bold $agent-asking")]]
    return [content([(ours(" "), ""), *(piece for entry in line for piece in entry)]) for line in lines]


def _packed(shown: Sequence[tuple[str, Clean]], cells: int, width: int) -> list[list[list[Piece]]]:
    lines: list[list[list[Piece]]] = [[]]
    left = width - 1
    for key, label in shown:
        entry: list[Piece] = [(our_line("  [{}]", key), "bold $accent"), (our_line(" {}", cut(label, cells)), "")]
        if lines[-1] and pieces_width(entry) > left:
            lines.append([])
            left = width - 1
        lines[-1].append(entry)
        left -= pieces_width(entry)
    return lines


def entry_line(
    posed: Posed,
    now: float,
    width: int,
    *,
    sent: str = "",
    options: bool = True,
    kept: int = 0,
    names: Sequence[Clean] = (),
) -> Content:
    """Draw one entry in a line: glyph, who, what, the keys that answer it, how long it waits.

    Args:
        posed: the entry.
        now: unix seconds.
        width: cells.
        sent: what was answered already.
        options: whether the keys that answer it stand in the line, as far as there is room.
        kept: cells at its end that stay free; the columns are those of a line without.
        names: of all whose entries stand below each other.
    """
    glyph, style = URGENCY_STYLES[posed.item.urgency]
    waited = posed.item.since
    end: list[Piece] = [
        (our_line(" {} ", fit(age(now - waited), 4, right=True)) if waited else ours("    – "), "$muted")
    ]
    head: list[Piece] = [
        (our_line(" {} ", glyph), style),
        (fit_name(posed.who, name_room(width, NAME_CELLS, names)), "bold"),
    ]
    room = width - kept - pieces_width(head) - pieces_width(end) - 1
    said = _in_line(posed)
    # What the question leaves is the options': half of the line is theirs in any case.
    keys = _short_keys(posed, max(0, room // 2, room - width_of(said))) if options else []
    if sent:
        keys = [(our_line("  → {}", cut(clean_line(sent), OPTION_CELLS)), "$agent-running")]
    words = fit(said, max(4, room - pieces_width(keys)))
    return content([*head, (ours(" "), ""), (words, ""), *keys, *end])


def _in_line(posed: Posed) -> Clean:
    words = clean_line(" ".join(posed.words.split("\n")))
    name = posed.who
    # The sentence of an entry begins with its agent's name, which stands before it here.
    return part(words, len(name) + 1) if words.startswith(our_line("{} ", name)) else words


def _short_keys(posed: Posed, room: int) -> list[Piece]:
    """Return keys with what they answer as far as there is room; what does not fit is said to be there."""
    pieces: list[Piece] = []
    shown = [(one.key, clean_line(one.label)) for one in posed.answers] or [(key, label) for key, label in posed.acts]
    if posed.field == LINE and not posed.acts:
        shown = [("⏎", ours("answer…"))]
    most = _option_cells(shown, room)
    for at, (key, label) in enumerate(shown):
        entry: list[Piece] = [
            (our_line("  [{}]", key), "bold $accent"),
            (our_line(" {}", cut(label, most)), ""),
        ]
        more = 3 if at + 1 < len(shown) else 0
        if pieces_width(pieces) + pieces_width(entry) + more > room:
            return [*pieces, (ours("  …"), "$muted")] if room >= 3 else pieces
        pieces += entry
    return pieces


def _option_cells(shown: Sequence[tuple[str, Clean]], room: int) -> int:
    """Return the most cells that an option may take so that all of them stand there, if they can be told apart so."""
    labels = [width_of(label) for _, label in shown]
    left = room - sum(5 + width_of(key) for key, _ in shown)
    for cells in range(min(max(labels, default=0), max(0, left)), LEAST_OPTION - 1, -1):
        if sum(min(label, cells) for label in labels) <= left:
            return cells
    return OPTION_CELLS


@dataclass(frozen=True, slots=True)
class Layout:
    """The words and options of an entry, broken to a width."""

    words: tuple[Clean, ...]
    options: tuple[Content, ...]


def lay_out(posed: Posed, width: int, armed: str = "") -> Layout:
    """Break an entry to a width; nothing of it is cut."""
    lines = [
        part(line, start, end)
        for line in map(clean_line, posed.words.split("\n"))
        for start, end in break_points(line, max(4, width), words=True)
    ]
    return Layout(tuple(lines), tuple(_option_lines(posed.answers, width, armed)))


def _option_lines(answers: Sequence[AnswerKey], width: int, armed: str) -> list[Content]:
    def key_piece(one: AnswerKey) -> Piece:
        return our_line("[{}]", one.key), "bold reverse $agent-asking" if armed in (
            one.key,
            one.also or one.key,
        ) else "bold $accent"

    together: list[Piece] = []
    for one in answers:
        gap = ours("   ") if together else NOTHING
        together += [(gap, ""), key_piece(one), (our_line(" {}", clean_line(one.label)), "")]
    if pieces_width(together) <= width:
        return [content(together)] if together else []
    lines: list[Content] = []
    for one in answers:
        label = clean_line(one.label)
        for at, (start, end) in enumerate(break_points(label, max(4, width - 4), words=True)):
            lead: Piece = key_piece(one) if at == 0 else (repeated(ours(" "), 3), "")
            lines.append(content([lead, (ours(" "), ""), (part(label, start, end), "")]))
    return lines


def head_line(posed: Posed, now: float, width: int, sent: str) -> Content:
    """Draw the head of the entry that has the keys: who asks, what it warns of, how long it waits."""
    glyph, style = URGENCY_STYLES[posed.item.urgency]
    verb = ours("asks") if posed.item.urgency is Urgency.ASKING and posed.item.budget is None else NOTHING
    pieces: list[Piece] = [
        (our_line("{} ", glyph), style),
        (cut_apart(posed.who, (), max(8, width // 3)), "bold"),
        (our_line(" {}", verb), "$muted"),
    ]
    if sent:
        pieces.append((our_line("  → {}", sent), "$agent-running"))
    elif posed.warning:
        pieces.append((our_line("  ⚠ {}", posed.warning), "bold $agent-failed"))
    since = our_line(" {}", age(now - posed.item.since)) if posed.item.since else NOTHING
    room = width - width_of(since)
    left = content(pieces)
    gap = room - pieces_width(pieces)
    if gap < 0:
        return content([*_cut_pieces(pieces, room), (since, "$muted")])
    return left + content([(repeated(ours(" "), gap), ""), (since, "$muted")])


def _cut_pieces(pieces: Sequence[Piece], width: int) -> list[Piece]:
    kept: list[Piece] = []
    for text, style in pieces:
        room = width - pieces_width(kept)
        if room <= 0:
            break
        kept.append((cut(text, room), style))
    return kept


def hints(posed: Posed, *, scrolls: bool, leaves: bool, opens: bool, room: int) -> Content:
    """Draw the keys that count now, those that matter most first."""
    keys: list[tuple[str, str]] = []
    if posed.field:
        keys.append(("⏎", "write an answer"))
    elif posed.answers and opens:
        keys.append(("⏎", "in full"))
    keys += [(key, label) for key, label in posed.acts if (key, label) not in keys and not (key == "⏎" and posed.field)]
    if posed.can_refuse:
        keys.append(("N", "no, because…"))
    if scrolls:
        keys.append(("pgdn", "more"))
    if leaves:
        keys += [("~", "put off"), ("!", "next"), ("esc", "leave")]
    pieces: list[Piece] = []
    for key, label in keys:
        entry: list[Piece] = [(clean_line(key), "bold $accent"), (our_line(" {}   ", label), "$muted")]
        if pieces_width(pieces) + pieces_width(entry) > room:
            break
        pieces += entry
    return content(pieces)
