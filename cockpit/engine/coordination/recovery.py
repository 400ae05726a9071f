"""The recovery after a crash: found out by itself once the fleet was looked at, told in the feed, and on demand."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence

from cockpit.engine.running_source import RunningSource
from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.model.recovery import Recovery, recovery_of
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

SESSION = "session:"
"""Goes before the name under which a running cockpit stands in the store; one that ends well takes it out."""

LOOK_LIMIT = 60.0
"""Seconds the first look at VMs, registry and boards may take; what was not seen by then is not called gone."""

FEED_READ = 500
"""Events that are read where nobody follows the feed."""


class RecoveryWatch:
    """Finds out whether the cockpit before this one ended in a crash, and what that left behind."""

    def __init__(
        self,
        running: Sequence[RunningSource],
        fleet_state: FleetState,
        store: Store,
        settled: Callable[[], bool],
        take_in: Callable[[], Awaitable[None]],
        publish: Callable[[str, str], None],
    ) -> None:
        """Prepare.

        Args:
            settled: whether each agent's link was tried, and its output read to its end where that is up.
            take_in: finds out what is owed by what the state holds now.
            publish: tells the feed of an act of the cockpit: what was done, and a sentence.
        """
        self._running = tuple(running)
        self._fleet_state = fleet_state
        self._store = store
        self._settled = settled
        self._take_in = take_in
        self._publish = publish
        self._session = f"{SESSION}{uuid.uuid4().hex}"
        self.due: Recovery | None = None

    def report(self) -> Recovery:
        """Return what there is to take up again, as it is known now."""
        return recovery_of(self._fleet_state.snapshot(), self._fleet_state.clock.now())

    async def look(self) -> Recovery:
        """Read the feed once, for who does not follow it, and return what there is to take up again.

        Raises:
            CockpitError: a feed could not be read.
        """
        for running in self._running:
            if running.source.feed is not None:
                self._fleet_state.add_feed(list(await running.source.feed.list_events(limit=FEED_READ)))
        await self._take_in()
        return self.report()

    async def run(self) -> None:
        """Say once what the crash of an earlier cockpit left behind; returns when that is done."""
        crashed = await self._begin()
        if not crashed:
            return
        await self._fleet_state.until(self._is_seen, LOOK_LIMIT)
        await self._fleet_state.until(self._settled, LOOK_LIMIT)
        found = self.report()
        log.info("a cockpit did not end well: %s", found.sentence)
        self._publish("recovery", found.sentence)
        if found.wants_somebody:
            self.due = found
            self._fleet_state.notice(f"an earlier cockpit did not end well: {found.sentence} · K shows them")
        for name in crashed:
            await saved(self._store.choices.forget(name))
            self._store.leases.release(name)

    def seen(self) -> None:
        """Take that the operator saw what was found."""
        if self.due is not None:
            text = f"an earlier cockpit did not end well: {self.due.sentence} · K shows them"
            self.due = None
            self._fleet_state.notice(text, stands=False)

    async def close(self) -> None:
        """Write down that this cockpit ended well."""
        await saved(self._store.choices.forget(self._session))

    async def _begin(self) -> tuple[str, ...]:
        """Write down that this cockpit runs, and return those that ended without taking themselves out."""
        try:
            others = [name for name in await self._store.choices.kept() if name.startswith(SESSION)]
            # The lease of one that lives cannot be had.
            crashed = tuple(name for name in others if self._store.leases.take(name))
            if self._store.leases.take(self._session):
                await saved(self._store.choices.keep(self._session, str(self._fleet_state.clock.now())))
        except StoreError as error:
            log.warning("whether an earlier cockpit ended well is unknown: %s", error)
            return ()
        return crashed

    def _is_seen(self) -> bool:
        """Say whether each source was looked at once, and each board read."""
        looked = all(running.watcher.first_look.is_set() for running in self._running)
        places = {running.name for running in self._running if running.source.board is not None}
        return looked and self._fleet_state.boards.keys() >= places
