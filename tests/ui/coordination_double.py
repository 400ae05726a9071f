"""A double of the shared state of a swarm, for screens and verbs."""

from __future__ import annotations

from cockpit.model.recovery import Recovery


class RecoveryDouble:
    """What a test says that a crash left behind."""

    def __init__(self) -> None:
        self.due: Recovery | None = None
        self.found = Recovery()

    def seen(self) -> None:
        """It was seen."""
        self.due = None

    def report(self) -> Recovery:
        """Return what the test says."""
        return self.found

    async def look(self) -> Recovery:
        """Return what the test says."""
        return self.found


class CoordinationDouble:
    """Satisfies `cockpit.model.coordination.CoordinationPort` with what a test puts in."""

    def __init__(self) -> None:
        self.places: tuple[str, ...] = ("embedded",)
        self.recovery = RecoveryDouble()
