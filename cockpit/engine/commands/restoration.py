"""Bringing agents back from commits: a new VM, and on it the agent with its identity and its conversation."""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from itertools import islice

from cockpit.engine.agent_record import agent_from_row
from cockpit.engine.commands.creations import Creations
from cockpit.engine.commands.keeping import Keeping
from cockpit.engine.commands.launch_record import spawn_of
from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.commands.wanted import wanted_from
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import Refused, UsageError
from cockpit.model.commands.life import Restore, Spawn, Undo
from cockpit.model.fleet import Agent, AgentKind, Power, Vm
from cockpit.model.ids import CommitId, VmId
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from cockpit.model.names import numbered_from
from cockpit.model.refusals.grounds import Refusal
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

MOST_NAMES = 97
"""Names of the form NAME-2 that are tried."""


class Restorations:
    """Restores commits."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        keeping: Keeping,
        creations: Creations,
        spawner: Spawner,
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._keeping = keeping
        self._creations = creations
        self._spawner = spawner

    def refusal(self, command: Restore | Undo) -> Refusal | None:
        """Return why nobody is brought back where it is written down who was on a commit: the family may be full."""
        kept = self._kept(command.commit)
        wanted = wanted_from(kept.identity) if kept is not None else None
        instead = command.instead if isinstance(command, Restore) else None
        return self._spawner.places.refusal(wanted, instead) if wanted is not None else None

    async def sure_before(self, command: Restore, instead: VmId, progress: OperationProgress) -> None:
        """Make sure, before a VM goes for it, that an agent can be brought back from a commit.

        Raises:
            CockpitError: it cannot, or that is not known; nothing was touched.
        """
        with progress.step("make sure of the commit"):
            await self._source.vers.commits.one(command.commit)
            wanted = await self._wanted(command, self._kept(command.commit))
            if wanted is None:
                raise _nobody_known(command.commit)
            self._spawner.program_of(wanted)
            self._spawner.places.check(wanted, instead)
            if command.name:
                await self._free_name(command.name, exactly=True, own=instead)

    async def restore(self, command: Restore | Undo, verb: str, progress: OperationProgress) -> Agent | None:
        """Make a VM from a commit and start the agent that was on it; None if none was known there.

        A VM that was made stays, whatever fails afterwards: its agent is known, and can be relaunched.

        Raises:
            CockpitError: a step failed; says which.
        """
        kept = self._kept(command.commit)
        with progress.step("look for the commit"):
            wanted = await self._wanted(command, kept)
            given = command.name if isinstance(command, Restore) else ""
            if wanted is None and not isinstance(command, Undo):
                raise _nobody_known(command.commit)
            if wanted is not None:
                self._spawner.program_of(wanted)
                name = await self._free_name(given or wanted.name, exactly=bool(given))
                wanted = replace(wanted, name=name)
                progress.detail(f"{wanted.kind.value} {name}")
        if wanted is None:
            return await self._restore(command, verb, kept, None, progress)
        with self._spawner.places.claimed(wanted):
            return await self._restore(command, verb, kept, wanted, progress)

    async def _restore(
        self,
        command: Restore | Undo,
        verb: str,
        kept: KeptCommit | None,
        wanted: Spawn | None,
        progress: OperationProgress,
    ) -> Agent | None:
        target = wanted.name if wanted is not None else command.commit
        async with self._creations.written_down(verb, target, f"commit {command.commit}", wanted) as request:
            with progress.step(f"restore commit {command.commit[:8]}"):
                if kept is not None and isinstance(command, Undo):
                    async with self._keeping.undoing(kept):
                        vm_id = await self._source.vers.from_commit(command.commit)
                        await self._keeping.moved(kept, KeptState.RESTORED, f"VM {vm_id} was made from it")
                else:
                    vm_id = await self._source.vers.from_commit(command.commit)
                progress.detail(vm_id)
                now = self._fleet_state.clock.now()
                self._fleet_state.put_vm(
                    Vm(
                        vm_id,
                        Power.BOOTING,
                        now,
                        label=target,
                        seen_at=now,
                        source=self._source.name,
                        parent_commit=command.commit,
                    )
                )
            if wanted is None:
                return None
            await self._creations.made(request, (vm_id,))
            return await self._start(wanted, vm_id, progress)

    async def tried_again(self, commit: CommitId, agent: Agent, prompt: str) -> None:
        """Write down that an agent was told something else at a commit: one can go back there once more."""
        kept = self._kept(commit)
        if kept is not None:
            again = replace(
                kept,
                request=str(uuid.uuid4()),
                purpose=KeptFor.CHECKPOINT,
                at=self._fleet_state.clock.now(),
                vm=agent.vm_id,
                name=agent.name,
                prompt=prompt,
                expires_at=None,
            )
            await self._keeping.moved(again, KeptState.KEPT)

    async def _start(self, wanted: Spawn, vm_id: VmId, progress: OperationProgress) -> Agent:
        return await self._spawner.start_copy(replace(wanted, image=None), vm_id, progress)

    def _kept(self, commit: CommitId) -> KeptCommit | None:
        return next((one for one in self._fleet_state.kept.values() if one.commit == commit), None)

    async def _wanted(self, command: Restore | Undo, kept: KeptCommit | None) -> Spawn | None:
        """Return who is to be started from a commit: who was on it, else a lieutenant of the name that was given."""
        known = await self._who_was_on(command.commit, kept)
        if known is None and isinstance(command, Restore) and command.name:
            return Spawn(command.name, AgentKind.LIEUTENANT, image=command.commit)
        return known

    async def _who_was_on(self, commit: CommitId, kept: KeptCommit | None) -> Spawn | None:
        """Return who was on a commit: as it was written down, else whoever is remembered of its VM."""
        if kept is not None and (known := wanted_from(kept.identity)) is not None:
            return known
        record = await self._source.vers.commits.one(commit)
        try:
            rows = await self._store.agents()
        except StoreError as error:
            log.error("who was on commit %s cannot be read: %s", commit, error)
            return None
        row = next((row for row in reversed(rows) if row.vm_id == record.parent_vm_id), None)
        return spawn_of(agent_from_row(row, self._source.name)) if row else None

    async def _free_name(self, name: str, *, exactly: bool, own: VmId | None = None) -> str:
        """Return the name, or the first of the form NAME-2 that nobody has or gets, but who lives on the VM `own`.

        Raises:
            UsageError: it is taken, and no other is wanted.
        """
        taken, claimed = f"there is an agent named {name} already", self._spawner.places.facilities().claimed
        for candidate in (name, *islice(numbered_from(name, 2), MOST_NAMES)):
            others = any(agent.vm_id != own for agent in self._fleet_state.agents_called(candidate))
            if others or candidate in claimed:
                reason = UsageError(taken, hint="take another name")
            else:
                try:
                    async with self._spawner.names.reserved(candidate, own):
                        return candidate
                except UsageError as error:
                    reason = error
            if exactly:
                raise reason
        raise UsageError(taken, hint="take another name")


def _nobody_known(commit: CommitId) -> Refused:
    hint = "give a name: --name; it is started as a lieutenant then"
    return Refused(f"who was on commit {commit} is not known here", hint=hint)
