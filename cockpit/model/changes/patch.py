"""Reads unified differences as git writes them; whatever the bytes are, the result is bounded and nothing is raised.

The format is git's own (`git help diff-generate-patch`, "Generating patch text with -p"): names are quoted as in C
where they hold a control character, a quote, a backslash or a byte above 0x7f.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from cockpit.model.changes.diff import DiffLine, FileChange, Hunk

MOST_FILES = 20_000
MOST_LINES = 400_000
"""Lines of hunks that are kept; what comes after is told as not carried."""

_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*)", re.DOTALL)
_MODE = re.compile(rb"[0-7]{6}")
_ESCAPE = re.compile(rb'\\([abtnvfr"\\]|[0-7]{3})')
_ESCAPED = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}
_HEADERS = {b"rename from": "old", b"rename to": "new", b"copy from": "old", b"copy to": "new"}


@dataclass(frozen=True, slots=True)
class Patch:
    """What was read."""

    files: tuple[FileChange, ...]
    cut: bool = False
    """It ended in the middle, or was longer than what is kept."""


@dataclass(slots=True)
class _Open:
    """A file that is being read."""

    change: FileChange
    hunks: list[Hunk] = field(default_factory=list)


class _Reader:
    """Reads line by line; a hunk is as long as its head says, so that no line of a file can be taken for a head."""

    def __init__(self, data: bytes, most_lines: int) -> None:
        self._lines = data.split(b"\n")
        # What follows the last LF is a line that was cut off, or nothing.
        self._torn = self._lines.pop() != b""
        self._at = 0
        self._left = most_lines
        self._files: list[FileChange] = []
        self._open: _Open | None = None
        self._cut = self._torn

    def read(self) -> Patch:
        while self._at < len(self._lines) and len(self._files) < MOST_FILES:
            line = self._lines[self._at]
            self._at += 1
            if line.startswith(b"diff --git "):
                self._close()
                old, new = _names_of_head(line.removeprefix(b"diff --git "))
                self._open = _Open(FileChange("M", old, new))
            elif self._open is not None:
                self._in_file(self._open, line)
        self._cut = self._cut or self._at < len(self._lines)
        if self._torn and self._open is not None:
            self._open.change = replace(self._open.change, whole=False)
        self._close()
        return Patch(tuple(self._files), self._cut)

    def _close(self) -> None:
        if self._open is None:
            return
        hunks = tuple(self._open.hunks)
        lines = [line.kind for hunk in hunks for line in hunk.lines]
        self._files.append(replace(self._open.change, hunks=hunks, added=lines.count("+"), removed=lines.count("-")))
        self._open = None

    def _in_file(self, opened: _Open, line: bytes) -> None:
        change = opened.change
        if head := _HUNK.fullmatch(line):
            self._hunk(opened, head)
        elif line.startswith((b"--- ", b"+++ ")) and not opened.hunks:
            name = _name(line[4:].removesuffix(b"\t"))
            if name is not None:
                side = "old" if line.startswith(b"-") else "new"
                opened.change = _with_name(change, side, _without_prefix(name))
        elif line.startswith((b"new file mode ", b"deleted file mode ", b"old mode ", b"new mode ")):
            opened.change = _with_mode(change, line)
        elif line.startswith((b"rename ", b"copy ")):
            head_word, _, name_part = line.partition(b" ")
            way, _, name_part = name_part.partition(b" ")
            name = _name(name_part)
            if name is not None and (side := _HEADERS.get(head_word + b" " + way, "")):
                status = "R" if head_word == b"rename" else "C"
                opened.change = replace(_with_name(change, side, _text(name)), status=status)
        elif line.startswith((b"Binary files ", b"GIT binary patch")):
            opened.change = replace(change, binary=True)

    def _hunk(self, opened: _Open, head: re.Match[bytes]) -> None:
        old_start, old_count, new_start, new_count = (
            int(number) if number is not None else 1 for number in head.groups()[:4]
        )
        old, new = old_start, new_start
        old_end, new_end = old_start + old_count, new_start + new_count
        lines: list[DiffLine] = []
        while (old < old_end or new < new_end) and self._at < len(self._lines) and self._left > 0:
            line = self._lines[self._at]
            # Some tools take the blank off a line that is empty.
            kind, text = (line[:1], line[1:]) if line else (b" ", b"")
            is_old, is_new = kind in b" -", kind in b" +"
            if not (is_old or is_new) or (is_old and old >= old_end) or (is_new and new >= new_end):
                break
            self._at += 1
            self._left -= 1
            lines.append(DiffLine(kind.decode(), _text(text), old if is_old else None, new if is_new else None))
            old, new = old + is_old, new + is_new
            if self._at < len(self._lines) and self._lines[self._at].startswith(b"\\ "):
                self._at += 1
                lines[-1] = replace(lines[-1], ended=False)
        if old < old_end or new < new_end:
            self._cut = True
            opened.change = replace(opened.change, whole=False)
        counts = (old - old_start, new - new_start)
        opened.hunks.append(Hunk(old_start, counts[0], new_start, counts[1], _text(head[5]), tuple(lines)))


def parse_patch(data: bytes, *, most_lines: int = MOST_LINES) -> Patch:
    """Return the files of a unified difference."""
    return _Reader(data, most_lines).read()


def unquoted(name: bytes) -> bytes:
    """Return a name without the quotes and escapes that git gives to names with unusual bytes."""
    if len(name) < 2 or not (name.startswith(b'"') and name.endswith(b'"')):
        return name
    return _ESCAPE.sub(_byte, name[1:-1])


def _byte(found: re.Match[bytes]) -> bytes:
    word = found[1]
    return bytes([_ESCAPED[word] if word in _ESCAPED else int(word, 8) & 0xFF])


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _name(data: bytes) -> bytes | None:
    return None if data == b"/dev/null" else unquoted(data)


def _without_prefix(name: bytes) -> str:
    return _text(name[2:] if name[:2] in (b"a/", b"b/") else name)


def _names_of_head(rest: bytes) -> tuple[str, str]:
    """Return both names of a head; without quotes they are told apart only where they are the same, as git sees to."""
    if rest.startswith(b'"'):
        ends = [match.end() for match in re.finditer(rb'(?<!\\)(?:\\\\)*"', rest)]
        end = next((end for end in ends if end > 1), len(rest))
        return _without_prefix(unquoted(rest[:end])), _without_prefix(unquoted(rest[end + 1 :]))
    if rest.endswith(b'"') and b' "' in rest:
        at = rest.index(b' "')
        return _without_prefix(rest[:at]), _without_prefix(unquoted(rest[at + 1 :]))
    half = (len(rest) - 1) // 2
    first, second = rest[:half], rest[half + 1 :]
    if rest[half : half + 1] == b" " and first[2:] == second[2:]:
        return _without_prefix(first), _without_prefix(second)
    first, _, second = rest.partition(b" b/")
    return _without_prefix(first), _text(second)


def _with_name(change: FileChange, side: str, name: str) -> FileChange:
    return replace(change, old=name) if side == "old" else replace(change, new=name)


def _with_mode(change: FileChange, line: bytes) -> FileChange:
    words, mode = line.rsplit(b" ", 1)
    if _MODE.fullmatch(mode) is None:
        return change
    value = mode.decode()
    match words:
        case b"new file mode":
            return replace(change, status="A", new_mode=value)
        case b"deleted file mode":
            return replace(change, status="D", old_mode=value)
        case b"old mode":
            return replace(change, old_mode=value)
        case _:
            return replace(change, new_mode=value)
