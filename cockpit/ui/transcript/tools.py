"""The lines of a tool call: what it is and how it ended, then its change, what it writes, or what it printed."""

from __future__ import annotations

from copy import copy
from pathlib import PurePosixPath

from cockpit.model.transcript.entry import Entry
from cockpit.text.clean import NOTHING, Clean, joined, ours, part, repeated
from cockpit.text.joiners import is_boundary
from cockpit.text.sanitize import StyledLine, clean_line, our_line, styled_lines
from cockpit.ui.look.cells import Piece, cut, pieces_width, width_of
from cockpit.ui.transcript.code import code_lines
from cockpit.ui.transcript.diffs import DiffReader, change_style, diff_styles
from cockpit.ui.transcript.figures import figures
from cockpit.ui.transcript.folding import GUTTER, TextLine, more_line, wrapped
from cockpit.ui.transcript.manner import Fullness

TOOL_TAIL = 8
"""Lines of a tool's output that are shown short: enough for the verdict of a test run."""

DIFF_HEAD = 24
"""Lines of a diff that are shown short."""

WRITTEN_HEAD = 4
"""Lines of what is written into a file that are shown short: they say what sort of file it is."""

SHORT = 1.0
"""Seconds below which nobody asks how long a tool took."""

BAR = ours("│ ")

LANGUAGES = {
    ".c": "c", ".cpp": "cpp", ".css": "css", ".go": "go", ".h": "c", ".html": "html", ".java": "java",
    ".js": "javascript", ".json": "json", ".jsx": "jsx", ".kt": "kotlin", ".lua": "lua", ".md": "markdown",
    ".php": "php", ".pl": "perl", ".py": "python", ".pyi": "python", ".rb": "ruby", ".rs": "rust", ".sh": "bash",
    ".sql": "sql", ".swift": "swift", ".tcss": "css", ".toml": "toml", ".ts": "typescript", ".tsx": "tsx",
    ".xml": "xml", ".yaml": "yaml", ".yml": "yaml", ".zig": "zig",
}  # fmt: skip
"""The language of a file by the end of its name: asking a library for it costs more than to draw it."""


SHORT_LINES = TOOL_TAIL * 4
"""Lines that are looked at where a few of them are shown: laying out a whole file for its head would hold keys up."""


def tool_lines(entry: Entry, width: int, fullness: Fullness, folder: OutputFolder | None = None) -> list[TextLine]:
    """Return a call's header with its outcome and figures, then its body, of which the head or the tail is shown.

    Args:
        entry: the call.
        width: cells of a line.
        fullness: how much is shown.
        folder: holds what of an output that still grows is folded already.
    """
    body = _body(entry, width, fullness is Fullness.FULL, folder) if fullness is not Fullness.HEAD else []
    return [_header(entry, width), *body]


class OutputFolder:
    """Folds the output of a tool that runs, and folds only what is new when the output has grown."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._settled = ""
        self._lines: list[TextLine] = []
        self._change = DiffReader()

    def fold(self, text: str) -> list[TextLine]:
        """Return all lines of the text; a colour that lasts over several of them is complete once the tool ended."""
        if not text.startswith(self._settled):
            self._settled, self._lines, self._change = "", [], DiffReader()
        end = text.rfind("\n") + 1
        if end > len(self._settled):
            for line in styled_lines(text[len(self._settled) : end - 1]):
                self._lines += self._folded(line, self._change)
            self._settled = text[:end]
        change = copy(self._change)
        tail = [one for line in styled_lines(text[len(self._settled) :]) for one in self._folded(line, change)]
        return [*self._lines, *tail]

    def _folded(self, line: StyledLine, change: DiffReader) -> list[TextLine]:
        base = change.style(line.text) or "$transcript-output"
        return wrapped(line, self.width, BAR, "$faint", base=base, words=False)


def _header(entry: Entry, width: int) -> TextLine:
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
    state = _outcome(entry) if not entry.open else NOTHING if entry.held else ours(" running")
    told = figures(entry, from_seconds=SHORT)
    room = width - GUTTER - width_of(name) - 1 - len(state) - (len(told) + 2 if told else 0)
    shown = cut(rest, max(0, room))
    header: list[Piece] = [(glyph, style), (cut(name, width - GUTTER), "bold $transcript-tool")]
    if shown:
        header.append((joined((ours(" "), shown)), ""))
    used = pieces_width(header)
    if state and used + width_of(state) <= width:
        header.append((state, style))
        used += width_of(state)
    gap = width - used - len(told)
    if not told or gap < 1:
        return TextLine(tuple(header), GUTTER)
    space = repeated(ours(" "), gap)
    return TextLine((*header, (space, ""), (told, "$muted")), GUTTER, trailer=len(space) + len(told))


def _outcome(entry: Entry) -> Clean:
    """Say how a tool that failed ended, as far as the agent says it."""
    if not entry.failed:
        return NOTHING
    return our_line(" exit {}", entry.exit_code) if entry.exit_code else ours(" failed")


def _body(entry: Entry, width: int, full: bool, folder: OutputFolder | None) -> list[TextLine]:
    """What a call that failed printed comes first: the change it meant was not made."""
    if entry.failed and entry.text.strip():
        return _output(entry, width, full)
    if entry.open and full and folder is not None and not (entry.diff or entry.written):
        return folder.fold(entry.text.rstrip("\n")) if entry.text.strip("\n") else []
    if entry.diff:
        shown, left = (entry.diff, 0) if full else _first_lines(entry.diff.rstrip("\n"), SHORT_LINES)
        return _headed(_diff(shown, width), left, DIFF_HEAD, width, full)
    if entry.written:
        path = entry.title.rpartition(" ")[2]
        language = LANGUAGES.get(PurePosixPath(path).suffix.lower(), "")
        shown, left = (entry.written, 0) if full else _first_lines(entry.written.rstrip("\n"), SHORT_LINES)
        return _headed(code_lines(shown, language, width, NOTHING), left, WRITTEN_HEAD, width, full)
    return _output(entry, width, full)


def _headed(lines: list[TextLine], left: int, head: int, width: int, full: bool) -> list[TextLine]:
    """Return all lines or the first ones, and then how many more there are: `left` of them were not laid out."""
    if full or len(lines) + left <= head + 1:
        return lines
    return [*lines[:head], more_line(len(lines) + left - head, BAR, "more", width)]


def _output(entry: Entry, width: int, full: bool) -> list[TextLine]:
    """The end of a tool's output, or all of it; a change in it has the colours of one."""
    text = entry.text.rstrip("\n")
    if not text:
        return []
    raw_lines = text.count("\n") + 1
    styles = diff_styles(text)
    left_out = 0
    if not full and raw_lines > SHORT_LINES:
        text = _last_lines(text, SHORT_LINES)
        styles = styles[-SHORT_LINES:]
    if not full and len(text) > SHORT_LINES * max(width, 40):
        # A line of a megabyte: laying it out to show its end would take seconds.
        left_out = len(text) - SHORT_LINES * max(width, 40)
        text, styles = text[left_out:], []
    base = "$transcript-stderr" if entry.failed else "$transcript-output"
    lines = [
        folded
        for at, line in enumerate(styled_lines(text))
        for folded in wrapped(line, width, BAR, "$faint", base=(styles[at] if styles else "") or base, words=False)
    ]
    if full or len(lines) <= TOOL_TAIL + 1:
        return lines
    if left_out:
        return [more_line(left_out, BAR, "above", width, ("character", "characters")), *lines[-TOOL_TAIL:]]
    above = max(raw_lines, len(lines)) - TOOL_TAIL
    return [more_line(above, BAR, "above", width), *lines[-TOOL_TAIL:]]


def _last_lines(text: str, number: int) -> str:
    """Return the last lines of a text without splitting all of it."""
    position = len(text)
    for _ in range(number):
        position = text.rfind("\n", 0, position)
        if position < 0:
            return text
    return text[position + 1 :]


def _first_lines(text: str, number: int) -> tuple[str, int]:
    """Return the first lines of a text without splitting all of it, and how many there are behind them."""
    position = -1
    for _ in range(number):
        position = text.find("\n", position + 1)
        if position < 0:
            return text, 0
    return text[:position], text.count("\n", position)


def _diff(diff: str, width: int) -> list[TextLine]:
    """A diff, coloured by what each line does."""
    lines: list[TextLine] = []
    for line in styled_lines(diff.rstrip("\n")):
        style = change_style(line.text)
        lines += wrapped(StyledLine(line.text, ()), width, BAR, "$faint", base=style, words=False)
    return lines
