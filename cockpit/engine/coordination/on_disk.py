"""What on this machine can be published: skills by their SKILL.md, extensions by their file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cockpit.errors import CockpitError, NotFound, UsageError
from cockpit.model.commands.shared import PublishItem
from cockpit.model.shared.front_matter import first_comment, front_matter
from cockpit.model.shared.skills import SharedKind

SKILL_FILE = "SKILL.md"

EXTENSION_SUFFIXES = (".ts", ".js", ".mjs")
SUFFIX_WORDS = ", ".join(EXTENSION_SUFFIXES)

MOST_BYTES = 1_000_000
"""Bytes of a file that is published: each agent fetches all of it."""

MOST_ITEMS = 200


async def found_at(path: str, source: str = "") -> tuple[PublishItem, ...]:
    """Return what is found at a path: one skill or extension, or all of a directory of them, by name.

    Raises:
        NotFound: nothing is there, or nothing that can be published.
        UsageError: a file is no text, too large, or does not say what it needs to.
    """
    found = await asyncio.to_thread(lambda: tuple(_items(Path(path).expanduser())))
    return tuple(replace(item, source=source) for item in found)


def _items(path: Path) -> Iterator[PublishItem]:
    if not path.exists():
        raise NotFound(f"{path} does not exist", hint="name a directory with SKILL.md, or an extension's file")
    files = [path] if path.is_file() else _below(path)
    if not files:
        raise NotFound(
            f"there is nothing to publish at {path}", hint=f"it holds no {SKILL_FILE} and no extension ({SUFFIX_WORDS})"
        )
    if len(files) > MOST_ITEMS:
        raise UsageError(f"{path} holds {len(files)} skills and extensions; at most {MOST_ITEMS} go at once")
    for file in files:
        yield _skill(file) if file.name == SKILL_FILE else _extension(file)


def _below(directory: Path) -> list[Path]:
    """Return the directory's own skill, or those of the directories in it, and the extensions' files beside them."""
    if (directory / SKILL_FILE).is_file():
        return [directory / SKILL_FILE]
    skills = [inner / SKILL_FILE for inner in sorted(directory.iterdir()) if (inner / SKILL_FILE).is_file()]
    extensions = [file for file in sorted(directory.iterdir()) if file.is_file() and file.suffix in EXTENSION_SUFFIXES]
    return [*skills, *extensions]


def _skill(file: Path) -> PublishItem:
    text = _text(file)
    head = front_matter(text)
    if head is None:
        raise UsageError(
            f"{file} has no front matter", hint="it begins with a line ---, then name: and description:, then ---"
        )
    name = head.texts.get("name", "") or file.resolve().parent.name
    description = head.texts.get("description", "")
    if not description:
        raise UsageError(f"the front matter of {file} has no description", hint="agents decide by it what they read")
    return PublishItem(SharedKind.SKILL, name, description, text, head.lists.get("tags"))


def _extension(file: Path) -> PublishItem:
    if file.suffix not in EXTENSION_SUFFIXES:
        raise UsageError(f"{file} is no {SKILL_FILE} and no extension", hint=f"extensions end in {SUFFIX_WORDS}")
    text = _text(file)
    return PublishItem(SharedKind.EXTENSION, file.stem, first_comment(text) or f"extension {file.stem}", text)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise CockpitError(f"{file} cannot be read: {error.strerror or error}") from error
    if len(content) > MOST_BYTES:
        raise UsageError(f"{file} is larger than {MOST_BYTES} bytes", hint="each agent would fetch all of it")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no UTF-8 text") from error
