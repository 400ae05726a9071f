"""How minutes are drawn: a sign for what an agent did most in each, hours above them, sums beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.content import Content

from cockpit.model.timeline.minute import MINUTE, NO_MINUTE, AgentMinutes, Doing, Minute, Timeline, together
from cockpit.text.clean import NOTHING, Clean, joined, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, age, content, cut, duration, fit, pieces_width, width_of
from cockpit.ui.look.rows.names import fit_apart

SIGNS: dict[Doing, tuple[Clean, str]] = {
    Doing.TOOL: (ours("█"), "$agent-running"),
    Doing.WRITING: (ours("▓"), "$accent"),
    Doing.THINKING: (ours("░"), "$muted"),
    Doing.ASKING: (ours("?"), "bold $agent-asking"),
    Doing.REST: (ours("·"), "$faint"),
}
"""Sign and colour of what an agent did."""

FAILED = (ours("✗"), "bold $agent-failed")
UNKNOWN = (ours(" "), "$faint")

WORDS = {Doing.TOOL: ours("tool"), Doing.WRITING: ours("writing"), Doing.THINKING: ours("thinking")}

SPANS = (1, 2, 5, 10, 15, 30, 60)
"""Minutes that a cell may stand for."""

LABEL_EVERY = 10
"""Cells between two times of the axis."""

LABEL_APART = 8
"""Columns between two times of the axis at least, where a cell takes several."""

SUMS = 21
"""Cells of the sums at the right: work, wait, cost."""


@dataclass(frozen=True, slots=True)
class Room:
    """How cells stand in the columns there are: where little is recorded each takes several."""

    cells: int
    """Cells in sight."""
    stretch: int = 1
    """Columns of each."""
    blank: int = 0
    """Columns before them that are left over."""


def room_for(columns: int, known: int) -> Room:
    """Share columns out among the cells of which anything is recorded; a column is a cell where these are many."""
    stretch = max(1, columns // max(1, known))
    return Room(columns // stretch, stretch, columns % stretch)


LEGEND: tuple[Piece, ...] = (
    SIGNS[Doing.TOOL],
    (ours(" tool  "), "$muted"),
    SIGNS[Doing.WRITING],
    (ours(" writing  "), "$muted"),
    SIGNS[Doing.THINKING],
    (ours(" thinking  "), "$muted"),
    SIGNS[Doing.ASKING],
    (ours(" waits for you  "), "$muted"),
    FAILED,
    (ours(" error"), "$muted"),
)
"""What the signs mean."""


def sign_of(minute: Minute) -> Piece:
    """Return the sign of a minute: who waits comes before what failed, and that before all work."""
    if minute.errors and not minute.asking:
        return FAILED
    return SIGNS[minute.most]


def signs_of(minute: Minute, span: int, columns: int) -> list[Piece]:
    """Return the signs of a cell: with several columns each doing has its share of them, and what failed the last."""
    if columns == 1:
        return [sign_of(minute)]
    told = ((Doing.TOOL, minute.tool), (Doing.WRITING, minute.writing), (Doing.THINKING, minute.thinking))
    spent = [(doing, seconds) for doing, seconds in (*told, (Doing.ASKING, minute.asking)) if seconds > 0]
    whole = max(span * MINUTE, sum(seconds for _, seconds in spent))
    signs: list[Piece] = []
    for doing, seconds in spent:
        signs += [SIGNS[doing]] * max(1, round(seconds * columns / whole))
    signs += [SIGNS[Doing.REST]] * (columns - len(signs))
    # A question is seen in any case: it stands last, and is cut last.
    signs = signs[-columns:]
    return [*signs[:-1], FAILED] if minute.errors else signs


def cells_of(row: AgentMinutes, first: int, span: int, number: int) -> list[Minute]:
    """Return a row's cells, each of `span` minutes, from a minute on."""
    found: list[list[Minute]] = [[] for _ in range(number)]
    for minute in sorted(row.minutes):
        cell = (minute - first) // span
        if 0 <= cell < number:
            found[cell].append(row.minutes[minute])
    return [together(one) if one else NO_MINUTE for one in found]


def timeline_row(
    row: AgentMinutes,
    name: Clean,
    others: Sequence[Clean],
    cells: Sequence[Minute],
    wide: int,
    cursor: int | None,
    *,
    began: int,
    gone: bool,
    span: int = 1,
    stretch: int = 1,
    blank: int = 0,
) -> Content:
    """Draw an agent's row.

    Args:
        row: its minutes.
        name: the agent's.
        others: all names, from which it must be told apart.
        cells: what is in sight.
        wide: cells of the column of names.
        cursor: the cell that is pointed at; None in the rows of others.
        began: the first cell of which anything is recorded; those before are blank, for nobody knows.
        gone: the agent is no more.
        span: minutes of a cell.
        stretch: columns of a cell.
        blank: columns before the first one.
    """
    pieces: list[Piece] = [
        (fit_apart(name, others, wide), "$muted" if gone else "bold"),
        (repeated(ours(" "), 1 + blank), ""),
    ]
    signs = [
        (at, *sign)
        for at, minute in enumerate(cells)
        for sign in (signs_of(minute, span, stretch) if at >= began else [UNKNOWN] * stretch)
    ]
    # A cell of several columns would hide what it shows, were it reversed: the line of times points at it.
    for text, style, length in _runs(signs, cursor if stretch == 1 else None):
        pieces.append((repeated(text, length), style))
    sums = row.sums
    pieces.append((fit(long_time(sums.work) if sums.work else NOTHING, 7, right=True), "$muted"))
    pieces.append((fit(long_time(sums.asking) if sums.asking else NOTHING, 7, right=True), "$agent-asking"))
    pieces.append((fit(dollars(sums.cost) if sums.cost else NOTHING, 7, right=True), "$muted"))
    return content(pieces)


def _runs(signs: Iterable[tuple[int, Clean, str]], cursor: int | None) -> Iterable[tuple[Clean, str, int]]:
    """Join neighbours that look the same: a row of one sign is one piece."""
    runs: list[tuple[Clean, str, int]] = []
    for at, text, style in signs:
        if at == cursor:
            style += " reverse"
        if runs and runs[-1][:2] == (text, style):
            runs[-1] = (text, style, runs[-1][2] + 1)
        else:
            runs.append((text, style, 1))
    return runs


def axis_line(
    first: int, span: int, number: int, wide: int, stretch: int = 1, blank: int = 0, cursor: int | None = None
) -> Content:
    """Draw the times above the cells, and what the sums are called; a cell that is pointed at has a line over it."""
    every = LABEL_EVERY if stretch == 1 else -(-LABEL_APART // stretch)
    marks = {at * stretch: clock(first + at * span) for at in range(number) if (first // span + at) % every == 0}
    pieces: list[Piece] = [(repeated(ours(" "), wide + 1 + blank), "")]
    at, columns = 0, number * stretch
    while at < columns:
        mark = marks.get(at, NOTHING)
        pointed = stretch > 1 and at // stretch == cursor
        if mark and at + width_of(mark) <= columns:
            pieces.append((mark, "bold $accent" if pointed else "$muted"))
            at += width_of(mark)
        else:
            pieces.append((ours("─"), "$accent") if pointed else (ours(" "), ""))
            at += 1
    for word, cells in ((ours("WORK"), 7), (ours("WAIT"), 7), (ours("COST"), 7)):
        pieces.append((fit(word, cells, right=True), "$muted"))
    return content(pieces)


def dollars(cost: float) -> Clean:
    """Say what something cost, in at most six cells where it is below a thousand."""
    return our_line("${:.2f}", cost) if cost >= 0.01 else ours("<$.01")


def long_time(seconds: float) -> Clean:
    """Say how long all of something took, in at most six cells: `45s`, `12m`, `1h51m`, `2d`."""
    if seconds < 3600 or seconds >= 86_400:
        return age(seconds)
    return our_line("{}h{:02d}m", int(seconds // 3600), int(seconds // 60 % 60))


def clock(minute: int) -> Clean:
    """Say when a minute was, by the clock of this machine."""
    return our_line("{}", datetime.fromtimestamp(minute * MINUTE).strftime("%H:%M"))


def cell_words(name: Clean, minute: Minute, first: int, span: int, *, known: bool) -> list[Piece]:
    """Say what an agent did in a cell; nothing is recorded of it until then if it is not `known`."""
    when = clock(first) if span == 1 else joined((clock(first), ours("–"), clock(first + span)))
    pieces: list[Piece] = [(name, "bold"), (our_line(" {} ", when), "$muted")]
    told: list[Piece] = [
        (our_line("{} {}", word, duration(seconds)), SIGNS[doing][1])
        for (doing, word), seconds in zip(WORDS.items(), (minute.tool, minute.writing, minute.thinking), strict=True)
        if seconds
    ]
    if minute.asking:
        told.insert(0, (our_line("waits for you {}", duration(minute.asking)), SIGNS[Doing.ASKING][1]))
    if minute.errors:
        told.append((our_line("{} {}", minute.errors, "error" if minute.errors == 1 else "errors"), FAILED[1]))
    if minute.cost:
        told.append((dollars(minute.cost), "$muted"))
    for piece in told or [(ours("nothing to do") if known else ours("nothing is recorded yet"), "$muted")]:
        pieces += [(ours(" · "), "$faint"), piece]
    return pieces


def waiting_words(row: AgentMinutes) -> list[Piece]:
    """Say how long an agent was kept waiting."""
    longest = row.longest
    if longest is None:
        return []
    many = len(row.waits)
    words = our_line("waited {} for you", long_time(row.sums.asking))
    more = our_line(", {} times, longest {}", many, long_time(longest.seconds)) if many > 1 else NOTHING
    return [(joined((words, more, our_line(", from {}", clock(int(longest.since // MINUTE))))), "$agent-asking")]


def all_waiting(timeline: Timeline) -> list[Piece]:
    """Say how long the operator kept agents waiting, all together."""
    waited = [row for row in timeline.rows if row.waits]
    if not waited:
        return [(ours("nobody waited for you"), "$muted")]
    total = sum(row.sums.asking for row in waited)
    who = clean_line(waited[0].name) if len(waited) == 1 else our_line("{} agents", len(waited))
    return [(our_line("you kept {} waiting {}", who, long_time(total)), "$agent-asking")]


def beside(left: list[Piece], right: list[Piece], width: int) -> Content:
    """Put one thing at the left and one at the right, as far as there is room: the left one counts more."""
    room = width - pieces_width(left)
    if room < pieces_width(right) + 2:
        right = []
    if room < 0:
        shown: list[Piece] = []
        left_over = width
        for text, style in left:
            piece = cut(text, left_over)
            shown.append((piece, style))
            left_over -= width_of(piece)
        left = shown
    gap = max(0, width - pieces_width(left) - pieces_width(right))
    return content([*left, (repeated(ours(" "), gap), ""), *right])
