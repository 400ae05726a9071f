"""Which kind of server answers at the address of the services, and what it has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ServerKind(StrEnum):
    """The two that are known: agent-services, and its relative reef."""

    AGENT_SERVICES = "agent-services"
    REEF = "reef"


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself."""

    kind: ServerKind
    uptime: float
    """Seconds; less than the last value means that it started anew."""
    modules: tuple[str, ...] = ()
    """What a reef has; empty for agent-services, which has everything."""

    def has(self, module: str) -> bool:
        """Say whether it has a service: `board`, `feed`, `registry`, `skills`, `log` …"""
        return self.kind is ServerKind.AGENT_SERVICES or module in self.modules
