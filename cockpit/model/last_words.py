"""The end of what an agent's program wrote on standard error."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LastWords:
    """The last lines of a file of the agent's VM."""

    path: str
    """The file, as its VM knows it; empty where it could not be read, and the lines are those that were seen last."""
    size: int
    """Bytes of the whole file; 0 where there is none."""
    lines: tuple[str, ...]
    """Oldest first, as the agent wrote them: hostile until sanitised."""
