"""What an image says of itself, in the description of its commit.

A commit has a name and a description, and no other field of ours; so what was found in an image when it was taken
stands at the end of the description, for any cockpit of the account to read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields

from cockpit.model.ids import CommitId
from cockpit.model.images import GoldenImage, ImageFacts

MARK = "cockpit-image:"
"""Stands before what an image says of itself."""


def described(description: str, facts: ImageFacts) -> str:
    """Return the description of a commit that is an image."""
    said = json.dumps({key: value for key, value in asdict(facts).items() if value}, separators=(",", ":"))
    return f"{description.replace(MARK, '')}\n{MARK}{said}".strip()


def image_of(commit: CommitId, name: str, created_at: float, description: str) -> GoldenImage:
    """Return a commit as an image; what is written there is anybody's, and what cannot be read is not known."""
    words, mark, said = description.rpartition(MARK)
    facts = _facts(said) if mark else None
    return GoldenImage(commit, name, created_at, (words if facts is not None else description).strip(), facts)


def _facts(text: str) -> ImageFacts | None:
    try:
        found = json.loads(text)
        if not isinstance(found, dict):
            return None
        known: Mapping[str, object] = {
            field.name: found[field.name] for field in fields(ImageFacts) if field.name in found
        }
        versions, lacks = known.get("versions", ()), known.get("lacks", ())
        numbers = [known.get("used_bytes", 0), known.get("number", 1)]
        if not isinstance(versions, list | tuple) or not isinstance(lacks, list | tuple):
            return None
        if not all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers):
            return None
        return ImageFacts(
            tuple((str(program), str(version)) for program, version in versions),
            int(str(numbers[0])),
            int(str(numbers[1])),
            str(known.get("origin", "")),
            str(known.get("recipe", "")),
            tuple(str(name) for name in lacks),
        )
    except (ValueError, TypeError, RecursionError):
        return None
