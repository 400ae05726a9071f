"""What others say of VMs, and what a look at a VM found: the evidence that is compared. Times are unix seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.model.ids import VmId


class ClaimedBy(StrEnum):
    """Who says something of a VM."""

    REGISTRY = "the registry"
    STATE_FILE = "a state file"
    LABEL = "its label"


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody says that a VM is an agent's, or serves all of them."""

    by: ClaimedBy
    where: str
    """What says it, for people: `the registry`, the path of a file, `its label`."""
    vm: VmId
    name: str
    kind: str = ""
    """The part its agent plays, a word of `fleet.AgentKind`; empty for a VM that hosts the services or is an image."""
    word: str = ""
    """What the VM is for, as it was said."""
    directory: str = ""
    """Where the agent is said to live; empty where nobody said."""
    seen_at: float = 0.0
    """The last sign of life by the sayer's own clock; 0 where it keeps none."""


def serves_all(claim: Claim) -> bool:
    """Say whether the registry has a VM as one that serves all agents, by hosting the services or as an image."""
    return claim.by is ClaimedBy.REGISTRY and not claim.kind


@dataclass(frozen=True, slots=True)
class VmLook:
    """One look at a VM that nobody has, or at one that is said to exist."""

    vm: VmId
    at: float
    found: tuple[tuple[str, str], ...] = ()
    """Each directory in which an agent was found, and whether it is `alive` or `dead`."""
    looked: tuple[str, ...] = ()
    """Each directory that was looked at."""
    written_at: float | None = None
    """When an agent there last wrote, as far as its files tell."""
    load: str = ""
    """The VM's load averages over 1, 5 and 15 minutes, in its own words."""
    name: str = ""
    """What an agent there calls itself."""
    gone: str = ""
    """Why the VM is known not to exist."""
    trouble: str = ""
    """Why it could not be looked at."""
