"""What the workspace of an agent changed since something: each repository of it, and the files that are in none."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.model.changes.diff import FileChange, added_lines, removed_lines
from cockpit.model.ids import AgentId

LOOSE = "files"
"""Stands for the files of a workspace that no repository holds; no repository is called so, each begins with `.`."""


class Since(StrEnum):
    """What a workspace is compared with."""

    TASK = "task"
    """As it was when the task began: the first text, or the mark that the operator set since."""
    PROMPT = "prompt"
    """As it was when the last text was sent to an agent at rest."""
    LOOKED = "looked"
    """As it was when the operator last looked."""
    START = "start"
    """As it was when a copy began: it is marked as one of several is made."""
    COMMIT = "commit"
    TURN = "turn"
    """A snapshot, compared with the one before it."""
    SNAPSHOT = "snapshot"
    """As it was in a snapshot."""


@dataclass(frozen=True, slots=True)
class Base:
    """What a workspace is compared with."""

    since: Since = Since.TASK
    name: str = ""
    """The commit, or the key of the snapshot."""


class SnapshotKind(StrEnum):
    """Why the state of a workspace was kept."""

    TASK = "task"
    """The operator said that a task begins."""
    START = "start"
    """A copy began."""
    PROMPT = "prompt"
    """A text was sent."""
    END = "end"
    """A turn ended."""
    SAFETY = "safety"
    """A restoration was about to change it."""
    LOOKED = "looked"
    COMMENT = "comment"
    """A comment is about a line of it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state that was kept."""

    key: str
    """Nanoseconds of the VM's clock and the kind; later ones sort behind earlier ones."""
    kind: str
    commit: str
    tree: str
    at: float
    """Unix seconds by the VM's clock."""
    said: str = ""
    """The beginning of the text that began the turn."""
    place: str = "."
    """Of which repository."""


@dataclass(frozen=True, slots=True)
class RepositoryChanges:
    """What changed in one repository, or among the files that are in none."""

    place: str
    """From the workspace on: `.` or `./name`; `files` for what is in no repository."""
    branch: str = ""
    """Empty where a commit is checked out without one, or there is no repository."""
    head: str = ""
    upstream: str = ""
    ahead: int | None = None
    """Commits that the upstream has not; None where there is no upstream, or it was not counted."""
    behind: int | None = None
    midst: str = ""
    """What git is in the middle of: `rebase`, `merge`, `cherry-pick`, `revert`, `bisect`."""
    base: str = ""
    """The commit or the tree it is compared with."""
    base_how: str = ""
    """How that was found, in a word of the script; see `base_words`."""
    base_at: float = 0.0
    """When that was kept, by the VM's clock; 0 where it is no snapshot."""
    now: str = ""
    """The commit that holds what is there now."""
    files: tuple[FileChange, ...] = ()
    cut: bool = False
    """The hunks of some files were not carried."""
    left_out: tuple[str, ...] = ()
    """Files too large to be kept: whether they changed is not told."""
    fault: str = ""
    """Why nothing is known of it; empty if something is."""

    @property
    def added(self) -> int:
        """Lines that were added."""
        return added_lines(self.files)

    @property
    def removed(self) -> int:
        """Lines that were removed."""
        return removed_lines(self.files)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a workspace changed."""

    agent: AgentId
    base: Base
    at: float
    """Unix seconds of the cockpit when it was looked at."""
    vm_now: float
    """Unix seconds of the VM then."""
    repositories: tuple[RepositoryChanges, ...] = ()
    spent: str = ""
    """What stands beside the mark of a copy's start: how far the agent had come."""
    start_at: float = 0.0
    """When that mark was made, by the VM's clock."""
    wrote_at: float = 0.0
    """When the agent wrote last, by the VM's clock."""
    against: str = ""
    """The name of the other agent, if it is compared with one."""
    snapshots: tuple[Snapshot, ...] = ()
    """What is kept of all its repositories, in the order of their keys."""

    @property
    def files(self) -> int:
        """How many files differ."""
        return sum(len(one.files) for one in self.repositories)

    @property
    def added(self) -> int:
        """Lines that were added."""
        return sum(one.added for one in self.repositories)

    @property
    def removed(self) -> int:
        """Lines that were removed."""
        return sum(one.removed for one in self.repositories)

    def repository(self, place: str) -> RepositoryChanges | None:
        """Return what changed in one place, or None."""
        return next((one for one in self.repositories if one.place == place), None)


def no_line_because(found: RepositoryChanges, file: FileChange | None) -> str:
    """Say why no line is there to be commented on, or return empty text where the file shows its lines.

    Args:
        found: what changed in one place.
        file: one file of it; None where none is meant.
    """
    instead = "say in a prompt which file and line you mean"
    if found.fault:
        return f"what changed in {found.place} is not known: {found.fault}"
    if not found.now:
        why = "git is not there, so only that files differ is known, and not which lines"
        return f"{why}: {instead}, or put git there"
    if file is None:
        return ""
    if file.binary:
        return f"{file.path} is binary, it has no lines: {instead}"
    if not file.hunks:
        how = "its lines were not carried: too much changed at once" if not file.whole else "no line of it differs"
        return f"{file.path}: {how}: {instead}"
    return ""


_BASES = {
    "task": "since the task began",
    "first": "since the first text of this cockpit",
    "prompt": "since the last text",
    "looked": "since you last looked",
    "start": "since the copy began",
    "commit": "against commit {}",
    "turn": "in this turn",
    "snapshot": "since {}",
    "clone": "since it was cloned: no state of it was kept before",
    "made": "since the repository was made: no state of it was kept before",
    "head": "against its last commit: no state of it was kept before",
    "nothing": "all there is: no state of it was kept before",
    "other": "against {}",
}


def base_words(found: RepositoryChanges, name: str = "") -> str:
    """Say in words what a repository is compared with.

    Args:
        found: what was found.
        name: the commit or the agent that was asked for.
    """
    return _BASES.get(found.base_how, found.base_how).format(name or found.base[:12])


@dataclass(frozen=True, slots=True)
class Workspace:
    """What is known of an agent's workspace at a moment, for its row."""

    at: float
    """Unix seconds of the cockpit."""
    repository: str = ""
    """The name of the first repository; empty where there is none."""
    more: int = 0
    """How many more there are."""
    branch: str = ""
    ahead: int | None = None
    behind: int | None = None
    midst: str = ""
    files: int = 0
    added: int = 0
    removed: int = 0
    fault: str = ""
    """Why it is not known."""
    left_out: tuple[str, ...] = field(default=())


def workspace_of(changes: Changes, fallback: str = "workspace") -> Workspace:
    """Return what a row shows of changes.

    Args:
        changes: since the task began.
        fallback: how a repository is called that is the workspace itself.
    """
    repositories = [one for one in changes.repositories if one.place != LOOSE]
    first = next((one for one in repositories if one.files), repositories[0] if repositories else None)
    faults = "; ".join(f"{one.place}: {one.fault}" for one in changes.repositories if one.fault)
    counted = (changes.files, changes.added, changes.removed)
    if first is None:
        return Workspace(changes.at, "", 0, "", None, None, "", *counted, fault=faults)
    name = first.place.removeprefix("./")
    return Workspace(
        changes.at,
        fallback if name == "." else name,
        len(repositories) - 1,
        first.branch or first.head[:8],
        first.ahead,
        first.behind,
        first.midst,
        *counted,
        fault=faults,
        left_out=first.left_out,
    )
