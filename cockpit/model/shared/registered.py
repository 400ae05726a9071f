"""The registry as it is read: who says that it is alive, when it said so last, and what that means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cockpit.model.shared.listed import Listed

STALE_AFTER = 300.0
"""Seconds without a sign of life after which an entry is not believed, whatever it says."""

ROLES = ("infra", "lieutenant", "worker", "golden", "custom")
STATUSES = ("running", "paused", "stopped")
"""Words the registry takes; others are refused, and shown where a newer server has them."""

SILENT_ROLES = ("infra", "golden")
"""Roles whose VMs send no signs of life: their age says nothing."""


class Liveness(StrEnum):
    """What an entry means, by its status and the age of its last sign of life."""

    ALIVE = "alive"
    IDLE = "idle"
    PAUSED = "paused"
    ENDED = "ended"
    LOST = "lost"
    SILENT = "silent"
    """It sends no signs of life, by its role; nothing is wrong with it."""
    UNKNOWN = "unknown"


def liveness(status: str, role: str, age: float | None) -> Liveness:
    """Return what an entry means.

    An agent writes `stopped` after each prompt and lives on: with a fresh sign of life that is idle, not gone. The
    server itself takes nothing back: what says `running` may have been silent for hours.

    Args:
        status: as the registry has it.
        role: as the registry has it.
        age: seconds since the last sign of life, by the server's clock; None if there never was one.
    """
    if status == "paused":
        return Liveness.PAUSED
    fresh = age is not None and age <= STALE_AFTER
    if status == "running":
        if fresh:
            return Liveness.ALIVE
        return Liveness.SILENT if role in SILENT_ROLES else Liveness.LOST
    if status == "stopped":
        return Liveness.IDLE if fresh else Liveness.ENDED
    return Liveness.UNKNOWN


@dataclass(frozen=True, slots=True)
class Registered:
    """One entry of the registry, or what comes closest to it on another kind of server."""

    id: str
    """The VM's id, normally; who registers chooses it."""
    name: str
    """Not unique."""
    role: str
    status: str
    """As the registry has it: `running`, `paused`, `stopped`."""
    life: Liveness
    age: float | None = None
    """Seconds since the last sign of life, by the server's clock; None where there never was one."""
    address: str = ""
    parent: str = ""
    """The name of the agent it works for, where that is known."""
    parent_id: str = ""
    registered_by: str = ""
    registered_at: float = 0.0
    services: tuple[tuple[str, int], ...] = ()
    """What can be reached on it: name and port."""
    lent: bool = False
    """Its signs of life come from this cockpit, and end with it: its VM can give none."""

    @property
    def stale(self) -> bool:
        """Whether its last sign of life is too old to be believed."""
        return self.age is None or self.age > STALE_AFTER


class RegisteredPort(Protocol):
    """The registry of each source that has one; the first source's if none is named."""

    async def look(self, place: str = "", *, role: str = "") -> Listed[Registered]:
        """Return the entries, the newest first, those that are silent too.

        Raises:
            CockpitError: they could not be had.
        """

    async def discover(self, role: str, place: str = "") -> Listed[Registered]:
        """Return those of a role that run and gave a sign of life, in the order in which they registered.

        Raises:
            CockpitError: they could not be had.
        """
