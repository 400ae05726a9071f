"""Agents and VMs by the names people use; what cannot be found is answered with what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import NotFound
from cockpit.model.ids import VmId
from cockpit.model.sub_agents import OTHER, PLACE, refusal_of, sub_agent_called

if TYPE_CHECKING:
    from cockpit.engine.state import FleetState
    from cockpit.model.fleet import Agent


class Naming:
    """Finds agents and VMs of a fleet."""

    def __init__(self, fleet_state: FleetState) -> None:
        self._fleet_state = fleet_state

    def agent_named(self, name: str) -> Agent:
        """Return an agent by name or id.

        Raises:
            NotFound: there is none; names the ones there are. `Gone` if it is known that there was one.
            UsageError: several have the name; names them with their ids.
        """
        agent = self._fleet_state.agent_named(name)
        if agent is None:
            raise self._unknown(name, f"there is no agent named {name}", OTHER)
        return agent

    def vm_named(self, name: str) -> tuple[VmId, str]:
        """Return the VM with an id, else the VM of the agent with a name, and how it is called.

        Raises:
            NotFound, UsageError: as `agent_named`.
        """
        vm = self._fleet_state.vms.get(VmId(name.lower()))
        agent = self._fleet_state.agent_named(name)
        if vm is not None:
            return vm.id, agent.name if agent is not None else vm.id
        if agent is None:
            raise self._unknown(name, f"there is no agent or VM {name}", PLACE)
        return agent.vm_id, agent.name

    def _unknown(self, name: str, message: str, wants: str) -> NotFound:
        within = sub_agent_called(name, self._fleet_state.agents.values())
        if within is not None:
            return NotFound(refusal_of(within, wants), hint="`cockpit agents --json` says what it does")
        self._fleet_state.check_not_gone(name)
        known = ", ".join(sorted(agent.name for agent in self._fleet_state.agents.values())) or "none"
        return NotFound(message, hint=f"agents here: {known}")
