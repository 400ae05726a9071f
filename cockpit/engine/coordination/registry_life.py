"""What the registry says of the life of our agents: running, paused, stopped; and signs of life where a VM gives none.

A VM tells of itself that its agent lives, and that it ended (`agents/reporting/beats`). What it cannot tell, that it is
frozen, and where it has nothing to ask with, the cockpits write. Each of them may: twice is as once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence

from cockpit.engine.commands.registration import registration_for, update_entry
from cockpit.engine.running_source import RunningSource
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError
from cockpit.model.fleet import Agent, LinkState, Power, ProcessState
from cockpit.model.ids import AgentId, VmId
from cockpit.services.errors import RecordNotFound
from cockpit.store.store import Store

log = logging.getLogger(__name__)

BEAT_INTERVAL = 60.0
"""Seconds between two signs of life; an entry without one for five minutes is stale."""

LOOK_INTERVAL = 0.5
"""Seconds between two looks at what agents have come to."""

RETRY = 10.0
"""Seconds until a registry that took nothing is asked again."""

FROM_THE_VM = frozenset({"curl", "python3", "node"})
"""What gives signs of life from a VM."""

FROZEN = (Power.PAUSED, Power.SLEEPING)


def status_of(agent: Agent, power: Power) -> str:
    """Return what the registry is to say of an agent; empty text where that is not known."""
    if power in FROZEN:
        return "paused"
    if agent.process.state is ProcessState.DEAD:
        return "stopped"
    alive = agent.process.state is ProcessState.ALIVE and agent.link.state is LinkState.UP
    return "running" if alive and power is Power.RUNNING else ""


def is_ours(agent: Agent) -> bool:
    """Say whether a cockpit started an agent: one that another tool started is that tool's to register."""
    return bool(agent.process.run_id) and not agent.elsewhere


def beats_end_with_us(agent: Agent) -> bool:
    """Say whether an agent's signs of life come from the cockpit that records it."""
    scaffold = agent.process.scaffold
    return is_ours(agent) and scaffold is not None and scaffold.beats not in FROM_THE_VM


def lends_beats(fleet_state: FleetState, vm_id: str) -> bool:
    """Say whether an entry's signs of life come from a cockpit: its VM can give none."""
    agent = fleet_state.agent_on(VmId(vm_id.lower()))
    return agent is not None and beats_end_with_us(agent)


class RegistryLife:
    """Keeps the entries of all sources' agents true."""

    def __init__(self, running: Sequence[RunningSource], fleet_state: FleetState, store: Store) -> None:
        self._sources = {one.name: one.source for one in running}
        self._fleet_state = fleet_state
        self._store = store
        self._said: dict[AgentId, str] = {}
        """What the registry says, as far as it was seen or written here."""

    async def run(self) -> None:
        """Write what changes, until cancelled."""
        while True:
            # By the clock and not at each change of the fleet: with many agents there are hundreds a second.
            taken = await self.look()
            await asyncio.sleep(LOOK_INTERVAL if taken else RETRY)

    async def look(self) -> bool:
        """Write what changed since the last look; False if a registry did not take something."""
        taken = True
        for agent, status in list(self._changes()):
            try:
                await self._write(agent, status)
            except CockpitError as error:
                log.info("the registry does not say yet that %s is %s: %s", agent.name, status, error)
                taken = False
            else:
                self._said[agent.id] = status
        return taken

    async def beat(self) -> None:
        """Give signs of life of the agents recorded here whose VMs give none, until cancelled."""
        while True:
            for agent in list(self._fleet_state.agents.values()):
                source = self._sources.get(agent.source)
                alive = source is not None and status_of(agent, self._fleet_state.power(agent.vm_id)) == "running"
                if alive and beats_end_with_us(agent) and self._store.leases.holds(agent.id):
                    await self._beat(agent, source)
            await asyncio.sleep(BEAT_INTERVAL)

    async def _beat(self, agent: Agent, source: Source | None) -> None:
        if source is None or source.entered_in is None:
            return
        try:
            await source.entered_in.heartbeat(registration_for(source, agent, self._fleet_state.clock.now()))
        except CockpitError as error:
            log.info("no sign of life of %s: %s", agent.name, error)

    def _changes(self) -> Iterator[tuple[Agent, str]]:
        """Yield the agents of which the registry is to say something else."""
        for agent in list(self._fleet_state.agents.values()):
            source = self._sources.get(agent.source)
            if source is None or source.entered_in is None or not is_ours(agent):
                continue
            status = status_of(agent, self._fleet_state.power(agent.vm_id))
            if status and self._said.get(agent.id) != status:
                yield agent, status

    async def _write(self, agent: Agent, status: str) -> None:
        """Have the registry say it, unless it does; an entry that is gone is made again.

        Raises:
            CockpitError: it does not take it.
        """
        source = self._sources[agent.source]
        registry = source.entered_in
        assert registry is not None
        try:
            entry = await registry.get(agent.vm_id)
        except RecordNotFound:
            if status == "stopped":
                return
            await update_entry(source, agent, self._fleet_state.clock.now())
            entry = await registry.get(agent.vm_id)
        # An extension writes `stopped` after every prompt: with the process alive that is idle, and stays.
        idle = status == "running" and entry.status == "stopped" and agent.id not in self._said
        by_itself = agent.process.scaffold is not None and agent.process.scaffold.reports == "extension"
        if entry.status != status and not (idle and by_itself):
            await registry.patch(agent.vm_id, status=status)
