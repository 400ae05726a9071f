"""An agent as it is now, to whoever waited for something: it may be here no more."""

from __future__ import annotations

from cockpit.engine.state import FleetState
from cockpit.errors import Gone
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId


def living(agent_id: AgentId, fleet_state: FleetState) -> Agent:
    """Return an agent as it is now, to whoever waited for something and comes back to it.

    Raises:
        Gone: it is here no more.
    """
    agent = fleet_state.agents.get(agent_id)
    if agent is None:
        raise Gone(f"agent {agent_id} is here no more: its VM was deleted meanwhile", hint="list the VMs")
    return agent
