"""Being found by other tools, agent by agent: their marks in the registry, and an entry in their file.

The published extensions take up what is registered by themselves (hdresearch/pi-v, `extensions/vers-swarm.ts`:
`registeredBy` is `vers-swarm` and `metadata.parentSession` is true; `extensions/vers-lieutenant.ts`: `vers-lieutenant`
and the role `lieutenant`), and what is in their file. At the end of their session they stop workers and delete what
those wrote, so an agent is found by them only where its operator says so.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

from cockpit.agents.lieutenants_file import with_entry, without_entry
from cockpit.agents.scaffold.layout import VM_PATHS
from cockpit.engine.clock import moment
from cockpit.engine.commands.registration import register_again
from cockpit.engine.foreign_files import StateFiles
from cockpit.engine.living import living
from cockpit.engine.memory import keep_identity
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError
from cockpit.model.commands.life import SetFindable
from cockpit.model.fleet import Agent, AgentKind, Power
from cockpit.model.ids import VmId
from cockpit.model.reduce.activity import BUSY
from cockpit.store.store import Store


class Sharing:
    """Lets other tools find agents, or hides them from those."""

    def __init__(self, fleet_state: FleetState, store: Store, source: Source) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._files = StateFiles(source.state_files)

    async def set_findable(self, command: SetFindable, progress: OperationProgress) -> None:
        """Carry out a command.

        Raises:
            CockpitError: the registry or a file refused; what was done until then is shown.
        """
        now = self._fleet_state.clock.now()

        def wanted() -> Agent:
            return replace(living(command.agent, self._fleet_state), findable=command.findable, named_at=now)

        with progress.step("register as theirs" if command.findable else "register as ours"):
            await register_again(self._source, wanted(), now, progress, anew=True)
        agent = wanted()  # It went on meanwhile.
        self._fleet_state.put_agent(agent)
        await keep_identity(self._store, agent)
        if command.findable:
            await self.enter_files(agent, progress)
        else:
            await self.leave_files(agent.vm_id, progress)

    async def enter_files(self, agent: Agent, progress: OperationProgress) -> None:
        """Enter a lieutenant into the other tools' file, or bring its entry up to date; workers are in none.

        Raises:
            CockpitError: the file cannot be changed.
        """
        file = self._files.target
        if agent.kind is not AgentKind.LIEUTENANT or file is None:
            return
        with progress.step(f"enter {self._files.shown(file)}"):
            edit = partial(with_entry, fields=self._fields(agent), saved_at=moment(self._fleet_state.clock.now()))
            await asyncio.to_thread(self._files.change, file, edit)
            if agent.directory != VM_PATHS.directory:
                progress.detail(f"they look at {VM_PATHS.directory} alone, and it lives at {agent.directory}")

    async def leave_files(self, vm_id: VmId, progress: OperationProgress) -> None:
        """Take a VM out of the other tools' files; all else in them stays.

        Raises:
            CockpitError: a file cannot be changed.
        """
        if self._files.target is None:
            return
        for file in await asyncio.to_thread(self._files.has, vm_id):
            with progress.step(f"leave {self._files.shown(file)}"):
                edit = partial(without_entry, vm_id=vm_id, saved_at=moment(self._fleet_state.clock.now()))
                await asyncio.to_thread(self._files.change, file, edit)

    async def left_behind(self, vm_id: VmId, progress: OperationProgress) -> None:
        """Take a VM that was destroyed out of the files; what fails is said, and the VM is gone all the same."""
        try:
            await self.leave_files(vm_id, progress)
        except CockpitError as error:
            self._fleet_state.notice(f"VM {vm_id} is gone, and its entry stays: {describe(error)}")

    def _fields(self, agent: Agent) -> dict[str, object]:
        """Return what such a file has of a lieutenant, of what is known here."""
        working = agent.activity.state in BUSY
        paused = self._fleet_state.power(agent.vm_id) in (Power.PAUSED, Power.SLEEPING)
        said = {"role": agent.role} if agent.role else {}  # what others wrote of it stays
        return {
            "name": agent.name,
            **said,
            "vmId": agent.vm_id,
            "isLocal": False,
            "status": "paused" if paused else "working" if working else "idle",
            "lastActivityAt": moment(agent.last_event_at or self._fleet_state.clock.now()),
        }
