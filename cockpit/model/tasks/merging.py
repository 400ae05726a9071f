"""Two changes of one task, made at the same time: what can be put together, and what cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cockpit.model.board import TaskContent

Item = TypeVar("Item", bound=str)

SINGLE = ("title", "description", "status", "assignee")
"""Parts that hold one value: two who change one to different values collide."""


@dataclass(frozen=True, slots=True)
class Collision:
    """A part of a task that two changed, each to something else."""

    part: str
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What comes of two changes."""

    content: TaskContent
    """Both changes; where they collide, theirs."""
    collisions: tuple[Collision, ...] = ()


def merge(before: TaskContent, mine: TaskContent, theirs: TaskContent) -> Merged:
    """Put two changes of a task together.

    Tags and dependencies are sets: what either took out is out, and what either put in is in.

    Args:
        before: what both began with.
        mine: what one made of it.
        theirs: what the other made of it.
    """
    collisions: list[Collision] = []
    values: dict[str, str] = {}
    for part in SINGLE:
        old, new, other = (getattr(content, part) for content in (before, mine, theirs))
        if new in (old, other):
            values[part] = other
        elif other == old:
            values[part] = new
        else:
            values[part] = other
            collisions.append(Collision(part, new, other))
    merged = replace(
        theirs,
        **values,
        tags=_put_together(before.tags, mine.tags, theirs.tags),
        dependencies=_put_together(before.dependencies, mine.dependencies, theirs.dependencies),
    )
    return Merged(merged, tuple(collisions))


def _put_together(before: Sequence[Item], mine: Sequence[Item], theirs: Sequence[Item]) -> tuple[Item, ...]:
    if tuple(theirs) == tuple(before):
        return tuple(mine)
    kept = [item for item in theirs if item not in before or item in mine]
    return (*kept, *(item for item in mine if item not in before and item not in theirs))


def changed_parts(before: TaskContent, after: TaskContent) -> tuple[str, ...]:
    """Return the names of the parts in which two versions differ."""
    parts = (*SINGLE, "tags", "dependencies")
    return tuple(part for part in parts if getattr(before, part) != getattr(after, part))
