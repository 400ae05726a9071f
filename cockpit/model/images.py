"""Golden images: commits that say of themselves what is in them, which one of a name counts, and when one is stale."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cockpit.model.ages import DAY
from cockpit.model.ids import CommitId

_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){1,3}")


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What was found in an image when it was taken."""

    versions: tuple[tuple[str, str], ...] = ()
    """Programs of agents, and what they need, each with what it said of its version."""
    used_bytes: int = 0
    """How much of its disk is in use; 0 is not known."""
    number: int = 1
    """One more than the image of the same name that it was made from."""
    origin: str = ""
    """The commit it was patched from; empty for one that was built on a fresh VM."""
    recipe: str = ""
    """The digest of the recipe it was made by."""
    lacks: tuple[str, ...] = ()
    """Steps of the recipe whose result is not in it, since they could not run where it was built."""


@dataclass(frozen=True, slots=True)
class GoldenImage:
    """A commit that agents are restored from."""

    commit: CommitId
    name: str
    created_at: float
    """Unix seconds."""
    description: str = ""
    """In an operator's words."""
    facts: ImageFacts | None = None
    """None for a commit that says nothing of itself: it was made by something else."""

    def version_of(self, program: str) -> str:
        """Return which version of a program is in it; empty where that is not known."""
        return dict(self.facts.versions).get(program, "") if self.facts is not None else ""


def numbers_of(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, for comparison; none if it has none."""
    found = _VERSION.search(version)
    return tuple(int(number) for number in found[0].split(".")) if found else ()


def plain_version(text: str) -> str:
    """Return the version in what a program says of it: `v22.1.0` and `tmux 3.3a` say more than that."""
    found = _VERSION.search(text)
    return found[0] if found else text


def newest_version(versions: Iterable[str]) -> str:
    """Return the newest of some versions; empty if none is one."""
    return max((version for version in versions if numbers_of(version)), key=numbers_of, default="")


def newest_known(
    images: Iterable[GoldenImage], agents: Iterable[tuple[str, str]], programs: Iterable[str]
) -> dict[str, str]:
    """Return the newest version that is known of each program of agents.

    Args:
        images: those that may have one in them.
        agents: the program of each agent, with its version.
        programs: of which one is asked for.
    """
    inside = [pair for image in images if image.facts is not None for pair in image.facts.versions]
    known = [*inside, *agents]
    return {name: newest_version(version for program, version in known if program == name) for name in programs}


def stale_reasons(image: GoldenImage, now: float, max_age: float, newest: Mapping[str, str]) -> tuple[str, ...]:
    """Say why an image is stale; nothing if it is not.

    Args:
        image: the image.
        now: unix seconds.
        max_age: seconds an image may be old.
        newest: the newest version of each program that is known anywhere.
    """
    reasons = []
    if image.created_at and now - image.created_at > max_age:
        reasons.append(f"older than {max_age / DAY:g} days")
    for program, version in newest.items():
        inside = image.version_of(program)
        if numbers_of(inside) and numbers_of(inside) < numbers_of(version):
            reasons.append(f"its {program} is {inside}, and {version} is known")
    return tuple(reasons)


def used_text(image: GoldenImage) -> str:
    """Return how much of an image's disk is in use, for people; empty where that is not known."""
    return f"{image.facts.used_bytes / 1_000_000:,.1f} MB" if image.facts and image.facts.used_bytes else ""


def images_called(text: str, images: Iterable[GoldenImage]) -> tuple[GoldenImage, ...]:
    """Return the images a text means: the one of this id, else the newest of this name, else all whose id begins so."""
    known = tuple(images)
    exact = tuple(image for image in known if image.commit == text.lower())
    if exact:
        return exact
    named = sorted((image for image in known if image.name == text), key=lambda image: image.created_at)
    if named:
        return (named[-1],)
    return tuple(image for image in known if len(text) >= 8 and image.commit.startswith(text.lower()))
