"""Reads what the scripts about a workspace answer: parts of a told length, so that no name or line can be another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.model.changes.diff import FileChange
from cockpit.model.changes.patch import parse_patch
from cockpit.model.changes.report import RepositoryChanges, Snapshot

_HEAD = re.compile(rb"part ([a-z_]{1,20}) (\d{1,10})\n")
_RAW = re.compile(rb":([0-7]{6}) ([0-7]{6}) [0-9a-f]+ [0-9a-f]+ ([A-Z])(\d*)")
_COUNTED = re.compile(rb"(\d{1,9}|-)\t(\d{1,9}|-)\t(.*)", re.DOTALL)
_SNAPSHOT = re.compile(r"(\d{10,22})-([a-z]{1,20}) ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (\d{1,12}) ?(.*)")
NO_FILE = "000000"
"""The mode of a file that is not there."""


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """One part of an answer."""

    name: str
    data: bytes

    @property
    def text(self) -> str:
        """What it says, with the bytes that are no text as escapes."""
        return self.data.decode("utf-8", "backslashreplace").strip()

    @property
    def number(self) -> float:
        """The number it says, 0 for none."""
        return float(self.data) if self.data.isdigit() and len(self.data) < 24 else 0.0


@dataclass(frozen=True, slots=True)
class WorkAnswer:
    """A whole answer: what goes before the first repository, and what was said of each."""

    head: dict[str, AnswerPart]
    repositories: tuple[tuple[AnswerPart, ...], ...]
    ended: bool
    """It came to its end."""

    def number(self, name: str) -> float:
        """Return a number that goes before the repositories."""
        return self.head[name].number if name in self.head else 0.0


@dataclass(slots=True)
class _Found:
    changes: RepositoryChanges
    names: bytes = b""
    patch: bytes = b""
    root: str = ""
    snapshots: list[Snapshot] = field(default_factory=list)


def parts_of(stdout: bytes) -> Iterator[AnswerPart]:
    """Yield the parts of an answer, as far as it goes."""
    at = 0
    while (head := _HEAD.match(stdout, at)) is not None:
        end = head.end() + int(head[2])
        if end > len(stdout):
            return
        yield AnswerPart(head[1].decode(), stdout[head.end() : end])
        at = end


def read_answer(stdout: bytes) -> WorkAnswer:
    """Return an answer, cut where a repository begins."""
    head: dict[str, AnswerPart] = {}
    repositories: list[list[AnswerPart]] = []
    ended = False
    for part in parts_of(stdout):
        ended = ended or part.name == "end"
        if part.name in ("repository", "comment"):
            repositories.append([part])
        elif repositories:
            repositories[-1].append(part)
        else:
            head[part.name] = part
    return WorkAnswer(head, tuple(tuple(one) for one in repositories), ended)


def repository_of(parts: tuple[AnswerPart, ...]) -> tuple[RepositoryChanges, tuple[Snapshot, ...]]:
    """Return what was said of one repository, and what was kept of it."""
    found = _Found(RepositoryChanges(parts[0].text))
    for part in parts[1:]:
        _take(found, part)
    counted = files_in(found.names)
    patch = parse_patch(found.patch)
    if counted:
        hunks: dict[str, list[FileChange]] = {}
        for file in patch.files:
            hunks.setdefault(file.new, []).append(file)
        files = tuple(_with_hunks(file, hunks.get(file.new, [])) for file in counted)
    else:
        files = patch.files
    cut = patch.cut or any(not file.whole for file in files)
    return replace(found.changes, files=files, cut=cut), tuple(found.snapshots)


def _take(found: _Found, part: AnswerPart) -> None:
    match part.name:
        case "names":
            found.names = part.data
        case "patch":
            found.patch = part.data
        case "refs":
            place = found.changes.place
            lines = part.data.decode("utf-8", "backslashreplace").split("\n")
            found.snapshots += [one for line in lines if (one := snapshot_in(line, place)) is not None]
        case "root":
            found.root = part.data.decode("utf-8", "surrogateescape")
        case "left_out":
            names = part.data.decode("utf-8", "surrogateescape").split("\0")
            left_out = tuple(name.removeprefix(found.root) for name in names if name)
            found.changes = replace(found.changes, left_out=left_out)
        case "counts":
            words = part.text.split()
            if len(words) == 2 and all(word.isdigit() and len(word) < 10 for word in words):
                found.changes = replace(found.changes, ahead=int(words[0]), behind=int(words[1]))
        case "base_at":
            found.changes = replace(found.changes, base_at=part.number / 1e9)
        case "branch" | "head" | "upstream" | "midst" | "base" | "base_how" | "now" | "fault":
            said: dict[str, Any] = {part.name: part.text}
            found.changes = replace(found.changes, **said)
        case _:
            pass


def snapshot_in(line: str, place: str) -> Snapshot | None:
    """Return the snapshot that a line names, or None."""
    found = _SNAPSHOT.fullmatch(line)
    if found is None:
        return None
    stamp, kind, commit, tree, _, said = found.groups()
    return Snapshot(f"{stamp}-{kind}", kind, commit, tree, int(stamp) / 1e9, said, place)


def files_in(names: bytes) -> tuple[FileChange, ...]:
    """Return the files that `git diff-tree --raw --numstat -z` names, without their hunks."""
    found: dict[bytes, FileChange] = {}
    words = iter(names.split(b"\0"))
    for word in words:
        if raw := _RAW.fullmatch(word):
            old = next(words, b"")
            new = next(words, b"") if raw[3] in (b"R", b"C") else old
            found[new] = _file(raw, old, new)
        elif counted := _COUNTED.fullmatch(word):
            name = counted[3]
            if not name:
                next(words, b"")
                name = next(words, b"")
            if (file := found.get(name)) is not None:
                binary = counted[1] == b"-"
                added, removed = (0, 0) if binary else (int(counted[1]), int(counted[2]))
                found[name] = replace(file, added=added, removed=removed, binary=binary)
    return tuple(found.values())


def _file(raw: re.Match[bytes], old: bytes, new: bytes) -> FileChange:
    before, after = raw[1].decode(), raw[2].decode()
    same = before == after
    return FileChange(
        raw[3].decode(),
        old.decode("utf-8", "surrogateescape"),
        new.decode("utf-8", "surrogateescape"),
        old_mode="" if same or before == NO_FILE else before,
        new_mode="" if same or after == NO_FILE else after,
    )


def _with_hunks(file: FileChange, carried: list[FileChange]) -> FileChange:
    hunks = tuple(hunk for one in carried for hunk in one.hunks)
    whole = bool(carried) and all(one.whole for one in carried)
    return replace(file, hunks=hunks, whole=whole)
