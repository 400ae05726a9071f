"""Calls to make VMs that were cut off before their outcome was known: looked for in each list, and said."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.engine.agent_record import agent_from_spawn
from cockpit.engine.commands.wanted import wanted_from
from cockpit.model.fleet import Agent, ProcessState
from cockpit.model.ids import VmId
from cockpit.store.errors import StoreError
from cockpit.vers.errors import VersError
from cockpit.vers.look import Missing, Unknown
from cockpit.vers.reconcile import REQUEST_LABEL
from cockpit.vers.transport import CREATION_TIMEOUT

if TYPE_CHECKING:
    from cockpit.engine.commands.creations import Creations
    from cockpit.engine.source import Source
    from cockpit.engine.state import FleetState
    from cockpit.engine.streams.agent_sessions import AgentSessions
    from cockpit.model.commands.life import Spawn
    from cockpit.store.creations import CreationRow
    from cockpit.store.store import Store
    from cockpit.vers.wire import VmListing, VmRecord

log = logging.getLogger(__name__)

MAKING_LIMIT = CREATION_TIMEOUT + 30.0
"""Seconds after which a call that was cut off makes nothing any more."""

KEPT = 86_400.0
"""Seconds a call of which nothing was found is looked for: a list can lack a VM whose host is slow."""

CLOCK_DIFFERENCE = 300.0
"""Seconds by which the platform's clock may differ from this one's."""

LINEAGE_LIMIT = 10.0
"""Seconds the questions for the origin of new VMs may take."""

CANDIDATES = 20
"""New VMs whose origin is asked for at most."""


class CutOffCalls:
    """Finds what calls that were cut off have made. Nothing is deleted, and nothing inferred is taken for ours."""

    def __init__(
        self, fleet_state: FleetState, store: Store, source: Source, creations: Creations, sessions: AgentSessions
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._vers = source.vers
        self._creations = creations
        self._sessions = sessions
        self._open: set[str] = set()
        """The calls of which something is said until more is known."""

    async def look(self, listing: VmListing) -> None:
        """Look in a list for what each call that was cut off has made."""
        calls = self._store.creations
        taken: list[str] = []
        try:
            taken = [row.request for row in await calls.rows() if self._is_cut_off(row)]
            # Who made it may have ended it in the meantime.
            rows = {row.request: row for row in await calls.rows()} if taken else {}
            for request in [known for known in self._open if known not in rows]:
                self._replace(request, [])
            for row in (rows[request] for request in taken if request in rows):
                await self._look_for(row, listing)
        except StoreError as error:
            log.error("calls that were cut off cannot be looked for: %s", error)
        finally:
            for request in taken:
                calls.let_go(request)

    def _is_cut_off(self, row: CreationRow) -> bool:
        return row.account == self._vers.account and self._store.creations.take(row.request)

    async def _look_for(self, row: CreationRow, listing: VmListing) -> None:
        labelled = tuple(record.vm_id for record in listing.records if record.labels.get(REQUEST_LABEL) == row.request)
        ours = tuple(dict.fromkeys((*row.vms, *labelled)))
        if ours != row.vms:
            await self._store.creations.made(row.request, ours)
        if ours:
            said = [await self._ours(row, vm_id, listing) for vm_id in map(VmId, ours)]
            self._replace(row.request, [text for text in said if text])
            return
        found = await self._perhaps(row, listing)
        age = self._fleet_state.clock.now() - row.at
        if found:
            evidence = f"it appeared while a call to make a VM from {row.source} was cut off"
            await self._creations.suspect(found, f"{row.verb} {row.target}: {evidence}")
            self._finally(row, f"{', '.join(found)} may be what it made: perhaps ours, and nothing is done to it")
            await self._store.creations.tell(row.request)
        elif age > KEPT:
            await self._store.creations.finish(row.request)
        elif row.told:
            pass
        elif listing.unreadable:
            entries = f"{listing.unreadable} entries of the VM list cannot be read"
            self._replace(row.request, [_sentence(row, f"{entries}: whether it made a VM is unknown")])
        elif age < MAKING_LIMIT:
            self._replace(row.request, [_sentence(row, "no VM of it is listed yet; it may still be made")])
        else:
            self._finally(row, "no VM of it is listed: as far as the list shows, nothing was made")
            await self._store.creations.tell(row.request)

    async def _ours(self, row: CreationRow, vm_id: VmId, listing: VmListing) -> str:
        """Show a VM that a call made as an agent of ours; return what can be done, and nothing if it is over."""
        if all(record.vm_id != vm_id for record in listing.records):
            seen = await self._vers.look(vm_id)
            if isinstance(seen, Missing):
                await self._store.creations.settle(vm_id)
                self._fleet_state.finding(_sentence(row, f"its VM {vm_id} is gone: {seen.evidence}"))
                return ""
            if isinstance(seen, Unknown):
                return _sentence(row, f"whether its VM {vm_id} exists is unknown: {seen.evidence}")
            self._fleet_state.put_vm(replace(seen.record.vm(self._fleet_state.clock.now()), source=self._source.name))
        agent = await self._agent_on(vm_id, wanted_from(row.agent))
        if agent is not None and agent.process.state is ProcessState.ALIVE:
            await self._store.creations.settle(vm_id)
            return ""
        if agent is None:
            what = f"VM {vm_id} is ours, and what its agent should have been cannot be read"
            return _sentence(row, f"{what}: `cockpit destroy {vm_id}` ends it")
        what = f"VM {vm_id} is ours, and no agent was started on it, as far as is written down"
        return _sentence(
            row, f"{what}: `cockpit relaunch {agent.name}` goes on, `cockpit destroy {agent.name}` ends it"
        )

    async def _agent_on(self, vm_id: VmId, wanted: Spawn | None) -> Agent | None:
        """Return the agent on a VM that is ours: the one that is known, else what was wanted there, shown from now."""
        agent = self._fleet_state.agent_on(vm_id)
        if agent is None and wanted is not None:
            name = wanted.name
            if self._fleet_state.agents_called(name):
                from cockpit.engine.commands.copies import copy_name

                name = copy_name(self._fleet_state, name)
            made = agent_from_spawn(wanted, vm_id, self._source.name, self._source.usual_directory(vm_id))
            await self._sessions.adopt(replace(made, name=name))
        known = self._fleet_state.agent_on(vm_id)
        if known is not None and wanted is not None and not known.model:
            self._fleet_state.put_agent(replace(known, model=wanted.model))
        return known

    async def _perhaps(self, row: CreationRow, listing: VmListing) -> tuple[str, ...]:
        """Return VMs that appeared with a call and may be what it made; most calls can carry no label."""
        fresh = [record for record in listing.records if self._appeared_with(row, record)]
        kind, _, origin = row.source.partition(" ")
        if kind == "image":
            # The call carried a label: without it a VM is ours only where the platform lists no labels at all.
            return () if any(record.labels for record in listing.records) else tuple(r.vm_id for r in fresh)
        found: list[str] = []
        try:
            async with asyncio.timeout(LINEAGE_LIMIT):
                for record in fresh[:CANDIDATES]:
                    metadata = await self._vers.metadata(VmId(record.vm_id))
                    parent = metadata.parent_commit_id if kind == "commit" else metadata.grandparent_vm_id
                    if parent.lower() == origin.lower():
                        found.append(record.vm_id)
        except (TimeoutError, VersError) as error:
            log.warning("the origin of new VMs cannot be read: %s", error)
        return tuple(found)

    def _appeared_with(self, row: CreationRow, record: VmRecord) -> bool:
        vm_id = VmId(record.vm_id)
        latest = row.at + CREATION_TIMEOUT + CLOCK_DIFFERENCE
        return (
            vm_id not in row.known
            and self._fleet_state.agent_on(vm_id) is None
            and vm_id not in self._fleet_state.suspects
            and vm_id not in self._fleet_state.dismissed
            and record.owner_id in ("", self._vers.owner_id)
            and REQUEST_LABEL not in record.labels
            and (not record.created_at or row.at - CLOCK_DIFFERENCE <= record.created_at <= latest)
        )

    def _finally(self, row: CreationRow, found: str) -> None:
        """Say what stays said: nothing more is expected of the call."""
        self._replace(row.request, [])
        text = _sentence(row, found)
        self._fleet_state.finding(text)

    def _replace(self, request: str, texts: list[str]) -> None:
        """Say something of a call, instead of what was said of it before."""
        if texts:
            self._open.add(request)
        else:
            self._open.discard(request)
        self._fleet_state.put_findings(f"call {request}", texts)


def _sentence(row: CreationRow, found: str) -> str:
    return f"{row.verb} {row.target} was cut off before its outcome was known: {found}"
