"""Agents that live on a host are taken over as they are found: the operator named the host, so they are wanted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions
from cockpit.model.commands.life import Adopt
from cockpit.model.fleet import Link, LinkState, Power
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.names import NAME_LABEL, fault_of, numbered_from, usable_name

if TYPE_CHECKING:
    from cockpit.engine.hosts.places import HostPlace
    from cockpit.engine.hosts.platform import HostPlatform

log = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two looks at what the last look at the host found."""
AGAIN = 120.0
"""Seconds after which an agent is tried again that could not be taken over."""


class TakingUp:
    """Takes over the agents of one host, and reconnects to all of them once the host is there again."""

    def __init__(
        self,
        fleet_state: FleetState,
        platform: HostPlatform,
        agent_sessions: AgentSessions,
        dispatch: Callable[[Adopt], CommandId],
    ) -> None:
        self._fleet_state = fleet_state
        self._platform = platform
        self._agent_sessions = agent_sessions
        self._dispatch = dispatch
        self._tried: dict[VmId, float] = {}
        self._told: dict[AgentId, Link] = {}
        """What was said of agents that nothing is connected to yet."""
        self._connects = platform.connects

    async def run(self) -> None:
        """Take over and reconnect until cancelled."""
        while True:
            self.take_over()
            self._reconnect()
            self.tell_key()
            self._say_services()
            await asyncio.sleep(INTERVAL)

    def take_over(self) -> None:
        """Order the adoption of each living agent that nobody here has."""
        state, now = self._fleet_state, self._fleet_state.clock.now()
        if state.read_only:
            return
        taken = {agent.vm_id for agent in state.agents.values()}
        for vm_id in taken & state.promised.keys():
            del state.promised[vm_id]
        for place in self._platform.places():
            listed = state.vms.get(place.id)
            free = place.id not in taken and place.id not in state.dismissed
            if not free or listed is None or listed.power is not Power.RUNNING or place.process is None:
                continue
            if now - self._tried.get(place.id, float("-inf")) < AGAIN:
                continue
            self._tried[place.id] = now
            name = state.promised[place.id] = self._name_of(place)
            self._dispatch(Adopt(place.id, name, directory=self._platform.directory_of(place.id)))

    def _name_of(self, place: HostPlace) -> str:
        """Return a name that is free, and promised to no other: the label's, else one after its place."""
        state = self._fleet_state
        wanted = place.labels.get(NAME_LABEL) or self._platform.called(place)
        name = wanted if not fault_of(wanted, state.vms) else usable_name(wanted, place.id)
        names = {agent.name for agent in state.agents.values()}
        names |= {promised for vm_id, promised in state.promised.items() if vm_id != place.id}
        return name if name not in names else next(one for one in numbered_from(name, 2) if one not in names)

    def tell_key(self) -> None:
        """Say of agents whose place was not seen yet that the host shows another key: it is trusted by way of them."""
        refused, state = self._platform.refused, self._fleet_state
        for agent in [one for one in state.agents.values() if one.source == self._platform.name]:
            if refused is not None and agent.link.state is LinkState.NEVER:
                key, now = refused.offered_key, state.clock.now()
                link = self._told[agent.id] = Link(LinkState.DOWN, now, reason=refused.message, offered_key=key)
                state.put_agent(replace(agent, link=link))
            elif refused is None and self._told.pop(agent.id, None) is agent.link:
                state.put_agent(replace(agent, link=Link()))

    def _say_services(self) -> None:
        """Show whether the agents there reach board, feed and registry."""
        services, name = self._platform.services, f"{self._platform.name} services"
        if services is None or (services.trouble is None and name not in self._fleet_state.health):
            return
        trouble = services.trouble
        if trouble is None:
            self._fleet_state.set_health(name)
        else:
            self._fleet_state.set_health(name, trouble.message, trouble.hint, fault=trouble.fault)

    def _reconnect(self) -> None:
        """Have all agents of the host try again at once, when something else found that it answers."""
        if self._platform.connects == self._connects:
            return
        self._connects = self._platform.connects
        for place in self._platform.places():
            for agent in [one for one in self._fleet_state.agents.values() if one.vm_id == place.id]:
                session = self._agent_sessions.agent_session(agent.id)
                if session is not None and session.link is not None and agent.link.state is LinkState.DOWN:
                    session.link.wake()
