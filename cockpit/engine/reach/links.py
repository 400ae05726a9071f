"""The connection to any VM: that of its agent where one is attached, else one of its own while somebody needs it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions
from cockpit.engine.streams.link import VmLink
from cockpit.errors import Refused
from cockpit.model.dwelling import it_words, reached_words
from cockpit.model.fleet import LinkState, Power
from cockpit.model.ids import VmId
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.model.refusals.ports import of_power
from cockpit.remote.ssh.backoff import Backoff

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection


class VmLinks:
    """Connections of one source, by VM."""

    def __init__(self, fleet_state: FleetState, agent_sessions: AgentSessions) -> None:
        self._fleet_state = fleet_state
        self._agent_sessions = agent_sessions
        self._own: dict[VmId, VmLink] = {}
        self._tasks: dict[VmId, asyncio.Task[None]] = {}
        self._users: Counter[VmId] = Counter()

    @contextlib.asynccontextmanager
    async def held(self, vm_id: VmId) -> AsyncIterator[None]:
        """Have a VM connected for the time of the block; one without an attached agent gets a link of its own."""
        self._users[vm_id] += 1
        if self._of_agent(vm_id) is None and vm_id not in self._own:
            link = self._own[vm_id] = VmLink(
                self._fleet_state,
                vm_id,
                partial(self._agent_sessions.connect, vm_id),
                lambda connection: connection.wait_closed(),
                Backoff(),
                partial(self._agent_sessions.trusted_keys, vm_id),
            )
            self._tasks[vm_id] = asyncio.create_task(link.run(), name=f"link to VM {vm_id}")
        try:
            yield
        finally:
            self._users[vm_id] -= 1
            if not self._users[vm_id]:
                del self._users[vm_id]
                self._own.pop(vm_id, None)
                if (task := self._tasks.pop(vm_id, None)) is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)

    async def ready(self, vm_id: VmId, seconds: float, *, patient: bool = False) -> Connection:
        """Return the open connection to a VM that is held.

        Args:
            seconds: how long to wait for the first attempt.
            patient: wait through failed attempts, too, for a link that comes back.

        Raises:
            Refused: there is none; says why, at once where it is known.
        """

        def found() -> Connection | None:
            if of_power(vm_id, self._fleet_state.snapshot()) is not None:
                return None
            for link in (self._of_agent(vm_id), self._own.get(vm_id)):
                if link is not None and link.connection is not None and not link.connection.closed:
                    return link.connection
            return None

        def decided() -> bool:
            return found() is not None or bool(self._hopeless(vm_id, patient))

        await self._fleet_state.until(decided, seconds)
        connection = found()
        if connection is None:
            reason = self._hopeless(vm_id, patient) or f"it did not answer within {seconds:g} s"
            raise Refused(f"{self._called(vm_id)} cannot be reached: {reason}", hint=self._hint(vm_id))
        return connection

    async def hindrances(self, vm_id: VmId) -> AsyncIterator[str]:
        """Yield why nothing is heard of a VM, each time that changes, and empty text when it goes on.

        It ends behind the word that the VM is gone.
        """
        said = ""
        while not self._is_gone(vm_id):

            def differs(seen: str = said) -> bool:
                return self.hindrance(vm_id) != seen

            await self._fleet_state.until(differs)
            said = self.hindrance(vm_id)
            yield said

    def _is_gone(self, vm_id: VmId) -> bool:
        refused = of_power(vm_id, self._fleet_state.snapshot())
        return refused is not None and refused.code is RefusalCode.NO_VM

    async def heard(self, vm_id: VmId, seconds: float) -> bool:
        """Say whether a VM is heard, waiting for that some seconds at most."""
        return await self._fleet_state.until(lambda: not self.hindrance(vm_id), seconds)

    def it(self, vm_id: VmId) -> str:
        """Return the subject of what is said of a VM, or of what stands for one on a plain host."""
        return it_words(self._fleet_state.vms.get(vm_id))

    def hindrance(self, vm_id: VmId) -> str:
        """Say why nothing is heard of a VM now, or return empty text."""
        power = self._fleet_state.power(vm_id)
        if power in (Power.PAUSED, Power.SLEEPING):
            # The link says the same until it has noticed that the VM runs again.
            return f"{self.it(vm_id)} is {power.value}"
        if (refused := of_power(vm_id, self._fleet_state.snapshot())) is not None:
            return refused.sentence
        link = self._of_agent(vm_id) or self._own.get(vm_id)
        if link is None or link.shown.state in (LinkState.UP, LinkState.NEVER):
            return ""
        called, reason, vm = self._called(vm_id), link.shown.reason, self._fleet_state.vms.get(vm_id)
        if link.shown.state is LinkState.PAUSED:
            return reason
        if link.shown.state is LinkState.SILENT:
            return f"nothing is heard of {reached_words(called, vm)}: {reason}"
        return f"{reached_words(called, vm)} is not connected{f': {reason}' if reason else ''}"

    def _of_agent(self, vm_id: VmId) -> VmLink | None:
        for agent in self._fleet_state.agents.values():
            if agent.vm_id == vm_id and (session := self._agent_sessions.agent_session(agent.id)) is not None:
                return session.link
        return None

    def _hopeless(self, vm_id: VmId, patient: bool) -> str:
        """Say why a connection does not come, or return empty text while one may."""
        if (refused := of_power(vm_id, self._fleet_state.snapshot())) is not None:
            return refused.sentence
        link = self._of_agent(vm_id) or self._own.get(vm_id)
        if link is None:
            return "it has no link: it may be gone"
        shown = link.shown
        if shown.state is LinkState.PAUSED or (shown.state is LinkState.DOWN and not patient):
            return shown.reason or shown.state.value
        return ""

    def _hint(self, vm_id: VmId) -> str:
        link = self._of_agent(vm_id) or self._own.get(vm_id)
        if link is not None and link.shown.state is LinkState.PAUSED:
            return f"cockpit resume {self._called(vm_id)}"
        return "it is tried again by itself"

    def _called(self, vm_id: VmId) -> str:
        agent = self._fleet_state.agent_on(vm_id)
        return agent.name if agent is not None else vm_id
