"""A double of the shared state of a swarm, for screens and verbs."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.fleet import Fleet
from cockpit.model.recovery import Recovery, recovery_of
from cockpit.model.usage.port import UsageReport
from cockpit.model.usage.rules import UsageRules


class RecoveryDouble:
    """What there is to take up again in a fleet that a test made."""

    def __init__(self, fleet: Callable[[], Fleet], now: Callable[[], float]) -> None:
        self.due: Recovery | None = None
        self._fleet = fleet
        self._now = now

    def seen(self) -> None:
        """It was seen."""
        self.due = None

    def report(self) -> Recovery:
        """Return what there is."""
        return recovery_of(self._fleet(), self._now())

    async def look(self) -> Recovery:
        """Return what there is."""
        return self.report()


class UsageDouble:
    """Satisfies `cockpit.model.usage.port.UsagePort` with what a test puts in."""

    def __init__(self) -> None:
        self.rules = UsageRules()
        self.reports: list[float] = []
        """Since when each report was asked for."""
        self.found = UsageReport(0.0, 0.0)

    async def report(self, since: float) -> UsageReport:
        """Return what was put in."""
        self.reports.append(since)
        return self.found


class CoordinationDouble:
    """Satisfies `cockpit.model.coordination.CoordinationPort` with what a test puts in."""

    def __init__(self, fleet: Callable[[], Fleet], now: Callable[[], float]) -> None:
        self.places: tuple[str, ...] = ("embedded",)
        self.recovery = RecoveryDouble(fleet, now)
        self.usage = UsageDouble()
