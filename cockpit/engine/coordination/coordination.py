"""Joins the parts that work on the services of all sources; the engine starts and ends them as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from cockpit.engine.coordination.announcing import Announcer
from cockpit.engine.coordination.away import AwaySums
from cockpit.engine.coordination.blocker_notes import BlockerNotes
from cockpit.engine.coordination.board import Boards
from cockpit.engine.coordination.desk import OperatorsDesk
from cockpit.engine.coordination.feed import Feeds
from cockpit.engine.coordination.inbox import InboxDesk
from cockpit.engine.coordination.link import Links
from cockpit.engine.coordination.owed import OwedWatch
from cockpit.engine.coordination.places import ServicePlaces
from cockpit.engine.coordination.preferences import Preferences
from cockpit.engine.coordination.publishing import Publisher
from cockpit.engine.coordination.records import SharedRecords
from cockpit.engine.coordination.recovery import RecoveryWatch
from cockpit.engine.coordination.registered import RegistryView
from cockpit.engine.coordination.registry_life import RegistryLife, lends_beats
from cockpit.engine.coordination.skills import Skills
from cockpit.engine.notices.watch import NoticeWatch
from cockpit.engine.own.programs import OwnPrograms
from cockpit.engine.plans.plans import Plans
from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.engine.usage.desk import UsageDesk
from cockpit.model.own.declared import NOTHING_OWN
from cockpit.store.store import Store


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
        self.board = Boards(fleet_state, store, running)
        self.feed = Feeds(fleet_state, running)
        self.plans = Plans(self._running, fleet_state, store)
        places = ServicePlaces(running)
        self.skills = Skills(places)
        self.records = SharedRecords(places, fleet_state.clock)
        self.registry = RegistryView(places, lambda vm_id: lends_beats(fleet_state, vm_id))
        self.link = Links(places)
        self.own = OwnPrograms(fleet_state, running[0].source.own if running else NOTHING_OWN)
        self.desk = OperatorsDesk(fleet_state, store)
        self.inbox = InboxDesk(fleet_state, store, self._running[0].source.caution)
        self._owed = OwedWatch(fleet_state, store, frozenset(self.places))
        self._publisher = Publisher(running, fleet_state)
        parts = (running, fleet_state, store, settled)
        self._recovery = RecoveryWatch(*parts, self._owed.look, self._publisher.tell)
        self._announcer = Announcer(running, fleet_state, store)
        self._blocker_notes = BlockerNotes(running, fleet_state, store)
        self._registry_life = RegistryLife(running, fleet_state, store)
        self.usage = UsageDesk(self._running, fleet_state, store)
        self.away = AwaySums(fleet_state, store)
        self.acts = store.acts
        self.preferences = Preferences(store)
        self.notices = NoticeWatch(self._running, fleet_state, store)

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
        await self.preferences.close()
        await self.own.close()
        await self._publisher.close()
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
        return works | self.usage.works(watch)
