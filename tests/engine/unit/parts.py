"""Makes the engine's parts over doubles; the one place that knows their constructors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from cockpit.agents.scaffold.layout import HOME_PATHS
from cockpit.engine.clock import Clock
from cockpit.engine.state import FleetState
from cockpit.engine.streams.recorder import Recorder
from cockpit.engine.streams.sender import Sender
from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.fleet import Agent, AgentKind, Link, LinkState, Power, Process, ProcessState, Receipt, Stage, Vm
from cockpit.model.ids import AgentId, CommandId, VmId, agent_of
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.remote.ssh.connection import Connection
from cockpit.store.store import Store
from tests.engine.unit.connection import FakeConnection
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
