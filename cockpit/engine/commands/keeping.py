"""Commits that are kept of agents: written down before each is ordered, so that no death of a cockpit loses one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

from cockpit.engine.commands.launch_record import spawn_of
from cockpit.engine.commands.wanted import wanted_text
from cockpit.engine.operation import describe
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, Refused
from cockpit.model.fleet import Power
from cockpit.model.ids import VmId
from cockpit.model.kept import MARK, KeptCommit, KeptFor, KeptState, is_undoable
from cockpit.model.size import VmSize
from cockpit.store.errors import StoreError
from cockpit.store.store import Store
from cockpit.vers.errors import CreationUncertain, VersError

log = logging.getLogger(__name__)

HOLD_LIMIT = 10.0
"""Seconds in which another cockpit that looks after a commit is done with it; to bring its agent back takes longer."""

HOLD_PAUSE = 0.2


class Keeping:
    """Takes commits of VMs and keeps who was on them."""

    def __init__(self, fleet_state: FleetState, store: Store, source: Source) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source

    async def take(
        self, vm_id: VmId, purpose: KeptFor, *, name: str = "", prompt: str = "", kept_for: float | None = None
    ) -> KeptCommit:
        """Take a commit of a VM; a paused VM stays paused.

        Args:
            vm_id: the VM.
            purpose: what it is for.
            name: of the commit, for people; made up if empty.
            prompt: what the agent is told next.
            kept_for: seconds until it is deleted; None keeps it.

        Raises:
            CreationUncertain: whether there is a commit is not known; it is looked for from now on.
            CockpitError: there is none.
        """
        begun = await self._begun(vm_id, purpose, prompt, kept_for)
        store = self._store.kept
        try:
            store.take(begun.request)
            await store.put(begun)
        except StoreError as error:
            # Without this row nobody would know of the commit, and nobody would ever delete it.
            store.let_go(begun.request)
            raise Refused(f"the commit of {begun.name} cannot be written down: {error.message}") from error
        try:
            paused = self._fleet_state.power(vm_id) in (Power.PAUSED, Power.SLEEPING)
            title = name or f"{purpose.value} of {begun.name} {time.strftime('%Y-%m-%d %H:%M', time.gmtime(begun.at))}"
            commit = await self._source.vers.commit(
                vm_id, name=title, description=description_of(begun), keep_paused=paused
            )
        except CreationUncertain:
            await self._show(replace(begun, trouble="its answer was lost: it is looked for"))
            raise
        except CockpitError:
            await self.forget(begun)
            raise
        finally:
            # Cut off here, the next look at the platform's list says what became of it.
            store.let_go(begun.request)
        state = KeptState.TAKEN if purpose is KeptFor.UNDO else KeptState.KEPT
        taken = replace(begun, commit=commit, state=state)
        await self._show(taken)
        return taken

    @contextlib.asynccontextmanager
    async def undoing(self, kept: KeptCommit) -> AsyncIterator[None]:
        """Hold a commit for the time in which its agent is brought back: nobody else does that, nor deletes it.

        Raises:
            Refused: another cockpit does, or did.
        """
        store, deadline = self._store.kept, self._fleet_state.clock.now() + HOLD_LIMIT
        try:
            while not store.take(kept.request):
                if self._fleet_state.clock.now() >= deadline:
                    raise Refused(f"{kept.name} is being brought back already", hint="look at the agents in a moment")
                await asyncio.sleep(HOLD_PAUSE)
        except StoreError as error:
            raise Refused(f"the commit of {kept.name} cannot be held: {error.message}") from error
        try:
            now = next((one for one in await self._store.kept.rows() if one.request == kept.request), None)
            if now is None or not is_undoable(now):
                why = now.trouble or now.state.value if now is not None else "its commit is kept no more"
                raise Refused(f"{kept.name} cannot be brought back: {why}", hint="look at the agents")
            yield
        finally:
            store.let_go(kept.request)

    async def moved(self, kept: KeptCommit, state: KeptState, trouble: str = "") -> KeptCommit:
        """Write down how far the keeping has come."""
        moved = replace(kept, state=state, trouble=trouble)
        await self._show(moved)
        return moved

    async def forget(self, kept: KeptCommit) -> None:
        """Forget a commit that is gone, or was never taken; what came from it comes from the one before it."""
        kept = self._fleet_state.kept.pop(kept.request, kept)
        self._fleet_state.changed()
        others = list(self._fleet_state.kept.values())
        if kept.commit is not None and all(one.commit != kept.commit for one in others):
            for below in (one for one in others if one.parent == kept.commit):
                await self._show(replace(below, parent=kept.parent))
        try:
            await self._store.kept.forget(kept.request)
        except StoreError as error:
            log.error("the commit %s of %s is still written down: %s", kept.commit, kept.name, error)

    async def _show(self, kept: KeptCommit) -> None:
        self._fleet_state.kept[kept.request] = kept
        self._fleet_state.changed()
        try:
            await self._store.kept.put(kept)
        except StoreError as error:
            log.error("what became of the commit %s of %s is not written down: %s", kept.commit, kept.name, error)

    async def _begun(self, vm_id: VmId, purpose: KeptFor, prompt: str, kept_for: float | None) -> KeptCommit:
        now = self._fleet_state.clock.now()
        agent = self._fleet_state.agent_on(vm_id)
        parent, size = await self._origin(vm_id)
        before = [one for one in self._fleet_state.kept.values() if one.vm == vm_id and one.commit is not None]
        latest = max(before, key=lambda one: one.at, default=None)
        return KeptCommit(
            str(uuid.uuid4()),
            purpose,
            KeptState.BEGUN,
            now,
            self._source.vers.account,
            vm_id,
            agent.name if agent is not None else vm_id,
            wanted_text(spawn_of(agent) if agent is not None else None),
            agent.kind.value if agent is not None else "",
            size=size,
            expires_at=now + kept_for if kept_for is not None else None,
            parent=(latest.commit or "") if latest is not None else parent,
            prompt=prompt,
        )

    async def _origin(self, vm_id: VmId) -> tuple[str, VmSize | None]:
        """Return the commit a VM was made from and its size; neither is worth a failure."""
        try:
            found = await self._source.vers.metadata(vm_id)
        except VersError as error:
            log.info("origin and size of VM %s are not known: %s", vm_id, describe(error))
            vm = self._fleet_state.vms.get(vm_id)
            return (vm.parent_commit or "") if vm is not None else "", None
        known = found.vcpu_count or found.mem_size_mib or found.fs_size_mib
        size = VmSize(found.vcpu_count, found.mem_size_mib, found.fs_size_mib) if known else None
        return found.parent_commit_id, size


def description_of(kept: KeptCommit) -> str:
    """Return what a commit says of itself on the platform: whose it is, what for, and by which order."""
    until = ""
    if kept.expires_at is not None:
        until = f", until {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(kept.expires_at))}"
    return f"{MARK} for {kept.purpose.value} of {kept.name}{until}: {kept.request}"
