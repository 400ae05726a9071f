"""What the store takes and gives besides records: cursors, snapshots, agents, audit rows."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.events import Record
from cockpit.model.ids import AgentId


@dataclass(frozen=True, slots=True)
class StoredCursor:
    """Where the reading of an agent's output stands. Identity and anchor are opaque to the store."""

    epoch: int
    offset: int
    """Bytes, at a line boundary."""
    line: int
    """Lines read so far in this epoch."""
    identity: str
    anchor: str
    at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A reduced state as it was after a line; a relaunch folds only what came later."""

    epoch: int
    line: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Recollection:
    """What brings an agent back."""

    snapshot: StoredSnapshot | None
    records: list[Record]
    """The newest, the oldest of them first."""
    answers: list[tuple[str, str]]
    """(dialog id, text) of the answers given to its dialogs, the oldest first."""


UNKNOWN_ACCOUNT = "?"
"""The account of agents that an earlier version remembered."""


@dataclass(frozen=True, slots=True)
class AgentRow:
    """What is remembered of an agent between two starts of the cockpit. Times are unix seconds."""

    id: AgentId
    name: str
    kind: str
    vm_id: str
    role: str = ""
    program: str = ""
    labels: tuple[str, ...] = ()
    parent: str = ""
    paths_directory: str = ""
    """The directory on the VM that holds the FIFO and the output file."""
    workspace: str = ""
    """The directory on the VM the agent works in."""
    run_id: str = ""
    created_at: float = 0.0
    destroyed_at: float | None = None
    account: str = ""
    """Account and platform of its VM; empty is the one in use, `UNKNOWN_ACCOUNT` is what nobody wrote down."""
    parent_vm: str = ""
    """The VM of the agent it works for; empty where no id is known."""
    colour: str = ""
    named_at: float = 0.0
    """When an operator last changed its name, role, labels or colour."""
    findable: bool = False
    """Other tools may find it."""
