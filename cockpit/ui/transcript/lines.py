"""Transcript entries as lines for a width: pure, so that the pane only caches and paints."""

from __future__ import annotations

import re

from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.text.clean import NOTHING, Clean, joined, ours, part, repeated
from cockpit.text.joiners import is_boundary
from cockpit.text.sanitize import StyledLine, clean_line, our_line, styled_lines
from cockpit.ui.look.cells import Piece, cut, duration, width_of
from cockpit.ui.transcript.folding import BLANK, GUTTER, TextLine, trimmed, wrapped
from cockpit.ui.transcript.prose import prose_lines

TOOL_TAIL = 8
"""Lines of a tool's output that are shown short: enough for the verdict of a test run."""

DIFF_HEAD = 24
"""Lines of a diff that are shown short."""

SHORT = 1.0
"""Seconds below which nobody asks how long a tool took."""

THINKING_TAIL = 3
"""Lines of thinking that are shown short."""

MESSAGE_STYLES = {
    EntryKind.USER: ("❯", "", "transcript-user"),
    EntryKind.STEER: ("↯", "STEER", "mode-steer"),
    EntryKind.FOLLOW_UP: ("↳", "FOLLOW-UP", "mode-follow-up"),
}
"""Glyph, word and colour of what the operator said."""

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^#{1,6} ")
_BULLET = re.compile(r"^\s*(?:[-*•+]|\d{1,3}[.)])\s+")
_INLINE = re.compile(r"`[^`]+`|\*\*[^*]+\*\*")


def entry_lines(
    entry: Entry, width: int, *, expanded: bool, previous: EntryKind | None, mark: Piece | None = None
) -> list[TextLine]:
    """Return an entry's lines for a width in cells, with a blank line before it where the eye needs one.

    Args:
        entry: what is shown.
        width: cells of a line.
        expanded: everything in full.
        previous: the kind of the entry before it; None if there is none.
        mark: what became of a message of the operator's, if that is known.
    """
    lines = [BLANK] if _needs_air(entry.kind, previous) else []
    match entry.kind:
        case EntryKind.USER | EntryKind.STEER | EntryKind.FOLLOW_UP:
            lines += _marked(_message(entry, width), width, mark)
        case EntryKind.ANSWER:
            lines += answer_lines(entry, AnswerFolder(width))
        case EntryKind.THINKING:
            lines += _thinking(entry, width, expanded)
        case EntryKind.TOOL | EntryKind.COMMAND:
            lines += _tool(entry, width, expanded)
        case EntryKind.QUESTION:
            lines += _question(entry, width)
        case EntryKind.ERROR:
            lines += _block(ours("✗ "), entry, width, "$transcript-stderr", 40 if not expanded else 0)
        case EntryKind.NOTICE:
            style = "$transcript-stderr" if entry.failed else "$muted"
            lines += _block(ours("· "), entry, width, style, 0 if expanded else 4)
        case EntryKind.MARKER | EntryKind.BORDER:
            lines.append(_rule(entry, width))
        case _:
            lines += _block(ours("¿ "), entry, width, "$transcript-marker", 0 if expanded else 2)
    return lines


def _needs_air(kind: EntryKind, previous: EntryKind | None) -> bool:
    """Tell whether a blank line goes before an entry: not at the top, and not between entries of one sort."""
    if previous is None:
        return False
    quiet = {EntryKind.TOOL, EntryKind.THINKING, EntryKind.NOTICE, EntryKind.RAW, EntryKind.COMMAND}
    return not (kind in quiet and (previous is kind or previous in {EntryKind.THINKING, EntryKind.NOTICE}))


def answer_lines(entry: Entry, folder: AnswerFolder) -> list[TextLine]:
    """Return an answer's lines: as it is written while it streams, as its Markdown means it once it is over.

    Of one that took long, and is over, the time as well.
    """
    settled = None if entry.open else prose_lines(entry.text, folder.width)
    lines = folder.fold(entry.text) if settled is None else settled
    if not entry.open and entry.duration is not None and entry.duration >= LONG_ANSWER:
        lines.append(TextLine(((our_line("took {}", duration(entry.duration)), "$faint"),), GUTTER))
    return lines


class AnswerFolder:
    """Folds an answer into lines, and folds only what is new when the text has grown."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._settled = ""
        self._lines: list[TextLine] = []
        self._fenced = False

    def fold(self, text: str) -> list[TextLine]:
        """Return all lines of the text."""
        if not text.startswith(self._settled):
            self._settled, self._lines, self._fenced = "", [], False
        end = text.rfind("\n") + 1
        if end > len(self._settled):
            for line in styled_lines(text[len(self._settled) : end - 1]):
                self._lines += self._line(line)
            self._settled = text[:end]
        fenced = self._fenced
        tail = [folded for line in styled_lines(text[len(self._settled) :]) for folded in self._line(line)]
        self._fenced = fenced
        return trimmed([*self._lines, *tail])

    def _line(self, line: StyledLine) -> list[TextLine]:
        """Fold one logical line, with the little of Markdown that helps the eye; no character is hidden."""
        text = line.text
        if _FENCE.match(text):
            self._fenced = not self._fenced
            return wrapped(line, self.width, ours("  "), "", base="$faint", words=False)
        if self._fenced:
            return wrapped(line, self.width, ours("  "), "", base="$transcript-output", words=False)
        if _HEADING.match(text):
            return wrapped(line, self.width, ours("  "), "", base="bold")
        bullet = _BULLET.match(text)
        marks = [
            (match.start(), match.end(), "$transcript-tool" if match.group().startswith("`") else "bold")
            for match in _INLINE.finditer(text)
        ]
        return wrapped(line, self.width, ours("  "), "", marks=marks, hang=bullet.end() if bullet else 0)


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


def _marked(lines: list[TextLine], width: int, mark: Piece | None) -> list[TextLine]:
    """Put a mark at the end of a message's last line, or below it where there is no room."""
    if mark is None or not lines:
        return lines
    words, style = mark
    last = lines[-1]
    gap = width - width_of(last.text) - width_of(words)
    if gap >= 2:
        space = repeated(ours(" "), gap)
        pieces = (*last.pieces, (space, ""), (words, style))
        return [*lines[:-1], TextLine(pieces, last.gutter, last.joined, len(space) + len(words))]
    bar, bar_style = last.pieces[0]
    below = wrapped(StyledLine(words, ()), width, part(bar, 0, GUTTER), bar_style, base=style)
    return [*lines, *(TextLine(line.pieces, len(line.text)) for line in below)]


def _thinking(entry: Entry, width: int, expanded: bool) -> list[TextLine]:
    """Thinking: dim, and short unless asked for."""
    style = "italic $transcript-thinking"
    lines = [
        folded
        for line in styled_lines(entry.text.strip("\n"))
        for folded in wrapped(StyledLine(line.text, ()), width, ours("┆ "), "$faint", base=style)
    ]
    lines = trimmed(lines)
    if expanded or len(lines) <= THINKING_TAIL + 1:
        return lines
    if entry.open:
        return lines[-THINKING_TAIL:]
    return [*lines[:THINKING_TAIL], _more(len(lines) - THINKING_TAIL, ours("┆ "), "more")]


def _outcome(entry: Entry) -> Clean:
    """Say how a tool ended and how long it took, as far as the agent says it."""
    took = entry.duration if entry.duration is not None and entry.duration >= SHORT else None
    lasted = our_line(" {}", duration(took)) if took is not None else NOTHING
    if not entry.failed:
        return lasted
    return joined((our_line(" exit {}", entry.exit_code) if entry.exit_code else ours(" failed"), lasted))


def _tool(entry: Entry, width: int, expanded: bool) -> list[TextLine]:
    """A tool call: one header with its outcome, then its diff or the end of its output."""
    if entry.open:
        glyph, style = ours("▸ "), "bold $agent-running"
    elif entry.failed:
        glyph, style = ours("✗ "), "bold $transcript-stderr"
    else:
        glyph, style = ours("✓ "), "$transcript-tool"
    title = clean_line(entry.title)
    blanks = (at for at, character in enumerate(title) if character == " " and is_boundary(title, at + 1))
    end = next(blanks, len(title))
    name, rest = part(title, 0, end), part(title, end + 1)
    state = ours(" running") if entry.open else _outcome(entry)
    room = width - GUTTER - width_of(name) - 1 - len(state)
    shown = cut(rest, max(0, room))
    header: list[Piece] = [(glyph, style), (cut(name, width - GUTTER), "bold $transcript-tool")]
    if shown:
        header.append((joined((ours(" "), shown)), ""))
    if state:
        header.append((state, style))
    body = _diff(entry.diff, width, expanded) if entry.diff else _output(entry, width, expanded)
    return [TextLine(tuple(header), GUTTER), *body]


def _output(entry: Entry, width: int, expanded: bool) -> list[TextLine]:
    """The end of a tool's output, or all of it."""
    text = entry.text.rstrip("\n")
    if not text:
        return []
    raw_lines = text.count("\n") + 1
    if not expanded and raw_lines > TOOL_TAIL * 4:
        text = _last_lines(text, TOOL_TAIL * 4)
    base = "$transcript-stderr" if entry.failed else "$transcript-output"
    lines = [
        folded
        for line in styled_lines(text)
        for folded in wrapped(line, width, ours("│ "), "$faint", base=base, words=False)
    ]
    if expanded or len(lines) <= TOOL_TAIL + 1:
        return lines
    above = max(raw_lines, len(lines)) - TOOL_TAIL
    return [_more(above, ours("│ "), "above"), *lines[-TOOL_TAIL:]]


def _last_lines(text: str, number: int) -> str:
    """Return the last lines of a text without splitting all of it."""
    position = len(text)
    for _ in range(number):
        position = text.rfind("\n", 0, position)
        if position < 0:
            return text
    return text[position + 1 :]


def _diff(diff: str, width: int, expanded: bool) -> list[TextLine]:
    """A diff, coloured by what each line does."""
    lines: list[TextLine] = []
    for line in styled_lines(diff.rstrip("\n")):
        text = line.text
        stripped = text.lstrip(" 0123456789")
        if text.startswith(("+++", "---", "diff ", "index ")):
            style = "bold $muted"
        elif text.startswith("@@"):
            style = "$transcript-diff-hunk"
        elif text.startswith("+") or (stripped != text and stripped.startswith("+")):
            style = "$transcript-diff-added"
        elif text.startswith("-") or (stripped != text and stripped.startswith("-")):
            style = "$transcript-diff-removed"
        else:
            style = "$transcript-output"
        lines += wrapped(StyledLine(text, ()), width, ours("│ "), "$faint", base=style, words=False)
    if expanded or len(lines) <= DIFF_HEAD + 1:
        return lines
    return [*lines[:DIFF_HEAD], _more(len(lines) - DIFF_HEAD, ours("│ "), "more")]


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
        return [*lines[:limit], _more(len(lines) - limit, ours("  "), "more")]
    return lines or [TextLine(((glyph, style),), GUTTER)]


def _rule(entry: Entry, width: int) -> TextLine:
    """A seam across the pane."""
    style = "$transcript-stderr" if entry.failed else "$transcript-marker"
    label = cut(clean_line(entry.title), max(0, width - 6))
    rest = max(0, width - 4 - width_of(label))
    return TextLine(((ours("── "), style), (label, style), (joined((ours(" "), repeated(ours("─"), rest))), style)))


def _more(number: int, bar: Clean, where: str) -> TextLine:
    """The line that says how much is folded away, and the key that shows it."""
    noun = "line" if number == 1 else "lines"
    return TextLine(((bar, "$faint"), (our_line("… {} {} {} · e expands", number, noun, where), "$muted")), GUTTER)


LONG_ANSWER = 10.0
"""Seconds from which a transcript says how long an answer took."""
