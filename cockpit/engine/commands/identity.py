"""The file in which a VM says who its agent is, how deep in a family it is, and what that family may have.

Its place and its fields are those of hdresearch/pi-v, `extensions/vers-swarm.ts`: an agent that makes VMs itself reads
the bounds there. Nothing on the platform knows them, so that there they hold for who honours them; a spawn of ours is
refused beyond them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from cockpit.engine.clock import moment
from cockpit.model.family import FamilyBounds, ancestors_of, parents_of
from cockpit.model.fleet import Agent

IDENTITY_FILE = ".swarm/identity.json"
"""Relative to the home directory on the VM."""

NOBODY = "local"
"""What stands for a parent that is no agent on a VM."""


def identity_of(agent: Agent, agents: Iterable[Agent], bounds: FamilyBounds, now: float) -> bytes:
    """Return the file of an agent.

    Args:
        agent: whose it is.
        agents: all that are known, by which its family is.
        bounds: what its family may have.
        now: unix seconds.
    """
    known = {other.id: other for other in agents} | {agent.id: agent}
    above = [known[ancestor] for ancestor in ancestors_of(agent.id, parents_of(known.values()))]
    said = {
        "vmId": agent.vm_id,
        "agentId": agent.name,
        "rootVmId": above[-1].vm_id if above else agent.vm_id,
        "parentVmId": above[0].vm_id if above else agent.parent_vm or NOBODY,
        "depth": len(above),
        "maxDepth": bounds.max_depth,
        "maxVms": bounds.max_vms,
        "createdAt": moment(now),
    }
    return json.dumps(said, indent=2).encode() + b"\n"


def renamed_identity(file: bytes, agent: Agent) -> bytes | None:
    """Return the file of an agent with the name it has now; None where there is none, or it is another VM's.

    Args:
        file: as it is on the VM; other tools write it, too, and what else they say stays.
        agent: whose it is.
    """
    try:
        said = json.loads(file)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or str(said.get("vmId", "")).lower() != agent.vm_id:
        return None
    return json.dumps(said | {"agentId": agent.name}, indent=2).encode() + b"\n"
