"""Paths that a text mentions, such as an agent's answer: candidates, for only the VM knows what is there."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST = 200
"""Paths that are looked for in a text."""

# A path has a slash or ends with a dot and letters; a line number may follow, as compilers and grep write it.
_CANDIDATE = re.compile(r"(?<![\w/.~:@-])((?:~/|\.{0,2}/)?[\w+.-]+(?:/[\w@+.-]+)*/?)(?::(\d{1,7}))?(?::\d+)?")
_QUOTED = re.compile(r"[`'\"]((?:~/|\.{0,2}/)?[^`'\"\n]{1,200}?)(?::(\d{1,7}))?[`'\"]")
_ENDING = re.compile(r"\.(?:[chdmrsv]|[A-Za-z][A-Za-z0-9]{1,9})\Z")
_NUMBER = re.compile(r"(?:[\d.,v-]+|\d[\d.,]*(?:/\d[\d.,]*)+)\Z")


@dataclass(frozen=True, slots=True)
class Mention:
    """A path that a text mentions."""

    path: str
    line: int = 0
    """The line that is named with it; 0 for none."""


def mentions_in(text: str) -> tuple[Mention, ...]:
    """Return the paths that a text mentions, each once, in their order."""
    found: dict[str, Mention] = {}
    for _, mention in places_in(text):
        found.setdefault(mention.path, mention)
    return tuple(found.values())


def places_in(text: str) -> tuple[tuple[int, Mention], ...]:
    """Return the paths that a text mentions in their order, each with the place of its first character."""
    found: list[tuple[int, Mention]] = []

    def take(match: re.Match[str], *, quoted: bool) -> bool:
        path = match[1].rstrip(".,;")
        taken = _is_path(path, quoted=quoted) and len(found) < MOST
        if taken:
            found.append((match.start(1), Mention(path, int(match[2] or 0))))
        return taken

    # What was found between quotes is no longer looked at in parts.
    rest = _QUOTED.sub(lambda match: " " * len(match[0]) if take(match, quoted=True) else match[0], text)
    for match in _CANDIDATE.finditer(rest):
        take(match, quoted=False)
    return tuple(sorted(found, key=lambda place: place[0]))


def _is_path(path: str, *, quoted: bool) -> bool:
    if not path or "://" in path or _NUMBER.match(path) or path.strip("/.") == "":
        return False
    if quoted and any(blank in path for blank in " \t") and "/" not in path:
        return False
    return "/" in path.strip("/") or path.startswith(("/", "~/", "./")) or bool(_ENDING.search(path))
