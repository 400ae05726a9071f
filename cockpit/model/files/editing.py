"""A file of a VM that is edited here, and what became of it when it was to be written back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cockpit.model.ids import AgentId

MOST_EDITED = 8 << 20
"""Bytes of a file that can be edited."""


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """A file of a VM as it was fetched to be edited."""

    agent: AgentId
    path: str
    """Its real path on the VM; a file that does not exist yet has one, too."""
    local: Path
    """The copy here, in a directory of its own that nobody else can read."""
    size: int
    """Bytes, when it was fetched."""
    modified_at: float
    digest: str
    """SHA-256 of what was fetched; empty for a file that did not exist."""
    mode: int


class WriteBack(StrEnum):
    """What became of an edited file."""

    UNCHANGED = "unchanged"
    """Nothing was edited; nothing was written."""
    WRITTEN = "written"
    CONFLICT = "conflict"
    """Somebody changed it on the VM meanwhile; nothing was written, and both are kept here."""


@dataclass(frozen=True, slots=True)
class WrittenBack:
    """How the writing back ended."""

    outcome: WriteBack
    checked_out: CheckedOut
    """After a conflict: with the VM's newer version as what must still be there when the merged one is written."""
    theirs: Path | None = None
    """After a conflict: the VM's newer version, here; None if it is gone there."""
