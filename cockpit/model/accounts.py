"""What an account has at the platform besides VMs and agents, as it is shown: commits, repositories, itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.model.ids import CommitId
from cockpit.model.size import UNKNOWN_SIZE, SizeLimits, VmSize


@dataclass(frozen=True, slots=True)
class CommitView:
    """A commit as it is shown."""

    id: CommitId
    source: str
    """The fleet that has it."""
    name: str = ""
    description: str = ""
    created_at: float = 0.0
    """Unix seconds."""
    public: bool = False
    parent_vm: str = ""
    """The VM it was taken of; it may be gone."""
    parent: str = ""
    """The commit before it in its line."""
    tags: tuple[str, ...] = ()
    """Names for it: `NAME`, or `REPOSITORY:TAG`."""
    size: VmSize = UNKNOWN_SIZE
    size_bytes: int = 0
    """Bytes it takes; 0 where the platform does not say."""


@dataclass(frozen=True, slots=True)
class CommitList:
    """Commits, and what could not be had of them."""

    commits: tuple[CommitView, ...]
    missing: tuple[str, ...] = ()
    """Why this may not be all, a sentence each."""


@dataclass(frozen=True, slots=True)
class RepositoryView:
    """A repository with its tags."""

    name: str
    description: str = ""
    public: bool = False
    tags: tuple[tuple[str, CommitId], ...] = ()


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account behind a fleet, and what is said of its key."""

    source: str
    account: str
    """Which key at which platform, without what is secret."""
    valid: bool
    message: str = ""
    user: str = ""
    organisation: str = ""
    label: str = ""
    """The key's own name."""
    expires_at: float = 0.0
    """Unix seconds; 0 if it does not expire, or nobody said."""
    limits: SizeLimits = field(default_factory=SizeLimits)
    version: str = ""
    """What the platform says of its version; empty where it says nothing."""
    key_from: str = ""
    """Where the key was found; empty for the embedded fleet's own, and where none is used."""
    host: bool = False
    """It is a plain SSH host: there is no key of a platform, and `user` is who one is there."""
