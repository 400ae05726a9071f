"""Keeping the picture fresh: VM list and registry polled, board polled, feed streamed; each loop fails alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.engine.agent_record import agent_from_entry, claim_from_entry, says_directory
from cockpit.engine.infrastructure.arrival import NO_SERVICES, arrival
from cockpit.engine.memory import with_names_of
from cockpit.engine.missing import MissingVms
from cockpit.engine.operation import describe
from cockpit.errors import CockpitError
from cockpit.model.claims import Claim, ClaimedBy
from cockpit.model.fleet import Agent, Power
from cockpit.model.health import VM_LIST, service_name
from cockpit.model.ids import VmId
from cockpit.model.names import INFRA, NAME_LABEL, usable_name

if TYPE_CHECKING:
    from cockpit.engine.cut_off import CutOffCalls
    from cockpit.engine.source import Source
    from cockpit.engine.state import FleetState
    from cockpit.engine.streams.agent_sessions import AgentSessions
    from cockpit.vers.wire import VmListing

log = logging.getLogger(__name__)

SERVICE_NAMES = ("registry", "board", "feed")
"""Under which their health is shown."""

BOARD_INTERVAL = 5.0
"""Seconds between two looks at the board while somebody looks; every answer carries the whole board."""

BOARD_UNWATCHED = 10.0
"""Seconds between two looks while nobody does: what waits for the operator is counted from it all the same."""

LOOKED_FOR = 5.0
"""Seconds for which somebody who looked is taken to look on."""

REGISTRY_INTERVAL = 10.0

CLOCK_DIFFERENCE = 300.0
"""Seconds by which another cockpit's clock may differ: a name that is given later than that counts for nothing."""

NEWCOMER = 60.0
"""Seconds for which a VM that nobody has is expected to be registered any moment."""

SILENCE_MARK = 8.0
"""Seconds without an answer after which a service is shown as silent, though it may still answer in time."""

RETRY_INTERVAL = 5.0
"""Seconds until a failed look is repeated."""


class Watcher:
    """Polls the control services of one source into the state of the fleet."""

    def __init__(
        self,
        fleet_state: FleetState,
        source: Source,
        agent_sessions: AgentSessions,
        cut_off: CutOffCalls,
        *,
        shown_as: str = "",
    ) -> None:
        """Prepare.

        Args:
            cut_off: looks in each list for what calls have made that were cut off.
            shown_as: goes before the names of its services, where the cockpit has several sources.
            agent_sessions: hears of agents of the registry that are unknown yet, of VMs that are gone, of each list.
        """
        self._fleet_state = fleet_state
        self._source = source
        self._agent_sessions = agent_sessions
        self._cut_off = cut_off
        self._shown_as = shown_as
        self._missing = MissingVms(fleet_state, source.name, source.vers, agent_sessions)
        self._board_now = asyncio.Event()
        self.board_as_of = 0.0
        """When the board was last read, in unix seconds."""
        self._looked_at = float("-inf")
        self.catching_up: float | None = None
        """Since when the feed's stream asks for what it missed; None while it does not."""
        self._registry_now = asyncio.Event()
        self._newcomers: dict[VmId, float] = {}
        """VMs that nobody has, and since when they are known."""
        self._adopting = asyncio.Lock()
        self.first_look = asyncio.Event()
        """Set once VM list and registry were asked, well or badly."""

    def called(self, kind: str) -> str:
        """Return the name under which the health of a service of this source is shown."""
        return service_name(kind, self._shown_as, host=self._source.plain_host is not None)

    def look_at_board(self) -> None:
        """Read the board now instead of at the next interval."""
        self._board_now.set()

    def somebody_looks_at_the_board(self) -> None:
        """Read it often for a while."""
        before, self._looked_at = self._looked_at, self._fleet_state.clock.now()
        if self._looked_at - before > LOOKED_FOR and self._looked_at - self.board_as_of > BOARD_INTERVAL:
            self._board_now.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_vms(), name="watch VMs")
            if self._source.present is None:
                await self._services_come()
            tasks.create_task(self._watch_registry(), name="watch registry")
            tasks.create_task(self._watch_board(), name="watch board")
            tasks.create_task(self._watch_feed(), name="watch feed")

    async def _services_come(self) -> None:
        """Wait for services that are made while nobody has any: here, or by another process into the configuration."""
        await arrival(self._source)
        self._fleet_state.notice(NO_SERVICES, stands=False)
        names = map(self.called, SERVICE_NAMES)
        self._fleet_state.awaited = (*self._fleet_state.awaited, *names)
        self._fleet_state.changed()
        own = [agent for agent in self._fleet_state.agents.values() if agent.source == self._source.name]
        for agent in own if self._source.registry is not None else ():
            # Those that were made before had nowhere to be entered.
            try:
                from cockpit.engine.commands.registration import update_entry

                await update_entry(self._source, agent, self._fleet_state.clock.now())
            except CockpitError as error:
                log.warning("agent %s is not registered: %s", agent.name, error)

    async def look(self) -> None:
        """Ask VM list, registry and board once."""
        async with asyncio.TaskGroup() as tasks:
            if self._source.board is not None:
                tasks.create_task(self._guarded("board", self.board), name="look at the board")
            await self._look_at_agents()
        self.first_look.set()

    async def _look_at_agents(self) -> bool:
        """Ask VM list and registry once; say whether the first answered: without it the second tells nothing."""
        worked = await self._guarded(VM_LIST, self.vms)
        if worked and self._source.registry is not None:
            await self._guarded("registry", self.registry)
        return worked

    async def vms(self) -> int:
        """Read the VM list; return how many of its entries could not be read.

        What is missing from it, also a VM that only the store remembers, is looked at one by one.
        """
        asked_at = self._fleet_state.clock.now()
        listing = await self._source.vers.listing()
        now = self._fleet_state.clock.now()
        names = {agent.vm_id: agent.name for agent in self._fleet_state.agents.values()}
        listed = set()
        for record in listing.records:
            vm_id = VmId(record.vm_id)
            listed.add(vm_id)
            if self._source.hosts_services(vm_id):
                self._fleet_state.note_host(vm_id, "it has the address at which board, feed and registry are asked")
            known = self._fleet_state.vms.get(vm_id)
            if known and known.seen_at > asked_at:
                continue  # A command of ours learnt of this VM after the list was asked for.
            label = names.get(vm_id) or record.labels.get(NAME_LABEL, "") or (known.label if known else "")
            self._fleet_state.put_vm(replace(record.vm(now), label=label, source=self._source.name))
        self._fleet_state.sightings.put_claims(self._source.name, "labels", tuple(_label_claims(listing)))
        await self._agent_sessions.place(listed)
        await self._agent_sessions.take_up(listed)
        self._note_newcomers(listed)
        await self._cut_off.look(listing)
        self._agent_sessions.attach_known()
        if await self._missing.look_for_those_not_in(listing, asked_at):
            self._agent_sessions.attach_known()
        return listing.unreadable

    async def registry(self) -> int:
        """Take over agents that somebody else registered, if their VM exists; return how many cannot be read."""
        assert self._source.registry is not None
        # Two looks at once would adopt an agent twice, and one would be over before the other had attached it.
        async with self._adopting:
            listing = await self._source.registry.list_entries()
            claims = tuple(claim for entry in listing.entries if (claim := claim_from_entry(entry)) is not None)
            self._fleet_state.sightings.put_claims(self._source.name, "registry", claims)
            renamed: list[Agent] = []
            for entry in listing.entries:
                vm_id = VmId(entry.id.lower())
                # Each agent can write there: who says of its own VM that it is infra would be spared what all others
                # are not.
                if entry.role == INFRA and self._fleet_state.agent_on(vm_id) is None:
                    self._fleet_state.note_host(vm_id, "the registry says that it is infra")
                vm = self._fleet_state.vms.get(VmId(entry.id))
                if vm is None or vm.power is Power.GONE or vm.source != self._source.name:
                    continue
                usual = "" if says_directory(entry) else self._source.usual_directory(vm.id)
                agent = agent_from_entry(entry, self._source.name, usual)
                if agent is None:
                    continue
                known = self._known(agent, says_directory(entry))
                if known is None:
                    await self._agent_sessions.adopt(agent)
                else:
                    await self._learn(known, agent)
                    if says_directory(entry) and known.named_at > agent.named_at:
                        renamed.append(known)
            await self._enter_names(renamed)
        return listing.unreadable

    async def _enter_names(self, renamed: Sequence[Agent]) -> None:
        """Enter the names of agents that were renamed while the registry took nothing; each is tried.

        Raises:
            CockpitError: it still does not take one of them.
        """
        failure: CockpitError | None = None
        for agent in renamed:
            try:
                from cockpit.engine.commands.registration import update_entry

                await update_entry(self._source, agent, self._fleet_state.clock.now())
            except CockpitError as error:
                failure = error
        if failure is not None:
            raise failure

    def _known(self, agent: Agent, directory_said: bool) -> Agent | None:
        """Return the agent that an entry of the registry is about, by whatever id it is known, or None.

        Args:
            directory_said: where it lives was written down; otherwise it may have been found in another place.
        """
        for known in self._fleet_state.agents.values():
            if known.vm_id == agent.vm_id and (not directory_said or known.directory in ("", agent.directory)):
                return known
        return None

    async def _learn(self, known: Agent, said: Agent) -> None:
        """Take what the registry knows better of an agent: whom it works for, and what it was renamed to elsewhere."""
        learnt = known
        if said.parent_vm and said.parent_vm != known.parent_vm:
            learnt = replace(learnt, parent_vm=said.parent_vm, parent=said.parent or known.parent)
        if known.named_at < said.named_at <= self._fleet_state.clock.now() + CLOCK_DIFFERENCE:
            learnt = with_names_of(learnt, said)
        if learnt is not known:
            self._fleet_state.put_agent(learnt)
            await self._agent_sessions.keep_identity(learnt)

    def _note_newcomers(self, listed: set[VmId]) -> None:
        """Ask the registry at once who has a VM that appeared: it is entered there a moment after it was made."""
        now = self._fleet_state.clock.now()
        taken = {agent.vm_id for agent in self._fleet_state.agents.values()}
        self._newcomers = {vm_id: self._newcomers.get(vm_id, now) for vm_id in listed - taken}
        # The first look asks the registry right after the list, anyway.
        if self.first_look.is_set() and any(now - since < NEWCOMER for since in self._newcomers.values()):
            self._registry_now.set()

    async def board(self) -> int:
        """Read the board; return how many of its tasks could not be read."""
        assert self._source.board is not None
        listing = await self._source.board.listing()
        self.board_as_of = self._fleet_state.clock.now()
        self._fleet_state.set_tasks(listing.tasks, self._source.name)
        return listing.unreadable

    async def _watch_vms(self) -> None:
        while True:
            if self.first_look.is_set():
                worked = await self._guarded(VM_LIST, self.vms)
            else:
                worked = await self._look_at_agents()
                self.first_look.set()
            await asyncio.sleep(self._source.poll_interval if worked else RETRY_INTERVAL)

    async def _watch_board(self) -> None:
        while True:
            self._board_now.clear()
            worked = await self._guarded("board", self.board)
            began = self._fleet_state.clock.now()
            while not self._board_now.is_set():
                seen = self._fleet_state.clock.now() - self._looked_at < LOOKED_FOR
                interval = BOARD_INTERVAL if seen or not worked else BOARD_UNWATCHED
                left = began + interval - self._fleet_state.clock.now()
                if left <= 0:
                    break
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, 1.0)):
                        await self._board_now.wait()

    async def _watch_feed(self) -> None:
        assert self._source.feed is not None
        silence = self._mark_if_silent("feed")

        def catching_up() -> None:
            self.catching_up = self._fleet_state.clock.now()

        def heard(up: bool, reason: str) -> None:
            silence.cancel()
            self.catching_up = None
            unreadable = self._source.feed.unreadable if up and self._source.feed is not None else 0
            self._fleet_state.set_health(
                self.called("feed"), "" if up else reason or "the feed is silent", unreadable=unreadable
            )

        while True:
            try:
                async with contextlib.aclosing(
                    self._source.feed.follow(report=heard, catching_up=catching_up)
                ) as items:
                    async for item in items:
                        self._fleet_state.add_feed([item])
            except CockpitError as error:
                self._fleet_state.set_health(self.called("feed"), describe(error), error.hint, fault=error.fault)
            await asyncio.sleep(RETRY_INTERVAL)

    def _mark_if_silent(self, name: str) -> asyncio.TimerHandle:
        """Show that a service does not answer while it is still waited for."""
        reason = f"no answer yet after {SILENCE_MARK:g} s"
        hint = "it is still waited for"

        def mark() -> None:
            self._fleet_state.set_health(self.called(name), reason, hint, fault="late")

        return asyncio.get_running_loop().call_later(SILENCE_MARK, mark)

    async def _watch_registry(self) -> None:
        while True:
            self._registry_now.clear()
            worked = await self._guarded("registry", self.registry)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REGISTRY_INTERVAL if worked else RETRY_INTERVAL):
                    await self._registry_now.wait()

    async def _guarded(self, name: str, look: Callable[[], Awaitable[int]]) -> bool:
        """Run one look; a failure shows in the header and stops nothing else, and so does a silence that lasts."""
        silence = self._mark_if_silent(name)
        try:
            unreadable = await look()
        except CockpitError as error:
            log.warning("%s: %s", name, error)
            self._fleet_state.set_health(self.called(name), describe(error), error.hint, fault=error.fault)
            return False
        finally:
            silence.cancel()
        self._fleet_state.set_health(self.called(name), unreadable=unreadable)
        return True


def _label_claims(listing: VmListing) -> Iterator[Claim]:
    """Yield what the labels of VMs say of the agents on them: each cockpit writes its agent's name onto its VM."""
    for record in listing.records:
        if name := record.labels.get(NAME_LABEL):
            vm_id = VmId(record.vm_id)
            yield Claim(ClaimedBy.LABEL, ClaimedBy.LABEL.value, vm_id, usable_name(name, vm_id))
