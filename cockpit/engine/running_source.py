"""One source at work: its watcher, its sessions with agents and its commands; none of it waits for another source."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from cockpit.engine.commands.creations import Creations
from cockpit.engine.cut_off import CutOffCalls
from cockpit.engine.particulars import Particulars
from cockpit.engine.streams.agent_sessions import AgentSessions, LinkOptions
from cockpit.engine.watcher import SERVICE_NAMES, Watcher
from cockpit.errors import CockpitError
from cockpit.model.health import VM_LIST

if TYPE_CHECKING:
    from cockpit.engine.commands.dispatcher import Dispatcher
    from cockpit.engine.commands.keeping import Keeping
    from cockpit.engine.hosts.taking_up import TakingUp
    from cockpit.engine.reach.reach import Reach
    from cockpit.engine.source import Source
    from cockpit.engine.state import FleetState
    from cockpit.engine.streams.recorder import Recorder
    from cockpit.engine.surroundings import Surroundings
    from cockpit.engine.upkeep import Upkeep
    from cockpit.engine.usage.acts import UsageActs
    from cockpit.model.ids import CommitId
    from cockpit.model.images import GoldenImage
    from cockpit.model.receipts.receipts import ReceiptBook
    from cockpit.store.store import Store

log = logging.getLogger(__name__)


class RunningSource:
    """What the engine has of each source. They share the state of the fleet, the store and the receipts only."""

    def __init__(
        self,
        source: Source,
        fleet_state: FleetState,
        store: Store,
        recorder: Callable[[], Recorder],
        book: Callable[[], ReceiptBook],
        link_options: LinkOptions | None,
        usage_acts: Callable[[], Mapping[str, UsageActs]],
        *,
        shown_as: str = "",
    ) -> None:
        """Prepare; `watcher` is to be run.

        Args:
            source: where its VMs come from.
            link_options: how connections are kept.
            usage_acts: what orders about usage in every source, by name.
            shown_as: goes before the names of its services, where the cockpit has several sources.
        """
        self.source = source
        self.shown_as = shown_as
        self._fleet_state = fleet_state
        self._store = store
        self._book_of = book
        self._usage_acts = usage_acts
        self.agent_sessions = AgentSessions(fleet_state, store, source, recorder, book, link_options or LinkOptions())
        self._creations = Creations(fleet_state, store, source)
        cut_off = CutOffCalls(fleet_state, store, source, self._creations, self.agent_sessions)
        self.watcher = Watcher(fleet_state, source, self.agent_sessions, cut_off, shown_as=shown_as)
        if source.vers.owner_id:
            fleet_state.sightings.owners.add(source.vers.owner_id)
        self.particulars = Particulars(fleet_state, source)
        """Learns what the list of VMs does not tell."""
        self.images: tuple[tuple[CommitId, str], ...] = ()
        """The commits an agent can be started from, newest first, with their names."""
        self.golden: tuple[GoldenImage, ...] = ()
        """Those of them that say what is in them, and the configured one, newest first."""

    # --- rooms: each is loaded when it is entered ----------------------------------------------------

    @cached_property
    def surroundings(self) -> Surroundings:
        """Looks at what nobody here has."""
        from cockpit.engine.surroundings import Surroundings

        return Surroundings(self._fleet_state, self.source, self.agent_sessions)

    @cached_property
    def reach(self) -> Reach:
        """Into its VMs."""
        from cockpit.engine.reach.reach import Reach

        return Reach(self._fleet_state, self._store, self.source, self.agent_sessions)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """Takes commands and carries them out."""
        from cockpit.engine.commands.dispatcher import Dispatcher

        made = Dispatcher(
            self._fleet_state,
            self._store,
            self.source,
            self.agent_sessions,
            self._book_of(),
            creations=self._creations,
            keeping=self._keeping,
            board_changed=self.watcher.look_at_board,
            images_changed=self.read_images,
            reach=self.reach,
        )
        made.usage.join(self._usage_acts)
        return made

    @cached_property
    def taking_up(self) -> TakingUp | None:
        """Takes over the agents that are found; None where each is adopted by the operator's own order."""
        if self.source.plain_host is None:
            return None
        from cockpit.engine.hosts.taking_up import TakingUp

        return TakingUp(self._fleet_state, self.source.plain_host, self.agent_sessions, self.dispatcher.dispatch)

    @cached_property
    def _keeping(self) -> Keeping:
        from cockpit.engine.commands.keeping import Keeping

        return Keeping(self._fleet_state, self._store, self.source)

    @cached_property
    def _upkeep(self) -> Upkeep:
        from cockpit.engine.upkeep import Upkeep

        return Upkeep(self._fleet_state, self._store, self.source, self._keeping)

    @property
    def under_way(self) -> set[asyncio.Task[None]]:
        """Commands under way: there are none where nothing was ordered."""
        return self.dispatcher.under_way if "dispatcher" in vars(self) else set()

    # --- life ----------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source.name

    @property
    def services(self) -> tuple[str, ...]:
        """The names under which the health of its API and its services is shown."""
        kinds = (VM_LIST, *SERVICE_NAMES) if self.source.present is not None else (VM_LIST,)
        return tuple(map(self.watcher.called, kinds))

    def looks(self, watch: bool) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what looks at the lists of this source, by name.

        Args:
            watch: keep polling; False asks once.
        """
        return {f"watch {self.name}": self.watcher.run if watch else self.watcher.look}

    def works(self, watch: bool) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what else runs in the background for this source, by name.

        Args:
            watch: keep at it; False does it once.
        """
        works: dict[str, Callable[[], Awaitable[None]]] = {}
        works[f"kept commits of {self.name}"] = self._upkeep.run if watch else self._upkeep.find_out
        if watch:
            works[f"hand-overs of {self.name}"] = self.dispatcher.hand_overs.run
            works[f"images of {self.name}"] = self.read_images
            works[f"particulars of {self.name}"] = self.particulars.run
            works[f"surroundings of {self.name}"] = self._look_around
        if watch and self.taking_up is not None:
            works[f"agents of {self.name}"] = self.taking_up.run
        return works

    async def close(self) -> None:
        """End what this process holds open, and detach from all agents."""
        if "reach" in vars(self):
            await self.reach.close()
        await self.agent_sessions.close()

    async def _look_around(self) -> None:
        """Look around once there is a list to go by."""
        await self.watcher.first_look.wait()
        await self.surroundings.run()

    async def read_images(self) -> None:
        """Read the list of commits; what does not answer leaves the list as it is."""
        try:
            await self.look_at_images()
        except CockpitError as error:
            log.warning("the images of %s cannot be listed: %s", self.name, error)

    async def look_at_images(self) -> None:
        """Read the list of commits.

        Raises:
            VersError: it could not be had; the list stays as it was.
        """
        from cockpit.engine.images.description import image_of
        from cockpit.model.kept import is_marked_for_undo

        commits = (await self.source.vers.commits.listed()).records
        newest = sorted(commits, key=lambda commit: commit.created_at, reverse=True)
        # What undoes a destroy goes by itself, and is somebody's agent: it is no image.
        images = [commit for commit in newest if not is_marked_for_undo(commit.description)]
        self.images = tuple((commit.id, commit.name or commit.commit_id) for commit in images)
        found = (image_of(commit.id, commit.name, commit.created_at, commit.description) for commit in newest)
        configured = self.source.golden_image
        self.golden = tuple(image for image in found if image.facts is not None or image.commit == configured)
