"""Joins the parts that work on the services of all sources; the engine starts and ends them as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from cockpit.engine.coordination.announcing import Announcer
from cockpit.engine.coordination.board import Boards
from cockpit.engine.coordination.feed import Feeds
from cockpit.engine.coordination.inbox import InboxDesk
from cockpit.engine.coordination.owed import OwedWatch
from cockpit.engine.coordination.places import ServicePlaces
from cockpit.engine.coordination.publishing import Publisher
from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.store.store import Store

if TYPE_CHECKING:
    from cockpit.engine.coordination.away import AwaySums
    from cockpit.engine.coordination.blocker_notes import BlockerNotes
    from cockpit.engine.coordination.desk import OperatorsDesk
    from cockpit.engine.coordination.link import Links
    from cockpit.engine.coordination.preferences import Preferences
    from cockpit.engine.coordination.records import SharedRecords
    from cockpit.engine.coordination.recovery import RecoveryWatch
    from cockpit.engine.coordination.registered import RegistryView
    from cockpit.engine.coordination.registry_life import RegistryLife
    from cockpit.engine.coordination.skills import Skills
    from cockpit.engine.notices.watch import NoticeWatch
    from cockpit.engine.own.programs import OwnPrograms
    from cockpit.engine.plans.plans import Plans
    from cockpit.engine.usage.desk import UsageDesk
    from cockpit.store.acts import ActLog


class Coordination:
    """Implements `cockpit.model.coordination.CoordinationPort`."""

    def __init__(
        self,
        running: Sequence[RunningSource],
        fleet_state: FleetState,
        store: Store,
        settled: Callable[[], bool],
    ) -> None:
        """Prepare.

        Args:
            settled: whether each agent's link was tried, and its output read to its end where that is up.
        """
        self._running = tuple(running)
        self._fleet_state = fleet_state
        self._store = store
        self.board = Boards(fleet_state, store, running)
        self.feed = Feeds(fleet_state, running)
        self._services = ServicePlaces(running)
        self.inbox = InboxDesk(fleet_state, store, self._running[0].source.caution())
        self._owed = OwedWatch(fleet_state, store, frozenset(self.places))
        self._publisher = Publisher(running, fleet_state)
        self._parts = (self._running, fleet_state, store, settled)
        self._announcer = Announcer(running, fleet_state, store)

    # --- rooms: each is loaded when it is entered ----------------------------------------------------

    @cached_property
    def plans(self) -> Plans:
        """Plans of tasks, and who works on them."""
        from cockpit.engine.plans.plans import Plans

        return Plans(self._running, self._fleet_state, self._store)

    @cached_property
    def skills(self) -> Skills:
        """Skills that agents share."""
        from cockpit.engine.coordination.skills import Skills

        return Skills(self._services)

    @cached_property
    def records(self) -> SharedRecords:
        """Log, reports, journal and the like."""
        from cockpit.engine.coordination.records import SharedRecords

        return SharedRecords(self._services, self._fleet_state.clock)

    @cached_property
    def registry(self) -> RegistryView:
        """Who is registered."""
        from cockpit.engine.coordination.registered import RegistryView
        from cockpit.engine.coordination.registry_life import lends_beats

        return RegistryView(self._services, lambda vm_id: lends_beats(self._fleet_state, vm_id))

    @cached_property
    def link(self) -> Links:
        """Ways into the dashboards."""
        from cockpit.engine.coordination.link import Links

        return Links(self._services)

    @cached_property
    def own(self) -> OwnPrograms:
        """The operator's own columns and commands."""
        from cockpit.engine.own.programs import OwnPrograms
        from cockpit.model.own.declared import NOTHING_OWN

        return OwnPrograms(self._fleet_state, self._running[0].source.own if self._running else NOTHING_OWN)

    @cached_property
    def desk(self) -> OperatorsDesk:
        """How the operator arranged things."""
        from cockpit.engine.coordination.desk import OperatorsDesk

        return OperatorsDesk(self._fleet_state, self._store)

    @cached_property
    def _recovery(self) -> RecoveryWatch:
        from cockpit.engine.coordination.recovery import RecoveryWatch

        return RecoveryWatch(*self._parts, self._owed.look, self._publisher.tell)

    @cached_property
    def _blocker_notes(self) -> BlockerNotes:
        from cockpit.engine.coordination.blocker_notes import BlockerNotes

        return BlockerNotes(self._running, self._fleet_state, self._store)

    @cached_property
    def _registry_life(self) -> RegistryLife:
        from cockpit.engine.coordination.registry_life import RegistryLife

        return RegistryLife(self._running, self._fleet_state, self._store)

    @cached_property
    def usage(self) -> UsageDesk:
        """What agents and VMs take."""
        from cockpit.engine.usage.desk import UsageDesk

        return UsageDesk(self._running, self._fleet_state, self._store)

    @cached_property
    def away(self) -> AwaySums:
        """What happened while the operator was away."""
        from cockpit.engine.coordination.away import AwaySums

        return AwaySums(self._fleet_state, self._store)

    @cached_property
    def preferences(self) -> Preferences:
        """What the operator prefers."""
        from cockpit.engine.coordination.preferences import Preferences

        return Preferences(self._store)

    @cached_property
    def notices(self) -> NoticeWatch:
        """What calls the operator."""
        from cockpit.engine.notices.watch import NoticeWatch

        return NoticeWatch(self._running, self._fleet_state, self._store)

    @property
    def acts(self) -> ActLog:
        """What was done here."""
        return self._store.acts

    # --- the rest ------------------------------------------------------------------------------------

    @property
    def places(self) -> tuple[str, ...]:
        """The sources that have board, feed and registry, by name, in the order of preference."""
        return tuple(running.name for running in self._running if running.source.present is not None)

    @property
    def recovery(self) -> RecoveryWatch:
        """What a crash left behind."""
        return self._recovery

    async def close(self) -> None:
        """Write down that this ended well, and tell the feed what was done last."""
        if "preferences" in vars(self):
            await self.preferences.close()
        if "own" in vars(self):
            await self.own.close()
        await self._publisher.close()
        if "_recovery" in vars(self):
            await self._recovery.close()

    def works(self, watch: bool) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what runs in the background, by name; what goes on by itself only where the engine watches."""
        works: dict[str, Callable[[], Awaitable[None]]] = {
            "owed answers": self._owed.run,
            "inbox": self.inbox.run,
            "publishing": self._publisher.run,
            "announcing": self._announcer.run,
        }
        if watch:
            works["notices"] = self.notices.run
            works["desk"] = self.desk.load
            works["recovery"] = self._recovery.run
            works["plans"] = self.plans.run
            works["blocker notes"] = self._blocker_notes.run
            works["registry"] = self._registry_life.run
            works["signs of life"] = self._registry_life.beat
            works |= self.usage.works(watch)
        return works
