"""Makes the engine's parts over doubles; the one place that knows their constructors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.agents.adapter import Program
from cockpit.agents.scaffold.layout import HOME_PATHS
from cockpit.engine.clock import Clock
from cockpit.engine.commands.creations import Creations
from cockpit.engine.commands.dispatcher import Dispatcher
from cockpit.engine.commands.keeping import Keeping
from cockpit.engine.cut_off import CutOffCalls
from cockpit.engine.missing import MissingVms
from cockpit.engine.reach.reach import Reach
from cockpit.engine.recollection import bring_back
from cockpit.engine.source import Kinds, Services, Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams import agent_sessions as agent_sessions_module
from cockpit.engine.streams.agent_sessions import AgentSessions, LinkOptions
from cockpit.engine.streams.follower import Following
from cockpit.engine.streams.link import VmLink
from cockpit.engine.streams.outbox import Outbox
from cockpit.engine.streams.reader import AgentReader
from cockpit.engine.streams.recorder import Recorder
from cockpit.engine.streams.sender import Sender
from cockpit.engine.streams.session import AgentSession
from cockpit.engine.upkeep import Upkeep
from cockpit.engine.watcher import Watcher
from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.fleet import Agent, AgentKind, Link, LinkState, Power, Process, ProcessState, Vm
from cockpit.model.ids import AgentId, CommandId, VmId, agent_of
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.remote.ssh.backoff import Backoff
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.ssh.endpoint import SshEndpoint
from cockpit.services.board import BoardClient
from cockpit.services.feed import FeedClient
from cockpit.services.http import ServiceHttp
from cockpit.services.registry import RegistryClient
from cockpit.store.rows import AgentRow
from cockpit.store.store import Store
from cockpit.vers.client import VersClient
from tests.engine.unit.connection import FakeConnection
from tests.engine.unit.control import FakeBoard, FakeFeed, FakeRegistry, FakeVers
from tests.engine.unit.store import MemoryStore

BEGAN = 1_790_000_000.0
"""Unix seconds at the beginning of every test."""

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
OTHER_VM = VmId("bbbbbbbb-0000-4000-8000-000000000002")
AGENT = agent_of(VM)
OTHER_AGENT = agent_of(OTHER_VM)


def virtual_clock() -> Clock:
    """Return a clock that goes with the running loop's virtual time."""
    return Clock(wall=lambda: BEGAN, monotonic=asyncio.get_running_loop().time)


def agent_on(vm_id: VmId = VM, name: str = "builder") -> Agent:
    """Return an agent that is linked and alive."""
    return Agent(
        agent_of(vm_id),
        name,
        AgentKind.WORKER,
        vm_id,
        link=Link(LinkState.UP),
        process=Process(ProcessState.ALIVE),
        epoch=1,
    )


class Parts:
    """A fleet of one running VM with one agent, its store, its book of receipts, and a way to it."""

    def __init__(self) -> None:
        self.clock = virtual_clock()
        self.memory = MemoryStore()
        self.state = FleetState(self.clock, "test")
        self.book = ReceiptBook()
        self.connection: FakeConnection | None = FakeConnection()
        self.state.put_vm(Vm(VM, Power.RUNNING, label="builder"))
        self.state.put_agent(agent_on())
        self.recorder = Recorder(self.state, self.store, self.book)
        self.vers = FakeVers()
        self.vers.states[VM] = "running"
        self.board: FakeBoard | None = FakeBoard()
        self.registry = FakeRegistry()
        self.feed = FakeFeed()
        self.board_changes = 0
        self.image_changes = 0

    @property
    def store(self) -> Store:
        """The store in memory, as the engine's parts take it."""
        return cast(Store, self.memory)

    @property
    def agent(self) -> Agent:
        """The one agent as it is now."""
        return self.state.agents[AGENT]

    def sender(self) -> Sender:
        """Make the part that writes to the agent."""
        return Sender(self.state, self.store, self.book, as_connections(lambda: self.connection), HOME_PATHS, VM)

    def source(self) -> Source:
        """Make the description of a fleet whose API and services are doubles."""
        services = Services(
            cast(ServiceHttp, SimpleNamespace(base_url="http://services.test")),
            cast(BoardClient, self.board),
            cast(FeedClient, self.feed),
            cast(RegistryClient, self.registry),
        )
        return Source(
            "",
            cast(VersClient, self.vers),
            services if self.board is not None else None,
            lambda vm_id: f"{vm_id}.test",
            lambda vm_id: SshEndpoint("127.0.0.1", 1, "root", vm_id),
            HOME_PATHS,
            lambda: Kinds((Program("pi", "", lambda spawn, path, again: ()),), "pi"),
        )

    def agent_sessions(self) -> AgentSessions:
        """Make the part that attaches agents; `Connections` says what it connects to."""
        return AgentSessions(
            self.state, self.store, self.source(), lambda: self.recorder, lambda: self.book, LinkOptions()
        )

    async def bring_back(self) -> None:
        """Let the store's agents and receipts come back, as the engine does when it starts."""
        await bring_back(self.state, self.store, self.recorder, [self.source()])

    def dispatcher(self, sessions: AgentSessions) -> Dispatcher:
        """Make the part that takes commands."""

        def board_changed() -> None:
            self.board_changes += 1

        async def images_changed() -> None:
            self.image_changes += 1

        return Dispatcher(
            self.state,
            self.store,
            self.source(),
            sessions,
            self.book,
            creations=self.creations(),
            keeping=self.keeping(),
            board_changed=board_changed,
            images_changed=images_changed,
            reach=Reach(self.state, self.store, self.source(), sessions),
        )

    def watcher(self, sessions: AgentSessions) -> Watcher:
        """Make the part that polls the control services."""
        source = self.source()
        cut_off = CutOffCalls(self.state, self.store, source, self.creations(), sessions)
        return Watcher(self.state, source, sessions, cut_off)

    def creations(self) -> Creations:
        """Make the part that writes calls down which make VMs."""
        return Creations(self.state, self.store, self.source())

    def keeping(self) -> Keeping:
        """Make the part that takes commits and keeps who was on them."""
        return Keeping(self.state, self.store, self.source())

    def upkeep(self) -> Upkeep:
        """Make the part that looks after kept commits."""
        return Upkeep(self.state, self.store, self.source(), self.keeping())

    def missing(self, sessions: AgentSessions) -> MissingVms:
        """Make the part that looks at VMs which a list lacks."""
        return MissingVms(self.state, self.source().name, self.source().vers, sessions)

    def following(self) -> Following:
        """Make the part that follows what another cockpit stores."""
        return Following(self.state, self.store, self.recorder)

    def outbox(self) -> Outbox:
        """Make the part that reads receipts of other processes."""
        return Outbox(self.state, self.store, self.book)

    def link(
        self,
        connect: Callable[[], Awaitable[FakeConnection]],
        serve: Callable[[FakeConnection], Awaitable[None]],
        longest: bool = True,
        trusted_keys: Callable[[], tuple[str, ...]] = lambda: ("another",),
    ) -> VmLink:
        """Make a VM's link, whose waits are the longest ones that chance may choose (or none)."""
        backoff = Backoff(uniform=lambda low, high: high if longest else low, clock=asyncio.get_running_loop().time)
        return VmLink(self.state, VM, cast(Any, connect), cast(Any, serve), backoff, trusted_keys)

    def session(self, reader: Any, following: Following, *, record: bool = True) -> AgentSession:
        """Make one agent's attachment; `reader` stands for its `AgentReader`."""

        async def make_reader(whole: bool, raw: bool) -> AgentReader:
            return cast(AgentReader, reader)

        return AgentSession(
            self.state, self.recorder, following, make_reader, self.sender(), AGENT, HOME_PATHS, VM, record=record
        )

    def remember(self, vm_id: VmId, name: str, **fields: Any) -> AgentRow:
        """Put an agent into the store as an earlier process left it."""
        given: dict[str, Any] = {"account": self.vers.account, "created_at": BEGAN - 99} | fields
        row = AgentRow(agent_of(vm_id), name, "worker", vm_id, **given)
        self.memory.rows[row.id] = row
        return row

    def hears(self, *events: Event, agent: AgentId = AGENT) -> None:
        """Fold what the agent writes."""
        for event in events:
            line = self.state.agents[agent].line + 1
            self.recorder.fold_all([record(line, event, agent=agent, at=self.clock.now())])

    def receipt(self, number: int = 1, verb: str = "prompt", text: str = "go") -> Receipt:
        """Put a new receipt into book and state, as the dispatcher does."""
        place = (self.agent.epoch, self.agent.line)
        made = Receipt(
            CommandId(f"ck-{number}"), AGENT, verb, text, Stage.PENDING, self.clock.now() + number / 1e3, place=place
        )
        self.book.add(made)
        self.state.put_receipt(made)
        return made

    def shown(self, receipt: Receipt) -> Receipt:
        """Return a receipt as it is shown now."""
        return self.state.receipts[receipt.id]


class Connections:
    """What `AgentSessions` connects to: doubles, the newest last; `errors` are raised by the attempts, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[FakeConnection] = []
        self.keys: list[str] = []
        self.errors: list[Exception | None] = []
        self.options: dict[str, Any] = {}

        async def class_() -> Any:
            return self._make

        monkeypatch.setattr(agent_sessions_module, "connection_class", class_)

    def _make(self, endpoint: SshEndpoint, key: str, host_keys: object, **options: Any) -> FakeConnection:
        made, error = FakeConnection(), self.errors.pop(0) if self.errors else None
        self.keys.append(key)
        self.options = options

        async def connect() -> None:
            if error is not None:
                raise error
            self.made.append(made)

        made.connect = connect
        return made


def as_connections(give: Callable[[], FakeConnection | None]) -> Callable[[], Connection | None]:
    """Return a source of doubles as the engine's parts take it."""
    return lambda: cast("Connection | None", give())


def record(line: int, event: Event | None = None, *, agent: AgentId = AGENT, epoch: int = 1, at: float = 0.0) -> Record:
    """Return a record whose place follows from its line."""
    return Record(
        agent, epoch, line, line * 100, line * 100 + 100, at or BEGAN, event or ev.TextDelta(0, f"word{line} ")
    )


def question(dialog_id: str, title: str = "Which?") -> ev.DialogRequested:
    """Return a question of the agent."""
    return ev.DialogRequested(dialog_id, "input", title)
