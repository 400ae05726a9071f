"""What stands at the head of a skill's file: the few words of YAML that such heads are written in, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

FENCE = "---"

_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)\s*:(?:\s+(.*)|\s*)$")
_COMMENT_MARKS = re.compile(r"^\s*(?:/\*+|\*+/?|//+|#!?)\s?")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The head of a file."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """By key: what has one value, lines of a longer one joined."""
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By key: what has several."""


def front_matter(text: str) -> FrontMatter | None:
    """Return the head of a file; None if it has none, or one that does not end."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != FENCE:
        return None
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() in (FENCE, "...")), None)
    if end is None:
        return None
    texts: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    for key, first, more in _blocks(lines[1:end]):
        items = [line.strip()[1:].strip() for line in more if line.strip().startswith("-")]
        if first.startswith("[") and first.endswith("]"):
            lists[key] = tuple(_plain(item) for item in first[1:-1].split(",") if item.strip())
        elif not first and items:
            lists[key] = tuple(_plain(item) for item in items if item)
        elif first[:1] in ("|", ">"):
            glue = "\n" if first[0] == "|" else " "
            texts[key] = glue.join(line.strip() for line in more if line.strip() or glue == "\n").strip()
        else:
            texts[key] = _plain(" ".join([first, *(line.strip() for line in more)]).strip())
    return FrontMatter(texts, lists)


def _blocks(lines: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each key with what stands behind it and the lines that are indented below it."""
    key, first, more = "", "", list[str]()
    for line in lines:
        found = None if line[:1].isspace() or line.startswith(("-", "#")) else _KEY.match(line)
        if found is not None:
            if key:
                yield key, first, more
            key, first, more = found[1], (found[2] or "").strip(), []
        elif not line.startswith("#"):
            more.append(line)
    if key:
        yield key, first, more


def _plain(value: str) -> str:
    """Return a value without its quotes, or without the comment behind it."""
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1].replace("''", "'") if value[0] == "'" else value[1:-1].replace('\\"', '"')
    return re.split(r"\s+#", value, maxsplit=1)[0].strip()


def first_comment(text: str) -> str:
    """Return the first words of a program's first comment; empty if it begins with something else."""
    for line in text.removeprefix("\ufeff").splitlines():
        if not line.strip():
            continue
        if not _COMMENT_MARKS.match(line):
            return ""
        words = _COMMENT_MARKS.sub("", line).removesuffix("*/").strip()
        if words and not line.lstrip().startswith("#!"):
            return words
    return ""
