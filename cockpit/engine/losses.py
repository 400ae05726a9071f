"""What would be lost with VMs: each that can be reached is looked at, all at once, within a bound of time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.agents.scaffold.remains import SCRIPT_LIMIT, parse_remains, remains_script
from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError
from cockpit.model.fleet import Agent, Power
from cockpit.model.ids import VmId
from cockpit.model.loss import Loss, Remains, loss_of, why_unseen

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

LOOK_LIMIT = 12.0
"""Seconds the looks at all VMs may take together, their connections included: a person waits for the question."""

AT_ONCE = 16
"""VMs that are looked at at the same time."""


class Losses:
    """Looks at VMs before they are given up; it changes nothing on them."""

    def __init__(self, fleet_state: FleetState, running: Sequence[RunningSource]) -> None:
        self._fleet_state = fleet_state
        self._running = running

    async def look(self, vm_ids: Sequence[VmId]) -> tuple[Loss, ...]:
        """Return what would be lost with each VM, in their order; one that does not answer is told as unknown."""
        found: dict[VmId, Remains] = {}
        unseen: dict[VmId, str] = {}
        waiting = iter(dict.fromkeys(vm_ids))

        async def look_at_next() -> None:
            for vm_id in waiting:
                try:
                    found[vm_id] = await self._remains(vm_id)
                except CockpitError as error:
                    log.info("what is on VM %s alone cannot be told: %s", vm_id, error)
                    unseen[vm_id] = error.message

        looks = [
            asyncio.create_task(look_at_next(), name=f"look for what is lost {number}")
            for number in range(min(AT_ONCE, len(vm_ids)))
        ]
        try:
            if looks:
                await asyncio.wait(looks, timeout=LOOK_LIMIT)
        finally:
            for look in looks:
                look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)
        fleet = self._fleet_state.snapshot()
        return tuple(loss_of(vm_id, fleet, found.get(vm_id), unseen.get(vm_id, "")) for vm_id in vm_ids)

    async def _remains(self, vm_id: VmId) -> Remains:
        """Look at one VM, over the link of its agent where there is one.

        Raises:
            CockpitError: it cannot be reached, or the look did not come to its end.
        """
        if self._fleet_state.power(vm_id) is not Power.RUNNING:
            raise CockpitError(why_unseen(vm_id, self._fleet_state.snapshot()))
        agent, vm = self._fleet_state.agent_on(vm_id), self._fleet_state.vms[vm_id]
        running = next((running for running in self._running if running.name == vm.source), self._running[0])
        session = running.agent_sessions.agent_session(agent.id) if agent is not None else None
        if session is not None and session.link is not None:
            return await _look_over(await session.link.ready(LOOK_LIMIT), running, agent, vm_id)
        connection = await running.agent_sessions.connect(vm_id)
        try:
            return await _look_over(connection, running, agent, vm_id)
        finally:
            await connection.close()


async def _look_over(connection: Connection, running: RunningSource, agent: Agent | None, vm_id: VmId) -> Remains:
    paths = running.source.paths_of(agent) if agent is not None else running.source.paths_on(vm_id)
    done = await connection.run(remains_script(paths, vm_id), timeout=SCRIPT_LIMIT + 2.0)
    return parse_remains(done.exit_code, done.stdout, done.stderr, place=running.source.place_words(vm_id))
