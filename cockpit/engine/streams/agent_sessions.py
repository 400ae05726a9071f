"""Which agents are known and attached: loaded from the store, found in the registry, spawned here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from cockpit.engine.agent_record import agent_from_row, row_of
from cockpit.engine.cancellation import check_cancelled
from cockpit.engine.memory import try_to_keep_identity, with_names_of
from cockpit.model.fleet import Agent, LinkState, Power
from cockpit.model.ids import AgentId, VmId
from cockpit.remote.errors import SshKeyRefused
from cockpit.remote.ssh.backoff import Backoff
from cockpit.remote.ssh.connect_limit import ConnectLimit
from cockpit.remote.ssh.read_batching import ReadBatching
from cockpit.store.errors import StoreError

if TYPE_CHECKING:
    from cockpit.engine.source import Source
    from cockpit.engine.state import FleetState
    from cockpit.engine.streams.follower import Following
    from cockpit.engine.streams.link import VmLink
    from cockpit.engine.streams.reader import AgentReader
    from cockpit.engine.streams.recorder import Recorder
    from cockpit.engine.streams.session import AgentSession
    from cockpit.model.receipts.receipts import ReceiptBook
    from cockpit.remote.ssh.connection import Connection
    from cockpit.store.store import Store

log = logging.getLogger(__name__)

BACKGROUND_POLLING = 0.4
"""Seconds between two looks at the output of an agent nobody looks at, on its VM. With the time until the next common
round of reading (`remote.ssh.read_batching`) a question or the end of a run is still noticed within a second."""

RESTART_DELAY = 5.0
"""Seconds until a session that hit a programming error is tried again."""


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """How connections are kept; seconds."""

    keepalive_interval: float = 15.0
    keepalive_count: int = 3
    connect_timeout: float = 20.0
    compression: bool = True
    """Compress where it pays; on the way within this machine it never does."""


class AgentSessions:
    """Owns one session per agent of a source; each runs in a task of its own and fails alone."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        recorder: Callable[[], Recorder],
        book: Callable[[], ReceiptBook],
        link_options: LinkOptions,
    ) -> None:
        self.wanted: Callable[[Agent], bool] = lambda agent: True
        self.record = True
        """Whether attached agents are read and recorded."""
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._recorder_of = recorder
        self._book_of = book
        self._link_options = link_options
        self._focused: AgentId | None = None
        self._has_focus = False
        self._connect_limit = ConnectLimit()
        self.rounds = ReadBatching()
        self._keys: dict[VmId, str] = {}
        self._being_made: frozenset[str] = frozenset()
        """The names that are held for agents which are being made, here or by others on this machine."""
        self._made_elsewhere: set[AgentId] = set()
        """Agents that another process on this machine made while this one ran."""
        self._sessions: dict[AgentId, AgentSession] = {}
        self._tasks: dict[AgentId, asyncio.Task[None]] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    @cached_property
    def _following(self) -> Following:
        from cockpit.engine.streams.follower import Following

        return Following(self._fleet_state, self._store, self._recorder_of())

    # --- knowing -------------------------------------------------------------------------------------

    async def adopt(self, agent: Agent) -> None:
        """Take over an agent that somebody else registered."""
        try:
            await self._store.remember_agent(
                row_of(
                    agent,
                    directory=self._source.paths_of(agent).directory,
                    workspace=self._source.paths.workspace,
                    created_at=self._fleet_state.clock.now(),
                    account=self._source.vers.account,
                )
            )
        except StoreError as error:
            log.error("agent %s is not remembered: %s", agent.name, error)
        await self._recorder_of().load(agent)
        if agent.vm_id not in self._fleet_state.vms:
            self._fleet_state.agents.pop(agent.id, None)  # destroyed meanwhile
        elif self.wanted(agent):
            self.attach(agent)

    async def move(self, former: AgentId, agent: Agent) -> None:
        """Serve an agent in another directory than the one it was looked for in, where none was ever started."""
        # First in the store: a look at what others made there would take it up again.
        try:
            await self._store.forget_agent(former)
        except StoreError as error:
            log.error("the former place of agent %s is still remembered: %s", agent.name, error)
        self.detach(former)
        self._book_of().forget(former)
        self._fleet_state.agents.pop(former, None)
        await self.adopt(agent)

    async def keep_identity(self, agent: Agent) -> None:
        """Remember what was learnt of an agent's name, and of whose it is."""
        await try_to_keep_identity(self._store, agent)

    async def load(self, agent: Agent) -> None:
        """Show an agent that the store remembers."""
        await self._recorder_of().load(agent)

    async def take_up(self, listed: Collection[VmId]) -> None:
        """Show agents that another process on this machine made, and what they were renamed to there."""
        known = {agent.vm_id for agent in self._fleet_state.agents.values()}
        try:
            rows = [row for row in await self._store.agents(living=True) if row.vm_id in listed]
            self._being_made = await self._store.names.held()
            self._fleet_state.note_frozen(await self._store.frozen.all())
        except StoreError as error:
            log.error("what other cockpits here made cannot be read: %s", error)
            return
        for row in rows:
            agent = self._fleet_state.agents.get(row.id)
            if agent is not None and row.named_at > agent.named_at:
                self._fleet_state.put_agent(with_names_of(agent, row))
            elif agent is None and row.vm_id not in known and row.vm_id not in self._fleet_state.dismissed:
                self._made_elsewhere.add(row.id)
                await self._recorder_of().load(agent_from_row(row, self._source.name))

    async def place(self, listed: Collection[VmId]) -> None:
        """Take agents of unknown or of another account, and dismissed ones, as this one's: its list has their VMs."""
        await self._recall(listed)
        found = {
            agent.id
            for agent in self._fleet_state.agents.values()
            if agent.vm_id in listed
            and (agent.elsewhere or agent.source != self._source.name or agent.id in self._fleet_state.unplaced)
        }
        if not found:
            return
        for agent_id in found:
            self._fleet_state.unplaced.discard(agent_id)
            self._fleet_state.put_agent(
                replace(self._fleet_state.agents[agent_id], elsewhere="", source=self._source.name)
            )
        try:
            for row in await self._store.agents():
                if row.id in found:
                    await self._store.remember_agent(replace(row, account=self._source.vers.account))
        except StoreError as error:
            log.error("whose the agents are is not remembered: %s", error)

    async def _recall(self, listed: Collection[VmId]) -> None:
        """Show agents that were dismissed again, since this account's list has their VMs."""
        shown = {agent.vm_id for agent in self._fleet_state.agents.values()}
        hidden = {vm_id for vm_id in listed if vm_id in self._fleet_state.dismissed and vm_id not in shown}
        if not hidden:
            return
        try:
            for row in await self._store.agents(living=True):
                if row.vm_id in hidden:
                    await self._store.names.recall(row.vm_id)
                    await self._store.remember_agent(replace(row, account=self._source.vers.account))
                    self._fleet_state.dismissed.pop(VmId(row.vm_id), None)
                    await self._recorder_of().load(agent_from_row(row, self._source.name))
        except StoreError as error:
            log.error("agents that were dismissed and are here after all are not remembered: %s", error)

    async def vm_gone(self, vm_id: str) -> None:
        """Drop a VM that the API confirmed to be deleted, and the agents on it; transcripts stay in the store."""
        agents = [agent for agent in self._fleet_state.agents.values() if agent.vm_id == vm_id]
        for agent in agents:
            self.detach(agent.id)
            for receipt in self._book_of().open_for(agent.id):
                self._fleet_state.put_receipts(
                    self._book_of().failed(receipt.id, self._fleet_state.clock.now(), "its VM was deleted")
                )
            self._book_of().forget(agent.id)
            self._fleet_state.agents.pop(agent.id, None)
            self._fleet_state.unplaced.discard(agent.id)
            self._fleet_state.departed[agent.name] = (VmId(vm_id), self._fleet_state.clock.now())
        self._fleet_state.vms.pop(VmId(vm_id), None)
        was_suspect = self._fleet_state.suspects.pop(VmId(vm_id), "")
        self._fleet_state.changed()
        try:
            await self._store.creations.settle(vm_id)
            if was_suspect:
                await self._store.names.clear(vm_id)
            for agent in agents:
                await self._store.forget_agent(agent.id)
        except StoreError as error:
            log.error("VM %s and what was on it are still remembered: %s", vm_id, error)

    # --- attaching -----------------------------------------------------------------------------------

    def attach_known(self) -> None:
        """Attach every known and wanted agent whose VM exists."""
        for agent in list(self._fleet_state.agents.values()):
            vm = self._fleet_state.vms.get(agent.vm_id)
            ours = vm is not None and not vm.doubt and vm.source == self._source.name
            # Who makes it attaches to it once what its image brought is out of the way.
            is_made = agent.id in self._made_elsewhere and agent.name in self._being_made
            if ours and not is_made and agent.id not in self._sessions and self.wanted(agent):
                self.attach(agent)

    def agent_session(self, agent: AgentId) -> AgentSession | None:
        """Return the session with an agent, if there is one."""
        return self._sessions.get(agent)

    def attach(self, agent: Agent) -> AgentSession:
        """Begin to serve an agent."""
        known = self._sessions.get(agent.id)
        if known is not None:
            return known
        # What serves an agent is loaded with the first one that is attached.
        from cockpit.agents.kinds import adapter_of
        from cockpit.engine.streams.link import VmLink
        from cockpit.engine.streams.reader import AgentReader
        from cockpit.engine.streams.renewal import OutputRenewal
        from cockpit.engine.streams.sender import Sender
        from cockpit.engine.streams.session import AgentSession

        paths, recorder = self._source.paths_of(agent), self._recorder_of()
        place = self._source.place_words(agent.vm_id)
        sender = Sender(self._fleet_state, self._store, self._book_of(), self._connection_of(agent.id), paths, place)

        async def make_reader(whole: bool, raw: bool) -> AgentReader:
            reader = AgentReader(
                agent.id,
                paths.file("out"),
                self._store,
                self._fleet_state.clock,
                adapter_of(agent.program).decoder(),
                whole=whole,
                raw=raw,
            )
            stored, known = await reader.restore(), self._fleet_state.agents.get(agent.id)
            if known is None or (known.epoch, known.line) < stored:
                await recorder.catch_up(agent.id)
            return reader

        agent_session = AgentSession(
            self._fleet_state,
            recorder,
            self._following,
            make_reader,
            sender,
            agent.id,
            paths,
            place,
            record=self.record,
            renewal=OutputRenewal(self._fleet_state, self._store, agent.id, paths, place, self._source.out_bound),
        )
        agent_session.link = VmLink(
            self._fleet_state,
            agent.vm_id,
            lambda: self.connect(agent.vm_id),
            agent_session.serve,
            Backoff(),
            lambda: self.trusted_keys(agent.vm_id),
        )
        agent_session.poll(self._polling_of(agent.id))
        self._sessions[agent.id] = agent_session
        self._tasks[agent.id] = asyncio.create_task(self._run(agent, agent_session.link), name=f"agent {agent.name}")
        return agent_session

    def _connection_of(self, agent: AgentId) -> Callable[[], Connection | None]:
        return lambda: session.connection() if (session := self._sessions.get(agent)) else None

    def focus(self, agent: AgentId | None) -> None:
        """Read one agent the moment it writes, the others in batches; exactness is the same."""
        self._focused = agent
        self._has_focus = True
        for agent_session in self._sessions.values():
            agent_session.poll(self._polling_of(agent_session.agent))

    def _polling_of(self, agent: AgentId) -> float | None:
        """Without a screen nobody looks at one agent more than at another: all are read at once."""
        return None if not self._has_focus or agent == self._focused else BACKGROUND_POLLING

    def detach(self, agent: AgentId) -> None:
        """Stop serving an agent; the agent itself goes on."""
        self._sessions.pop(agent, None)
        task = self._tasks.pop(agent, None)
        if task is not None:
            task.cancel()
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Stop serving all agents and wait until their remote readers are gone."""
        for agent in list(self._sessions):
            self.detach(agent)
        await asyncio.gather(*self._leaving, return_exceptions=True)
        if "_following" in vars(self):
            await self._following.close()

    def read_to_the_end(self) -> frozenset[AgentId]:
        """Return the agents whose output was read to its end, here or by the cockpit that records them."""
        return frozenset(agent for agent, agent_session in self._sessions.items() if agent_session.caught_up.is_set())

    def settled(self) -> bool:
        """Say whether each attached agent was tried, and read to its end where its link is up."""
        return all(self._is_settled(agent_session) for agent_session in self._sessions.values())

    def _is_settled(self, agent_session: AgentSession) -> bool:
        link = agent_session.link
        if link is None or not link.settled.is_set():
            return False
        agent = self._fleet_state.agents.get(agent_session.agent)
        if agent is None or agent.link.state is not LinkState.UP:
            return True
        return (agent_session.caught_up.is_set() or not self.record) and agent_session.probed.is_set()

    async def _run(self, agent: Agent, link: VmLink) -> None:
        """Run a link; a programming error is this agent's trouble alone, loud in the log, and it starts again."""
        while True:
            try:
                await link.run()
                return
            except Exception:
                log.exception("agent %s on VM %s: internal error", agent.name, agent.vm_id)
                check_cancelled()
                self._fleet_state.notice(f"internal error while serving {agent.name}: see the log file")
                await asyncio.sleep(RESTART_DELAY)

    def trusted_keys(self, vm_id: VmId) -> tuple[str, ...]:
        """Return the host keys that are trusted for a VM, as OpenSSH lines."""
        known = self._store.known(self._source.endpoint(vm_id).identity)
        # What `known_hosts` has of a plain host counts beside these: none here invites nobody.
        return known or (("known_hosts",) if self._source.plain_host is not None else ())

    async def connect(self, vm_id: VmId) -> Connection:
        """Open a connection of the caller's own; the VM's key is fetched while it runs and kept in memory only.

        Raises:
            CockpitError: the VM cannot be reached.
        """
        if self._fleet_state.power(vm_id) is Power.BOOTING:
            await self._fleet_state.until(lambda: self._fleet_state.power(vm_id) is not Power.BOOTING, 60.0)
        if self._source.plain_host is not None:
            return await self._source.plain_host.lend(vm_id)
        if vm_id not in self._keys:
            self._keys[vm_id] = (await self._source.vers.ssh_key(vm_id)).ssh_private_key
        endpoint = self._source.endpoint(vm_id)
        options = self._link_options
        connection = (await connection_class())(
            endpoint,
            self._keys[vm_id],
            self._store,
            keepalive_interval=options.keepalive_interval,
            keepalive_count=options.keepalive_count,
            connect_timeout=options.connect_timeout,
            compression=options.compression and not endpoint.local,
            connect_limit=self._connect_limit,
            read_batching=self.rounds,
        )
        try:
            await connection.connect()
        except SshKeyRefused:
            # A VM that was restored or branched has another key: it is fetched again for the next attempt.
            self._keys.pop(vm_id, None)
            raise
        return connection


async def connection_class() -> type[Connection]:
    """Return the class of connections; what it stands on takes long to load, and the loop goes on meanwhile."""
    module = await asyncio.to_thread(import_module, "cockpit.remote.ssh.connection")
    found: type[Connection] = module.Connection
    return found
