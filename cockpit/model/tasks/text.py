"""A task as a text to edit, and what is read from such a text: whatever a task holds comes back as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cockpit.model.ages import age_text
from cockpit.model.board import NOTE_KINDS, TASK_STATUSES, Task, TaskContent, content_of
from cockpit.model.ids import TaskId

DESCRIPTION, NOTE, NOT_READ = "--- description", "--- new note", "--- not read"
"""The lines that begin the parts of the text."""

_MARK = re.compile(r"\\*---")
"""How lines begin that need a backslash before them inside a part."""

NEEDS_QUOTES = re.compile(r'^["\s]|\s$|[\x00-\x1f\x7f-\x9f\u2028\u2029]')
"""What a value in one line cannot hold as it stands."""


_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Unreadable(ValueError):
    """A line of the text is not what stands there usually."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")
        self.line = line
        """From 1."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a text says."""

    content: TaskContent
    note: str = ""
    note_kind: str = "update"


def text_of(
    task: Task, titles: Mapping[str, str], now: float, content: TaskContent | None = None, *, beside: str = ""
) -> str:
    """Return a task as a text to edit.

    Args:
        task: which.
        titles: of other tasks, by id.
        now: unix seconds, for ages.
        content: what is to be edited, if it is not what the task holds.
        beside: what else is to be seen, e.g. what somebody else made of it; it is not read back.
    """
    held = content if content is not None else content_of(task)
    by = f", by {_one_line(task.created_by)}" if task.created_by else ""
    age = f", {age_text(max(0.0, now - task.created_at))} old" if task.created_at else ""
    lines = [
        f"# Task {_one_line(task.id)}{by}{age}. Save and leave to change it; leave it as it is to change nothing.",
        f"# The status is one of {', '.join(TASK_STATUSES)}. Between tags stand commas; each id waited for has a line.",
        "",
        f"title: {_quoted(held.title)}",
        f"status: {_quoted(held.status)}",
        f"assignee: {_quoted(held.assignee)}",
        f"tags: {', '.join(_quoted(tag, among_others=True) for tag in held.tags)}",
        "waits for:",
        *(f"  {_dependency(other, titles)}" for other in held.dependencies),
        DESCRIPTION,
        *_kept(held.description),
        f"{NOTE} (update)   what stands below becomes a note; or {', '.join(NOTE_KINDS[1:])}",
        "",
        f"{NOT_READ}: all that follows",
        *([beside, ""] if beside else []),
        *(line for note in task.notes for line in (f"{note.author}, {note.kind}:", f"  {note.content}", "")),
        *(f"{kind} {label} {url}" for kind, label, url in task.artifacts),
    ]
    return "\n".join(lines) + "\n"


def read_text(text: str, before: TaskContent) -> Written:
    """Read an edited text.

    Args:
        text: all of it.
        before: what the task held: a status that no server of today knows may stay as it is.

    Raises:
        Unreadable: says which line, and what is wrong with it.
    """
    head, parts = _parted(text.split("\n"))
    values: dict[str, str] = {}
    places: dict[str, int] = {}
    dependencies: list[TaskId] = []
    waiting = False
    for number, line in head:
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        if waiting and line[:1] in (" ", "\t"):
            dependencies.append(_dependency_in(said, number))
            continue
        name, colon, value = said.partition(":")
        name = name.strip().casefold()
        if not colon or name not in ("title", "status", "assignee", "tags", "waits for"):
            raise Unreadable(number, f"{said[:40]!r} is none of title, status, assignee, tags, waits for")
        if name in places:
            raise Unreadable(number, f"{name} is there a second time, first in line {places[name]}")
        places[name], values[name] = number, value.strip()
        waiting = name == "waits for"
        if waiting and value.strip():
            dependencies += [TaskId(word) for word in _list_of(value, number)]
    for name in ("title", "status", "assignee", "tags"):
        if name not in places:
            raise Unreadable(1, f"the line {name!r} is missing")
    title, status = (_unquoted(values[name], places[name]).strip() for name in ("title", "status"))
    if not title:
        raise Unreadable(places["title"], "a task needs a title")
    if status not in TASK_STATUSES and status != before.status.strip():
        raise Unreadable(places["status"], f"there is no column {status!r}: {', '.join(TASK_STATUSES)}")
    content = TaskContent(
        title,
        "\n".join(parts[DESCRIPTION][1]).strip(),
        before.status if status == before.status.strip() else status,
        _unquoted(values["assignee"], places["assignee"]),
        _list_of(values["tags"], places["tags"]),
        tuple(dependencies),
    )
    note = "\n".join(parts[NOTE][1]).strip() if NOTE in parts else ""
    return Written(content, note, _note_kind(*parts[NOTE]) if note else "update")


def _parted(lines: Sequence[str]) -> tuple[list[tuple[int, str]], dict[str, tuple[tuple[int, str], list[str]]]]:
    """Return the numbered lines of the head, and the parts: each its first line, and those below it."""
    head: list[tuple[int, str]] = []
    parts: dict[str, tuple[tuple[int, str], list[str]]] = {}
    current: list[str] | None = None
    for number, line in enumerate(lines, 1):
        if line.startswith("---") and (current is None or NOT_READ not in parts):
            mark = next((mark for mark in (DESCRIPTION, NOTE, NOT_READ) if line.startswith(mark)), "")
            if not mark:
                raise Unreadable(number, r"a line that begins with --- begins a part; write \--- for one in a text")
            if mark in parts:
                raise Unreadable(number, f"{mark!r} is there a second time, first in line {parts[mark][0][0]}")
            current = []
            parts[mark] = ((number, line), current)
        elif current is None:
            head.append((number, line))
        else:
            current.append(line[1:] if line.startswith("\\") and _MARK.match(line) else line)
    if DESCRIPTION not in parts:
        raise Unreadable(len(lines), f"the line {DESCRIPTION!r} is missing")
    return head, parts


def _note_kind(mark: tuple[int, str], _lines: Sequence[str]) -> str:
    number, line = mark
    found = re.match(r"\s*\(\s*([^)]*?)\s*\)", line.removeprefix(NOTE))
    kind = found[1].casefold() if found else "update"
    if kind not in NOTE_KINDS:
        raise Unreadable(number, f"there are no notes of type {kind!r}: {', '.join(NOTE_KINDS)}")
    return kind


def _kept(text: str) -> list[str]:
    """Return the lines of a text so that none of them begins a part."""
    return [f"\\{line}" if _MARK.match(line) else line for line in text.split("\n")]


def _quoted(value: str, *, among_others: bool = False) -> str:
    if NEEDS_QUOTES.search(value) or (among_others and ("," in value or not value)):
        return _in_quotes(value)
    return value


def _in_quotes(value: str) -> str:
    """Return a text in quotation marks, without a character that an editor could take for the end of the line."""
    inner = re.sub(r'["\\]', lambda found: f"\\{found[0]}", value)
    return '"' + _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", inner) + '"'


def _read_quoted(text: str, line: int) -> tuple[str, str]:
    """Return the text in the quotation marks that a text begins with, and what follows them."""
    found = _QUOTED.match(text)
    if found is None:
        raise Unreadable(line, "the quotation marks are not closed")
    read = re.sub(
        r"\\(?:u([0-9a-fA-F]{4})|(.))", lambda escape: chr(int(escape[1], 16)) if escape[1] else escape[2], found[1]
    )
    return read, text[found.end() :].strip()


def _unquoted(value: str, line: int) -> str:
    if not value.startswith('"'):
        return value
    read, rest = _read_quoted(value, line)
    if rest:
        raise Unreadable(line, f"something follows the quotation marks: {rest[:20]!r}")
    return read


def _list_of(text: str, line: int) -> tuple[str, ...]:
    """Return the values of a list with commas."""
    found: list[str] = []
    rest = text.strip()
    while rest:
        if rest.startswith('"'):
            value, rest = _read_quoted(rest, line)
            if rest and not rest.startswith(","):
                raise Unreadable(line, f"a comma is missing before {rest[:20]!r}")
            rest = rest[1:].strip()
        else:
            value, _, rest = rest.partition(",")
            value, rest = value.strip(), rest.strip()
        if value:
            found.append(value)
    return tuple(found)


def _dependency(task: TaskId, titles: Mapping[str, str]) -> str:
    shown = _in_quotes(task) if not task or re.search(r"^#|\s", task) or NEEDS_QUOTES.search(task) else task
    return f"{shown}  {_one_line(titles.get(task, ''))}".rstrip()


def _dependency_in(line: str, number: int) -> TaskId:
    return TaskId(_read_quoted(line, number)[0] if line.startswith('"') else line.split(maxsplit=1)[0])


def _one_line(text: str) -> str:
    return " ".join(text.split())[:80]
