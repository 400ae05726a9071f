"""To which commit an agent goes back, as the fleet knows it."""

from __future__ import annotations

from cockpit.model.fleet import Agent, Fleet
from cockpit.model.kept import KeptCommit, last_checkpoint


def checkpoint_of(agent: Agent, fleet: Fleet) -> KeptCommit | None:
    """Return the commit that was taken before an agent's latest text, whichever VM it lived on then, or None."""
    vm = fleet.vm(agent.vm_id)
    return last_checkpoint(agent.vm_id, fleet.kept, (vm.parent_commit or "") if vm is not None else "")
