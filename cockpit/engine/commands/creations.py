"""Calls that make VMs: written down before they are made, so that a killed process leaves none to cost unseen."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from cockpit.engine.commands.wanted import wanted_text
from cockpit.engine.saving import saved
from cockpit.errors import CockpitError
from cockpit.model.fleet import Vm
from cockpit.model.ids import VmId
from cockpit.store.creations import CreationRow
from cockpit.store.errors import StoreError
from cockpit.vers.errors import CreationUncertain

if TYPE_CHECKING:
    from cockpit.engine.source import Source
    from cockpit.engine.state import FleetState
    from cockpit.model.commands.life import Spawn
    from cockpit.store.store import Store

log = logging.getLogger(__name__)


class Creations:
    """Writes calls down, and keeps what a lost one may have made."""

    def __init__(self, fleet_state: FleetState, store: Store, source: Source) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source

    @contextlib.asynccontextmanager
    async def written_down(self, verb: str, target: str, source: str, wanted: Spawn | None) -> AsyncIterator[str]:
        """Keep a call in the store for the time of the block, and longer if its outcome is not known then.

        Args:
            verb: of the command that makes the call.
            target: for whom.
            source: what the VMs are made from: `image`, `commit ID` or `vm ID`.
            wanted: what the agent on each will be.

        Yields:
            What the label of the call says.
        """
        request = str(uuid.uuid4())
        account, at, known = self._source.vers.account, self._fleet_state.clock.now(), tuple(self._fleet_state.vms)
        row = CreationRow(request, verb, target, source, account, at, wanted_text(wanted), known)
        try:
            await self._store.creations.begin(row)
        except StoreError as error:
            log.error("the call of %s %s is not written down: %s", verb, target, error)
        try:
            yield request
        except CreationUncertain as uncertain:
            await self.suspect(uncertain.candidates, f"{verb} {target}: {uncertain.evidence}")
            if uncertain.candidates:
                await saved(self._store.creations.finish(request))
            else:
                # Nothing could be seen, so every list from now on is looked at for it.
                self._store.creations.let_go(request)
            raise
        except CockpitError:
            await saved(self._store.creations.finish(request))
            raise
        except BaseException:
            # Cut off: what became of the call is looked for at the next start.
            self._store.creations.let_go(request)
            raise
        await saved(self._store.creations.finish(request))

    async def made(self, request: str, vm_ids: Sequence[VmId]) -> None:
        """Write down which VMs a call made, until each has its agent."""
        await saved(self._store.creations.made(request, vm_ids))

    async def settle(self, vm_id: VmId) -> None:
        """Forget of a VM that a call made it: an agent was started on it, or it is gone."""
        await saved(self._store.creations.settle(vm_id))

    async def suspect(self, vm_ids: Sequence[str], evidence: str) -> None:
        """Keep what a lost call may have made, for a person to decide."""
        for vm_id in map(VmId, vm_ids):
            self._fleet_state.suspects[vm_id] = evidence
            self._fleet_state.put_vm(
                self._fleet_state.vms.get(vm_id)
                or Vm(vm_id, created_at=self._fleet_state.clock.now(), source=self._source.name)
            )
            await saved(self._store.names.suspect(vm_id, evidence))
