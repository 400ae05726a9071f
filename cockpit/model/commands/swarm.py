"""Commands to many agents at the same time."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import AgentId, VmId

STOP_BOUND = 10.0
"""Seconds an agent gets to prove that it stopped, unless another time is asked for."""


@dataclass(frozen=True, slots=True)
class BestOf:
    """Copy an agent as often as there are texts, and give each copy its own, once it runs as itself."""

    vm: VmId
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FanOut:
    """Run one command of a shell in the workspace of many agents at the same time; the agents hear nothing of it."""

    agents: tuple[AgentId, ...]
    text: str
    limit: float = 600.0
    """Seconds it may take on each VM."""


@dataclass(frozen=True, slots=True)
class Teardown:
    """Delete workers, and nobody but workers; the targets were named to the operator before."""

    vms: tuple[VmId, ...]
    undo: bool = False
    """Take a commit of each first, from which it can be brought back for a while."""


@dataclass(frozen=True, slots=True)
class StopAll:
    """End every run: abort, wait for the proof, and freeze whoever does not give it in time."""

    vms: tuple[VmId, ...]
    """Those of all agents there are when it is ordered, without the one that hosts the services."""
    bound: float = STOP_BOUND
    """Seconds an agent gets to prove that it stopped."""


@dataclass(frozen=True, slots=True)
class ContinueAll:
    """Resume the VMs that stopping everything froze; no other one."""

    vms: tuple[VmId, ...]


ManyCommand = BestOf | FanOut | Teardown | StopAll | ContinueAll
