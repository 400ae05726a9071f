"""What a line means: a word, then what it is about, by name; or a place to go to. Errors say where and what is near."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

HERE = "."
"""Stands for the agent or the task that is meant without a name."""


class Kind(StrEnum):
    """What an argument is."""

    AGENT = "agent"
    TASK = "task"
    STATUS = "status"
    PERSON = "who"
    PLACE = "place"
    THEME = "theme"
    TEXT = "text"
    """The rest of the line as it is."""


@dataclass(frozen=True, slots=True)
class Command:
    """A word that can be typed, and what follows it."""

    word: str
    action: str
    """The id of the action it does."""
    about: str = ""
    """What it does, in a sentence."""
    kinds: tuple[Kind, ...] = ()
    """Its arguments; all may be left out at the end."""
    reason: str = ""
    """Why it cannot be done now to what is selected."""


@dataclass(frozen=True, slots=True)
class LineWords:
    """Everything that can be named: for each kind the names with what they stand for."""

    commands: tuple[Command, ...] = ()
    names: Mapping[Kind, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """(name, key) by kind. A name may occur twice: then it means neither."""


class Token(NamedTuple):
    """A part of a line, without its quotes, and where it stands."""

    text: str
    start: int
    end: int


class LineError(NamedTuple):
    """What is wrong with a line, and where."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """A line that means something."""

    command: Command
    keys: tuple[str, ...] = ()
    """What the arguments stand for; a text as it was typed, and `.` for what is selected."""
    line: str = ""
    """As it was typed."""


def tokens_of(line: str) -> list[Token]:
    """Cut a line at blanks; double quotes hold a name together, and one that is left open reaches to the end."""
    found: list[Token] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
        elif line[at] == '"':
            end = line.find('"', at + 1)
            stop = len(line) if end < 0 else end + 1
            found.append(Token(line[at + 1 : stop if end < 0 else end], at, stop))
            at = stop
        else:
            end = at
            while end < len(line) and not line[end].isspace():
                end += 1
            found.append(Token(line[at:end], at, end))
            at = end
    return found


def _plain(name: str) -> str:
    """Return a name without the quotes that would end it in a line: it is typed, and found, with other ones."""
    return name.replace('"', "'")


def quoted(name: str) -> str:
    """Return a name as it is typed: one with blanks, or that looks quoted, in quotes."""
    plain = _plain(name)
    return f'"{plain}"' if not plain or any(letter.isspace() for letter in plain) else plain


def parse(line: str, vocabulary: LineWords) -> Parsed | LineError:
    """Return what a line means, or what is wrong with it."""
    tokens = tokens_of(line)
    if not tokens:
        return LineError("type a command, or the name of an agent, a task or a place", 0)
    first = tokens[0]
    command = next((one for one in vocabulary.commands if first.text in (one.word, one.action)), None)
    if command is None:
        return _place(line, tokens, vocabulary)
    keys: list[str] = []
    for at, kind in enumerate(command.kinds, 1):
        if at >= len(tokens):
            break
        token = tokens[at]
        if kind is Kind.TEXT:
            keys.append(line[token.start :].strip())
            return Parsed(command, tuple(keys), line)
        key = HERE if token.text == HERE else _key(token.text, kind, vocabulary)
        if isinstance(key, LineError):
            return key._replace(start=token.start)
        keys.append(key)
    if len(tokens) > len(command.kinds) + 1:
        more = tokens[len(command.kinds) + 1]
        takes = " ".join(f"[{kind.value}]" for kind in command.kinds) or "nothing more"
        return LineError(f"{command.word} takes {takes}, not {more.text!r}", more.start)
    return Parsed(command, tuple(keys), line)


def _place(line: str, tokens: Sequence[Token], vocabulary: LineWords) -> Parsed | LineError:
    """Take a line that begins with no command for the name of a place."""
    go = next((one for one in vocabulary.commands if one.kinds == (Kind.PLACE,)), None)
    name = tokens[0].text if len(tokens) == 1 else line.strip()
    key = _key(name, Kind.PLACE, vocabulary)
    if go is not None and not isinstance(key, LineError):
        return Parsed(go, (key,), line)
    known = [one.word for one in vocabulary.commands] + [name for name, _ in vocabulary.names.get(Kind.PLACE, ())]
    return LineError(f"no command or place is called {tokens[0].text!r}{_nearest(tokens[0].text, known)}", 0)


def _key(name: str, kind: Kind, vocabulary: LineWords) -> str | LineError:
    listed = vocabulary.names.get(kind, ())
    found = [key for known, key in listed if known == name] or [
        key for known, key in listed if _plain(known).casefold() == _plain(name).casefold()
    ]
    if len(set(found)) == 1:
        return found[0]
    if any(key == name for _, key in listed):
        return name
    if found:
        return LineError(f"{len(found)} are called {name!r}: name one by its id", 0)
    what = {Kind.PERSON: "nobody", Kind.STATUS: "no status"}.get(kind, f"no {kind.value}")
    return LineError(f"{what} is called {name!r}{_nearest(name, [known for known, _ in listed])}", 0)


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; nearest is {near[0]!r}" if near else ""
