"""Transcript entries as lines for a width: pure, so that the pane only caches and paints."""

from __future__ import annotations

from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.text.clean import Clean, joined, ours, repeated
from cockpit.text.sanitize import StyledLine, clean_line, our_line, styled_lines
from cockpit.ui.look.cells import Piece, cut, width_of
from cockpit.ui.transcript.answers import AnswerFolder, answer_lines
from cockpit.ui.transcript.folding import BLANK, GUTTER, TextLine, at_end, more_line, trimmed, wrapped
from cockpit.ui.transcript.manner import Fullness
from cockpit.ui.transcript.tools import OutputFolder, tool_lines

THINKING_TAIL = 3
"""Lines of thinking that are shown short."""

ERROR_LINES = 40
"""Lines of an error that are shown short."""

MESSAGE_STYLES = {
    EntryKind.USER: ("❯", "", "transcript-user"),
    EntryKind.STEER: ("↯", "STEER", "mode-steer"),
    EntryKind.FOLLOW_UP: ("↳", "FOLLOW-UP", "mode-follow-up"),
}
"""Glyph, word and colour of what the operator said."""


def entry_lines(
    entry: Entry,
    width: int,
    *,
    fullness: Fullness = Fullness.SHORT,
    raw: bool = False,
    previous: EntryKind | None = None,
    mark: Piece | None = None,
    folder: AnswerFolder | OutputFolder | None = None,
) -> list[TextLine]:
    """Return an entry's lines for a width in cells, with a blank line before it where the eye needs one.

    Args:
        entry: what is shown.
        width: cells of a line.
        fullness: how much of it.
        raw: its texts as they were written.
        previous: the kind of the entry before it; None if there is none.
        mark: what became of a message of the operator's and what it took, if that is known.
        folder: holds what is folded already of an answer or an output that grows.
    """
    air = [BLANK] if _needs_air(entry.kind, previous) else []
    if raw:
        lines = _raw(entry, width)
    elif entry.kind is EntryKind.ANSWER:
        lines = answer_lines(entry, folder if isinstance(folder, AnswerFolder) else AnswerFolder(width))
    elif entry.kind in (EntryKind.TOOL, EntryKind.COMMAND):
        lines = tool_lines(entry, width, fullness, folder if isinstance(folder, OutputFolder) else None)
    else:
        lines = _lines(entry, width, fullness, mark)
    if fullness is Fullness.HEAD:
        lines = _head(entry, lines, width)
    return [*air, *lines] if lines else []


def _lines(entry: Entry, width: int, fullness: Fullness, mark: Piece | None) -> list[TextLine]:
    full = fullness is not Fullness.SHORT
    match entry.kind:
        case EntryKind.USER | EntryKind.STEER | EntryKind.FOLLOW_UP:
            return at_end(_message(entry, width), width, mark)
        case EntryKind.THINKING:
            return _thinking(entry, width, full)
        case EntryKind.QUESTION:
            return _question(entry, width)
        case EntryKind.ERROR:
            return _block(ours("✗ "), entry, width, "$transcript-stderr", 0 if full else ERROR_LINES)
        case EntryKind.NOTICE:
            style = "$transcript-stderr" if entry.failed else "$muted"
            return _block(ours("· "), entry, width, style, 0 if full else 4)
        case EntryKind.OUTPUT:
            return _output(entry, width)
        case EntryKind.MARKER | EntryKind.BORDER:
            return [_rule(entry, width)]
        case _:
            return _block(ours("¿ "), entry, width, "$transcript-marker", 0 if full else 2)


def _head(entry: Entry, lines: list[TextLine], width: int) -> list[TextLine]:
    """Leave the first line of a block, and say behind it that there is more."""
    hidden = len(lines) - 1
    if entry.kind in (EntryKind.TOOL, EntryKind.COMMAND):
        body = entry.text if entry.failed and entry.text.strip() else entry.diff or entry.written or entry.text
        hidden = body.rstrip("\n").count("\n") + 1 if body.strip() else 0
    if hidden <= 0:
        return lines
    words = our_line("▸ {} {}", hidden, "line" if hidden == 1 else "lines")
    return at_end(lines[:1], width, (words, "$muted"), folds=True)


def _needs_air(kind: EntryKind, previous: EntryKind | None) -> bool:
    """Tell whether a blank line goes before an entry: not at the top, and not between entries of one sort."""
    if previous is None:
        return False
    quiet = {EntryKind.TOOL, EntryKind.THINKING, EntryKind.NOTICE, EntryKind.RAW, EntryKind.COMMAND, EntryKind.OUTPUT}
    return not (kind in quiet and (previous is kind or previous in {EntryKind.THINKING, EntryKind.NOTICE}))


def _raw(entry: Entry, width: int) -> list[TextLine]:
    """An entry's texts as they were written, under a line that says what it is."""
    head = our_line("{} {}", entry.kind.value, entry.title)
    lines = wrapped(StyledLine(head), width, ours("# "), "$faint", base="bold $muted")
    for text in (entry.written, entry.diff, entry.text):
        for line in styled_lines(text.rstrip("\n")) if text else ():
            lines += wrapped(StyledLine(line.text), width, ours("  "), "", base="$transcript-output", words=False)
    return lines


def _message(entry: Entry, width: int) -> list[TextLine]:
    """The operator's own words: a bar in the colour of the act along all lines."""
    glyph, word, colour = MESSAGE_STYLES[entry.kind]
    lines: list[TextLine] = []
    for number, line in enumerate(styled_lines(entry.text)):
        marks: list[tuple[int, int, str]] = []
        if number == 0:
            head = our_line("{} {} ", glyph, word) if word else our_line("{} ", glyph)
            line = StyledLine(joined((head, line.text)), ())
            marks = [(0, len(head), f"bold ${colour}")]
        lines += wrapped(line, width, ours("▌ "), f"${colour}", base="bold", marks=marks, hang=2 if number == 0 else 0)
    return lines


def _thinking(entry: Entry, width: int, full: bool) -> list[TextLine]:
    """Thinking: dim, and short unless asked for."""
    style = "italic $transcript-thinking"
    lines = [
        folded
        for line in styled_lines(entry.text.strip("\n"))
        for folded in wrapped(StyledLine(line.text, ()), width, ours("┆ "), "$faint", base=style)
    ]
    lines = trimmed(lines)
    if full or len(lines) <= THINKING_TAIL + 1:
        return lines
    if entry.open:
        return lines[-THINKING_TAIL:]
    return [*lines[:THINKING_TAIL], more_line(len(lines) - THINKING_TAIL, ours("┆ "), "more", width)]


def _question(entry: Entry, width: int) -> list[TextLine]:
    """A question: loud while it waits, quiet once it is answered."""
    colour = "$transcript-question" if entry.open else "$muted"
    bar = ours("▌ ") if entry.open else ours("│ ")
    head = StyledLine(our_line("? {}", entry.title), ())
    lines = wrapped(head, width, bar, colour, base=f"bold {colour}", hang=2)
    for line in styled_lines(entry.text):
        outcome = line.text.startswith("→")
        lines += wrapped(line, width, bar, colour, base="bold" if outcome else "", hang=3)
    if entry.open:
        lines.append(
            TextLine(
                ((bar, colour), (ours("press "), "$muted"), (ours("a"), "bold"), (ours(" to answer"), "$muted")), GUTTER
            )
        )
    return lines


def _output(entry: Entry, width: int) -> list[TextLine]:
    """What a program printed, as it printed it."""
    return [
        folded
        for line in styled_lines(entry.text.removesuffix("\n"))
        for folded in wrapped(line, width, ours("  "), "", base="$transcript-output", words=False)
    ]


def _block(glyph: Clean, entry: Entry, width: int, style: str, limit: int) -> list[TextLine]:
    """A title and its text in one colour; `limit` lines at most unless it is 0."""
    title = clean_line(entry.title)
    lines: list[TextLine] = []
    if title:
        lines += wrapped(StyledLine(title, ()), width, glyph, style, base=f"bold {style}" if entry.text else style)
    body = entry.text.strip("\n")
    for line in styled_lines(body) if body else ():
        lines += wrapped(line, width, ours("  ") if lines else glyph, style, base=style)
    if limit and len(lines) > limit + 1:
        return [*lines[:limit], more_line(len(lines) - limit, ours("  "), "more", width)]
    return lines or [TextLine(((glyph, style),), GUTTER)]


def _rule(entry: Entry, width: int) -> TextLine:
    """A seam across the pane."""
    style = "$transcript-stderr" if entry.failed else "$transcript-marker"
    label = cut(clean_line(entry.title), max(0, width - 6))
    rest = max(0, width - 4 - width_of(label))
    return TextLine(((ours("── "), style), (label, style), (joined((ours(" "), repeated(ours("─"), rest))), style)))
