"""Differences written as git writes them, so that people and `git apply` can read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cockpit.model.changes.diff import FileChange, Hunk
from cockpit.model.changes.report import LOOSE, Changes

_NAMED = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
NO_NAME = "/dev/null"


def written(changes: Changes, most: int) -> tuple[str, bool]:
    """Return the differences of all repositories as text, and whether that is only its beginning.

    Args:
        changes: what was found; a repository below the workspace goes before the names of its files.
        most: characters.
    """
    pieces: list[str] = []
    size = 0
    cut = any(one.cut for one in changes.repositories)
    for one in changes.repositories:
        below = "" if one.place in (".", LOOSE) else f"{one.place.removeprefix('./')}/"
        for line in _lines(one.files, below):
            if size > most:
                return "".join(pieces), True
            pieces.append(line)
            size += len(line)
    return "".join(pieces), cut


def patch_bytes(files: Iterable[FileChange]) -> bytes:
    """Return the differences of files as `git apply` takes them; of binary files only their names."""
    return "".join(_lines(files, "")).encode("utf-8", "surrogateescape")


def _lines(files: Iterable[FileChange], below: str) -> Iterator[str]:
    for file in files:
        old, new = quoted(f"a/{below}{file.old}"), quoted(f"b/{below}{file.new}")
        yield f"diff --git {old} {new}\n"
        yield from _modes(file)
        if file.status in ("R", "C"):
            verb = "rename" if file.status == "R" else "copy"
            yield f"{verb} from {quoted(below + file.old)}\n{verb} to {quoted(below + file.new)}\n"
        before, after = NO_NAME if file.status == "A" else old, NO_NAME if file.status == "D" else new
        if file.binary:
            yield f"Binary files {before} and {after} differ\n"
        if file.hunks:
            # Behind a name with a blank git puts a tab: so a reader knows where it ends.
            yield f"--- {before}{_tab(before)}\n+++ {after}{_tab(after)}\n"
        for hunk in file.hunks:
            yield from _hunk(hunk)


def _tab(name: str) -> str:
    return "\t" if " " in name and not name.startswith('"') else ""


def _modes(file: FileChange) -> Iterator[str]:
    if file.status == "A":
        yield f"new file mode {file.new_mode or '100644'}\n"
    elif file.status == "D":
        yield f"deleted file mode {file.old_mode or '100644'}\n"
    elif file.old_mode and file.new_mode:
        yield f"old mode {file.old_mode}\nnew mode {file.new_mode}\n"


def _hunk(hunk: Hunk) -> Iterator[str]:
    heading = f" {hunk.heading}" if hunk.heading else ""
    yield f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@{heading}\n"
    for line in hunk.lines:
        yield f"{line.kind}{line.text}\n"
        if not line.ended:
            yield "\\ No newline at end of file\n"


def quoted(name: str) -> str:
    """Return a name as git writes it: in quotes and with escapes where it holds an unusual byte."""
    data = name.encode("utf-8", "surrogateescape")
    if all(0x20 <= byte < 0x7F and byte not in (0x22, 0x5C) for byte in data):
        return name
    return '"' + "".join(_escaped(byte) for byte in data) + '"'


def _escaped(byte: int) -> str:
    if byte in _NAMED:
        return f"\\{_NAMED[byte]}"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"
