"""How a transcript is shown: everything in full, as written, and single blocks folded or opened by the reader."""

from __future__ import annotations

from enum import Enum

from cockpit.model.transcript.entry import Entry

MOST_BLOCKS = 4096
"""Blocks that were folded or opened one by one and are remembered; beyond that the oldest are shown as the others."""

BlockId = tuple[int, int, str]
"""What a block is known by in every transcript of its agent: epoch and line of its first record, and its call or kind.
"""


class Fullness(Enum):
    """How much of a block is shown."""

    HEAD = "head"
    """Its first line."""
    SHORT = "short"
    """What usually suffices."""
    FULL = "full"


class ReadingManner:
    """What the reader chose for one agent's transcript."""

    def __init__(self) -> None:
        self.expanded = False
        """Everything in full."""
        self.raw = False
        """Texts as they were written: no Markdown, no colours, nothing left out."""
        self.version = 0
        """Grows with each block that is folded or opened."""
        self._blocks: dict[BlockId, Fullness] = {}

    @property
    def usual(self) -> Fullness:
        """How much is shown of a block that nobody folded or opened."""
        return Fullness.FULL if self.expanded or self.raw else Fullness.SHORT

    def of(self, entry: Entry) -> Fullness:
        """Return how much of an entry is shown."""
        return self._blocks.get(block_id(entry), self.usual) if self._blocks else self.usual

    def show(self, entry: Entry, fullness: Fullness) -> None:
        """Show so much of one entry from now on."""
        self._blocks.pop(block_id(entry), None)
        if fullness is not self.usual:
            self._blocks[block_id(entry)] = fullness
        if len(self._blocks) > MOST_BLOCKS:
            del self._blocks[next(iter(self._blocks))]
        self.version += 1

    def expand(self, expanded: bool) -> None:
        """Show everything in full or short, what was folded or opened one by one as well."""
        self.expanded = expanded
        self._blocks.clear()
        self.version += 1


def block_id(entry: Entry) -> BlockId:
    """Return what an entry is known by."""
    return entry.epoch, entry.line, entry.call_id or entry.kind.value
