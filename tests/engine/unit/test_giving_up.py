"""A spawn that failed: nobody is left in the list, wherever its agent lived."""

from __future__ import annotations

from dataclasses import replace

from cockpit.engine.commands.giving_up import GivingUp
from cockpit.engine.operation import OperationProgress
from cockpit.model.ids import AgentId, OperationId, agent_of
from tests.engine.unit.parts import VM, Parts, agent_on

BEHIND_WALLS = "/tmp/pi-rpc"


async def test_an_agent_goes_with_its_vm_which_tells_no_longer_where_it_lived() -> None:
    parts = Parts()
    parts.state.agents.clear()
    lived = replace(agent_on(), id=agent_of(VM, BEHIND_WALLS), directory=BEHIND_WALLS)
    parts.state.put_agent(lived)
    detached: list[AgentId] = []
    source = replace(parts.source(), place_on=lambda vm_id: BEHIND_WALLS if vm_id in parts.vers.states else "~/pi-rpc")
    giving_up = GivingUp(parts.state, parts.store, source, detached.append, lambda _agent: None)
    progress = OperationProgress(parts.state, OperationId("ck-1"), "spawn", "builder")
    await giving_up.delete(VM, progress)
    assert VM not in parts.vers.states
    assert not parts.state.agents and not parts.state.vms and detached == [lived.id]
