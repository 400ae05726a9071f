"""Files on their way between a VM and here: what was ordered, how far it is, and what was left out and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NewType

from cockpit.model.files.entries import size_words
from cockpit.model.ids import AgentId

TransferId = NewType("TransferId", str)


class Direction(StrEnum):
    """Which way files go."""

    GET = "get"
    PUT = "put"


class TransferState(StrEnum):
    """How a transfer stands."""

    RUNNING = "running"
    WAITING = "waiting"
    """For the link: it goes on by itself."""
    DONE = "done"
    PARTIAL = "partial"
    """Done, but something was left out."""
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({TransferState.DONE, TransferState.PARTIAL, TransferState.FAILED, TransferState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Carriage:
    """An order to bring files here, or to take them there."""

    direction: Direction
    agent: AgentId
    remote: str
    """On the VM; relative paths begin in the workspace."""
    local: Path
    """Here, absolute; a directory that exists gets the file or tree below it."""
    replace: bool = False
    """Whether a file that is there, and another one, may be replaced."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that was not carried."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """An order as it stands."""

    id: TransferId
    order: Carriage
    began_at: float
    """Unix seconds."""
    state: TransferState = TransferState.RUNNING
    done: int = 0
    """Bytes that are where they belong, those of an earlier attempt included."""
    total: int = 0
    """Bytes altogether, as far as is known."""
    files: int = 0
    """Files that are carried whole."""
    of_files: int = 0
    same: int = 0
    """Files among them that were there already."""
    rate: float = 0.0
    """Bytes a second, over the last seconds."""
    current: str = ""
    """The file that is on its way."""
    left_out: tuple[LeftOut, ...] = ()
    """What was left out, the first `LEFT_OUT_KEPT`."""
    left_out_count: int = 0
    reason: str = ""
    """Why it waits, or failed; the target where it is done."""
    ended_at: float | None = None

    @property
    def seconds_left(self) -> float | None:
        """Seconds that remain at the present rate; None where that is not known."""
        return (self.total - self.done) / self.rate if self.rate > 0 and self.total >= self.done else None


LEFT_OUT_KEPT = 200
"""Things that were left out which are kept with their reasons; of more, the number."""


def progress_words(transfer: Transfer) -> str:
    """Say how far a transfer is: `1.2 of 2.0 GB · 41.0 MB/s · 20 s left`."""
    said = [f"{size_words(transfer.done)} of {size_words(transfer.total)}"]
    if transfer.of_files > 1:
        said.append(f"{transfer.files} of {transfer.of_files} files")
    if transfer.state is TransferState.WAITING:
        said.append(f"waits for the link: {transfer.reason}")
    elif transfer.state not in ENDED:
        if transfer.rate:
            said.append(f"{size_words(transfer.rate)}/s")
        if (left := transfer.seconds_left) is not None:
            said.append(f"{left:.0f} s left" if left < 600 else f"{left / 60:.0f} min left")
    return " · ".join(said)


def outcome_words(transfer: Transfer) -> str:
    """Say how a transfer ended."""
    files = "1 file" if transfer.files == 1 else f"{transfer.files} files"
    same = f", {transfer.same} of them were there already" if transfer.same else ""
    if transfer.state is TransferState.CANCELLED:
        return f"cancelled after {size_words(transfer.done)}: the same order goes on from there"
    if transfer.state is TransferState.FAILED:
        return f"failed after {size_words(transfer.done)}: {transfer.reason}"
    left = f"; {transfer.left_out_count} left out" if transfer.left_out_count else ""
    return f"{files}, {size_words(transfer.done)}{same}{left}"
