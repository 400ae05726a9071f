"""How a control service answers."""

from __future__ import annotations

from dataclasses import dataclass


def kind_of_service(name: str) -> str:
    """Return what a control service is: where several sources have one, its source's name stands before that."""
    return name.rpartition(" ")[2]


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """Whether a control service answers: `vers`, `board`, `feed`, `registry`."""

    name: str
    ok: bool
    since: float
    reason: str = ""
    hint: str = ""
    """The next thing to do about it."""
    unreadable: int = 0
    """Records of its last list that could not be read: what is shown of it is not all there is."""

    @property
    def trouble(self) -> str:
        """What is wrong with it, and the next thing to do about it."""
        return f"{self.reason} ({self.hint})" if self.hint else self.reason
