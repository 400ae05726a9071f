"""The upkeep of kept commits: what was cut off is found out and said, and what has expired is deleted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace

from cockpit.engine.commands.clean_commit import left_here, taken_out
from cockpit.engine.commands.keeping import Keeping
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError
from cockpit.model.ids import CommitId, VmId
from cockpit.model.kept import KeptCommit, KeptFor, KeptState, is_undoable, is_unsettled
from cockpit.store.errors import StoreError
from cockpit.store.store import Store
from cockpit.vers.commits import CommitListing
from cockpit.vers.errors import CommitNotFound, VersError
from cockpit.vers.look import Found, Missing
from cockpit.vers.transport import CREATION_TIMEOUT

log = logging.getLogger(__name__)

UPKEEP_INTERVAL = 60.0
"""Seconds between two looks at what is kept."""

NEWS_INTERVAL = 3.0
"""Seconds between two looks at what other processes have written down."""

TAKING_LIMIT = CREATION_TIMEOUT + 30.0
"""Seconds after which an order that was cut off makes no commit any more."""

COMPARE_INTERVAL = 3600.0
"""Seconds between two looks whether what is kept is still there."""

FAILED_PAUSE = 900.0
"""Seconds until a commit that could not be deleted is tried again."""


class Upkeep:
    """Looks after the commits of one source. Only what this cockpit kept itself is ever deleted, and only for undo."""

    def __init__(self, fleet_state: FleetState, store: Store, source: Source, keeping: Keeping) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._keeping = keeping
        self._tried: dict[str, float] = {}
        self._compared_at = float("-inf")
        self._told: set[str] = set()
        """Of which orders it is said what became of them, for as long as that is so."""

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await self.look()
            for _ in range(int(UPKEEP_INTERVAL / NEWS_INTERVAL)):
                await asyncio.sleep(NEWS_INTERVAL)
                await self._take_in()

    async def look(self) -> None:
        """Find out what became of what was cut off, and delete what has expired."""
        await self.find_out()
        now = self._fleet_state.clock.now()
        if now - self._compared_at >= COMPARE_INTERVAL:
            self._compared_at = now
            await self._forget_vanished()
        for kept in await self._rows():
            due = kept.expires_at is not None and kept.expires_at <= now
            waits = now - self._tried.get(kept.request, -FAILED_PAUSE) < FAILED_PAUSE
            if due and not waits and kept.commit is not None and kept.purpose is KeptFor.UNDO:
                self._tried[kept.request] = now
                await self._held(kept, self._delete)

    async def _forget_vanished(self) -> None:
        """Forget commits that the platform has no more; of one that would have undone a destroy it is said."""
        rows = [kept for kept in await self._rows() if kept.commit is not None and not is_unsettled(kept)]
        if not rows:
            return
        try:
            listing = await self._source.vers.commits.listed()
        except VersError as error:
            log.info("whether the kept commits are still there is not known: %s", error)
            return
        there = {commit.id for commit in listing.records}
        for kept in rows if listing.whole else ():
            if kept.commit not in there:
                await self._held(kept, self._vanished)

    async def _vanished(self, kept: KeptCommit) -> None:
        await self._keeping.forget(kept)
        if is_undoable(kept):
            self._fleet_state.finding(f"{kept.name} can be brought back no more: its commit was deleted elsewhere")

    async def _take_in(self) -> None:
        """Show what other processes have kept and let go since the last look."""
        rows = {kept.request: kept for kept in await self._rows()}
        known = self._fleet_state.kept
        self._take_back(rows)
        others = {request: kept for request, kept in known.items() if kept.account != self._source.vers.account}
        if {**others, **rows} != known:
            self._fleet_state.kept = {**others, **rows}
            self._fleet_state.changed()

    def _take_back(self, rows: Mapping[str, KeptCommit]) -> None:
        """Say no more of an order what is not so any more: its agent was brought back, or its commit is gone."""
        for request in tuple(self._told):
            kept = rows.get(request)
            if kept is None or (kept.purpose is KeptFor.UNDO and not is_undoable(kept)):
                self._told.discard(request)
                self._fleet_state.put_findings(_place_of(request), ())

    async def find_out(self) -> None:
        """Find out what became of orders and deletions that were cut off."""
        for kept in await self._rows():
            if is_unsettled(kept):
                await self._held(kept, self._find_out)
        self._fleet_state.put_findings("keys taken off VMs", self._taken_out())

    def _taken_out(self) -> Iterator[str]:
        """Say whose keys were taken off a VM for a commit that was cut off, and lie here still."""
        place = taken_out(self._store.path)
        for name in sorted(file.name for file in place.glob("*.tar.base64")):
            vm_id = VmId(name.removesuffix(".tar.base64"))
            agent = self._fleet_state.agent_on(vm_id)
            lease = f"clean {vm_id}"
            if not self._store.kept.take(lease):
                continue
            self._store.kept.let_go(lease)
            if agent is None:
                yield left_here(vm_id, place / name)
            else:
                yield (
                    f"a commit of {agent.name} without its keys was cut off: they are kept in {place / name};"
                    f" `cockpit relaunch {agent.name}` puts them back and starts it"
                )

    async def _rows(self) -> list[KeptCommit]:
        try:
            rows = await self._store.kept.rows()
        except StoreError as error:
            log.error("the kept commits cannot be read: %s", error)
            return []
        return [kept for kept in rows if kept.account == self._source.vers.account]

    async def _held(self, kept: KeptCommit, act: Callable[[KeptCommit], Awaitable[None]]) -> None:
        """Do something about a commit that no living process is about to change.

        One that was changed since it was read, as by an undo, is left to the next look.
        """
        store = self._store.kept
        try:
            if not store.take(kept.request):
                return
        except StoreError as error:
            log.error("the kept commit of %s cannot be held: %s", kept.name, error)
            return
        try:
            if kept in await self._rows():
                await act(kept)
        finally:
            store.let_go(kept.request)

    async def _find_out(self, kept: KeptCommit) -> None:
        # What is found is said before it shows: who waits for it reads what was said, and goes.
        if kept.state is KeptState.BEGUN:
            found = await self._found(kept)
            if found is None:
                return
            kept = found
        if kept.purpose is not KeptFor.UNDO:
            self._say(kept, f"its commit {kept.commit} was taken and is kept")
            await self._keeping.moved(kept, KeptState.KEPT)
            return
        seen = await self._source.vers.look(kept.vm)
        if isinstance(seen, Missing):
            self._say(kept, f"its VM is gone, and its commit is kept: `cockpit undo {kept.commit}` brings it back")
            await self._keeping.moved(kept, KeptState.KEPT)
        elif isinstance(seen, Found):
            self._say(kept, f"its VM {kept.vm} was not deleted, and the commit {kept.commit} is kept as well")
            await self._keeping.moved(kept, KeptState.KEPT, "its VM was not deleted")
        else:
            await self._keeping.moved(kept, KeptState.TAKEN, f"whether its VM is gone is unknown: {seen.evidence}")

    async def _found(self, kept: KeptCommit) -> KeptCommit | None:
        """Return an order that was cut off with the commit it made; None if there is none, or none yet."""
        try:
            listing = await self._source.vers.commits.listed()
        except VersError as error:
            await self._keeping.moved(kept, KeptState.BEGUN, f"the commits cannot be listed: {error.message}")
            return None
        if commit := _made_by(kept, listing):
            found = replace(kept, commit=commit, state=KeptState.TAKEN)
            await self._keeping.moved(found, KeptState.TAKEN)
            return found
        if listing.whole and self._fleet_state.clock.now() - kept.at > TAKING_LIMIT:
            self._fleet_state.finding(_cut_off(kept, "no commit of it was taken, and its VM was not touched"))
            await self._keeping.forget(kept)
        else:
            await self._keeping.moved(kept, KeptState.BEGUN, "it was cut off, and no commit of it is listed yet")
        return None

    async def _delete(self, kept: KeptCommit) -> None:
        """Delete an expired commit; it stays listed until the platform says that it is gone."""
        assert kept.commit is not None
        try:
            await self._source.vers.commits.delete(kept.commit)
        except CommitNotFound as error:
            if not error.own:
                await self._keeping.moved(kept, kept.state, f"it cannot be deleted: {error.message}")
                return
        except CockpitError as error:
            await self._keeping.moved(kept, kept.state, f"it cannot be deleted: {error.message}")
            return
        log.info("the commit %s that was kept to undo the end of %s has expired and is deleted", kept.commit, kept.name)
        await self._keeping.forget(kept)

    def _say(self, kept: KeptCommit, found: str) -> None:
        self._told.add(kept.request)
        self._fleet_state.put_findings(_place_of(kept.request), (_cut_off(kept, found),))


def _place_of(request: str) -> str:
    """Return under which name it is said what became of an order."""
    return f"kept commit {request}"


def _cut_off(kept: KeptCommit, found: str) -> str:
    verb = "destroy" if kept.purpose is KeptFor.UNDO else kept.purpose.value
    return f"{verb} {kept.name} was cut off before its outcome was known: {found}"


def _made_by(kept: KeptCommit, listing: CommitListing) -> CommitId | None:
    """Return the commit that carries an order's mark, or None."""
    return next((commit.id for commit in listing.records if kept.request in commit.description), None)
