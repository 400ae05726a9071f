"""Turns of an agent, told by the snapshots of its workspace: each can be seen and restored by its key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.model.changes.report import Snapshot, SnapshotKind

STATES = frozenset({SnapshotKind.PROMPT, SnapshotKind.END, SnapshotKind.SAFETY, SnapshotKind.TASK, SnapshotKind.START})
"""Kinds that say how a workspace was at a moment of the agent's work; the others only hold on to what was shown."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A state of the workspace that was kept, and what had changed by then."""

    key: str
    kind: str
    at: float
    """Unix seconds by the VM's clock."""
    said: str
    """The beginning of the text that began it."""
    places: tuple[str, ...] = ()
    """Repositories that were not as they had been when they were kept before."""


def turns_of(snapshots: Iterable[Snapshot]) -> tuple[Turn, ...]:
    """Return the states that were kept, oldest first; those of one moment are one."""
    found: dict[str, Turn] = {}
    trees: dict[str, str] = {}
    said = ""
    for one in sorted((one for one in snapshots if one.kind in STATES), key=lambda one: (one.key, one.place)):
        before = trees.get(one.place)
        trees[one.place] = one.tree
        known = found.get(one.key)
        if one.kind == SnapshotKind.PROMPT:
            said = one.said
        places = known.places if known is not None else ()
        # A repository that was never kept before came in this turn.
        if before != one.tree and (before is not None or one.kind == SnapshotKind.END):
            places = (*places, one.place)
        text = said if one.kind in (SnapshotKind.PROMPT, SnapshotKind.END) else one.said
        found[one.key] = Turn(one.key, one.kind, one.at, text, places)
    return tuple(found.values())
