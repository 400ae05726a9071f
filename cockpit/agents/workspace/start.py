"""How far an agent had come when a copy of it began: kept beside the mark of the copy's start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """How far an agent had come at a moment."""

    tokens: int = 0
    cost: float = 0.0
    epoch: int = 0
    line: int = 0

    def words(self) -> str:
        """Return it as it stands on the VM."""
        return f"{self.tokens} {self.cost:.9f} {self.epoch} {self.line}"


def spent_in(words: str) -> Spent | None:
    """Return what stands on the VM, or None if that is none: a VM can say anything."""
    try:
        tokens, cost, epoch, line = (float(word) for word in words.split())
        return Spent(int(tokens), cost, int(epoch), int(line))
    except (ValueError, OverflowError):
        return None
