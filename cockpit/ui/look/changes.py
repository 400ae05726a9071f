"""How changes are drawn: repositories, files with their numbers, hunks folded or open, words that differ, comments."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from cockpit.model.changes.comments import Comment, CommentState
from cockpit.model.changes.diff import DiffLine, FileChange
from cockpit.model.changes.report import LOOSE, Changes, RepositoryChanges, base_words
from cockpit.model.changes.words import Range, word_ranges
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, fit

MOST_LINES = 3_000
"""Lines of one open file that are drawn; a patch has all."""

ADDED = "$transcript-diff-added"
REMOVED = "$transcript-diff-removed"

STATUS_STYLES = {"A": ADDED, "D": REMOVED, "R": "$accent", "C": "$accent", "T": "$link-degraded"}

STATE_STYLES = {
    CommentState.DRAFT: ("✎", "$accent"),
    CommentState.OPEN: ("◌", "$agent-asking"),
    CommentState.HANDLED: ("✓", "$agent-done"),
    CommentState.OUTDATED: ("≠", "$link-degraded"),
}


@dataclass(frozen=True, slots=True)
class ChangeSpot:
    """What a row stands for."""

    repository: RepositoryChanges | None = None
    file: FileChange | None = None
    line: DiffLine | None = None
    comment: Comment | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """One row."""

    key: str
    spot: ChangeSpot
    content: Content


def file_key(repository: RepositoryChanges, file: FileChange) -> str:
    """Return what a file is known by, also after another look."""
    return f"file {repository.place} {file.new}"


def drawn(
    changes: Changes,
    comments: Sequence[Comment],
    unfolded: Collection[str],
    width: int,
    shift: int = 0,
) -> Iterator[Drawn]:
    """Yield the rows of changes.

    Args:
        changes: what was found.
        comments: each is drawn under its line, and those whose line is not shown at the end.
        unfolded: keys of the files whose hunks are shown.
        width: in cells.
        shift: characters that long lines are moved to the left by.
    """
    shown: set[int] = set()
    for repository in changes.repositories:
        key = f"repository {repository.place}"
        yield Drawn(key, ChangeSpot(repository), _repository(repository, changes.against or changes.base.name))
        about = [one for one in comments if one.place == repository.place]
        for file in repository.files:
            key = file_key(repository, file)
            mine = [one for one in about if one.path in (file.new, file.old)]
            yield Drawn(key, ChangeSpot(repository, file), _file(file, key in unfolded, len(mine), width))
            if key in unfolded:
                for row in _open_file(repository, file, mine, key, width, shift):
                    if row.spot.comment is not None:
                        shown.add(row.spot.comment.number)
                    yield row
        for name in repository.left_out:
            line = our_line("   ? {}  too large to be kept: whether it changed is not told", name)
            yield Drawn("", ChangeSpot(repository), content([(line, "$muted")]))
    rest = [one for one in comments if one.number not in shown]
    if rest:
        yield Drawn("", ChangeSpot(), content([(ours(" Comments"), "bold $muted")]))
    for one in rest:
        yield Drawn(f"comment {one.number}", ChangeSpot(comment=one), _comment(one, width, alone=True))


def _repository(one: RepositoryChanges, name: str) -> Content:
    name_of = {".": "workspace", LOOSE: "files in no repository"}
    place = name_of.get(one.place, one.place.removeprefix("./"))
    pieces: list[Piece] = [(our_line(" {}", place), "bold $accent")]
    pieces += workspace_pieces(one.branch or one.head[:8], one.ahead, one.behind, one.midst)
    if one.fault:
        return content([*pieces, (our_line("  not known: {}", one.fault), "$link-degraded")])
    pieces.append((our_line("  {}", base_words(one, name)), "$muted"))
    number = len(one.files)
    pieces.append((our_line("  {} {} ", number, "file" if number == 1 else "files"), "$muted"))
    pieces += counted(one.added, one.removed)
    if one.cut:
        pieces.append((ours("  not all of it is carried"), "$link-degraded"))
    return content(pieces)


def workspace_pieces(branch: str, ahead: int | None, behind: int | None, midst: str) -> list[Piece]:
    """Say which branch is checked out, and how it stands to its upstream."""
    pieces: list[Piece] = [(our_line(" {}", branch), "")] if branch else []
    if ahead:
        pieces.append((our_line(" ↑{}", ahead), "$muted"))
    if behind:
        pieces.append((our_line(" ↓{}", behind), "$muted"))
    if midst:
        pieces.append((our_line(" {}", midst), "$link-degraded"))
    return pieces


def counted(added: int, removed: int) -> list[Piece]:
    """Say how many lines came and went: `+12 −4`."""
    return [(our_line("+{}", added), ADDED), (our_line(" −{}", removed), REMOVED)]


def _file(file: FileChange, is_open: bool, comments: int, width: int) -> Content:
    name = clean_line(file.new) if file.old == file.new else our_line("{} → {}", file.old, file.new)
    pieces: list[Piece] = [
        (ours("  ▾ ") if is_open else ours("  ▸ "), "$muted"),
        (our_line("{} ", file.status), STATUS_STYLES.get(file.status, "")),
        (fit(name, max(12, min(width - 34, 70))), "bold"),
        (ours(" "), ""),
    ]
    if file.sizes is not None:
        pieces.append((our_line("{} → {} bytes", *file.sizes), "$muted"))
    else:
        pieces += [(ours("binary"), "$muted")] if file.binary else counted(file.added, file.removed)
    if file.old_mode and file.new_mode:
        pieces.append((our_line("  mode {} → {}", file.old_mode, file.new_mode), "$muted"))
    if comments:
        pieces.append((our_line("  ✎{}", comments), "$accent"))
    return content(pieces)


def _open_file(
    repository: RepositoryChanges, file: FileChange, comments: Sequence[Comment], key: str, width: int, shift: int
) -> Iterator[Drawn]:
    left = MOST_LINES
    for at, hunk in enumerate(file.hunks):
        head = our_line("      @@ {} · {} lines {}", hunk.new_start, len(hunk.lines), hunk.heading)
        yield Drawn(f"{key} {at}", ChangeSpot(repository, file), content([(head, "$transcript-diff-hunk")]))
        ranges = word_ranges(hunk.lines)
        for number, line in enumerate(hunk.lines[: max(0, left)]):
            spot = ChangeSpot(repository, file, line)
            yield Drawn(f"{key} {at} {number}", spot, _line(line, ranges, number, shift))
            for one in _about(comments, line):
                yield Drawn(f"comment {one.number}", ChangeSpot(repository, file, line, one), _comment(one, width))
        left -= len(hunk.lines)
        if left < 0:
            text = our_line("      … only the first {} lines are drawn: y brings a patch with all", MOST_LINES)
            yield Drawn("", ChangeSpot(repository, file), content([(text, "$link-degraded")]))
            return
    if file.sizes is not None:
        text = ours("      git is not there: only sizes, times and digests are known")
        yield Drawn("", ChangeSpot(repository, file), content([(text, "$muted")]))
    elif not file.whole and not file.binary:
        text = ours("      … not carried with so many others: o looks at its repository alone, y brings a patch")
        yield Drawn("", ChangeSpot(repository, file), content([(text, "$link-degraded")]))


def _about(comments: Sequence[Comment], line: DiffLine) -> Iterator[Comment]:
    for one in comments:
        number = one.line if one.line_now is None else one.line_now
        if (line.new is None and line.old == number) if one.removed else line.new == number:
            yield one


def _line(line: DiffLine, ranges: Mapping[int, Sequence[Range]], number: int, shift: int) -> Content:
    style = {"+": ADDED, "-": REMOVED}.get(line.kind, "")
    numbers = f"{line.old if line.old is not None else '':>5} {line.new if line.new is not None else '':>5} "
    pieces: list[Piece] = [(clean_line(numbers), "$faint"), (our_line("{} ", _SIGNS[line.kind]), style)]
    at = shift
    for start, end in ranges.get(number, ()):
        pieces.append((_shown(line.text[at : max(at, start)]), style))
        pieces.append((_shown(line.text[max(at, start) : max(at, end)]), f"{style} reverse"))
        at = max(at, end)
    pieces.append((_shown(line.text[at:]), style))
    if not line.ended:
        pieces.append((ours(" ⊘ no line feed"), "$muted"))
    return content(pieces)


_SIGNS = {" ": " ", "+": "+", "-": "−"}


def _shown(text: str) -> Clean:
    # A CR at the end says how the file's lines end: dropped as a line's end it could not be seen.
    return our_line("{}␍", text[:-1]) if text.endswith("\r") else clean_line(text)


def _comment(one: Comment, width: int, *, alone: bool = False) -> Content:
    glyph, style = STATE_STYLES[one.state]
    said = f", says {one.handled_by}" if one.handled_by else ""
    where = f"{one.where}  " if alone else ""
    head = our_line("             {} {} {}{}  ", glyph, one.name, one.state.value, said)
    return content([(head, style), (our_line("{}", where), "$muted"), (clean_line(one.note), "italic")])
