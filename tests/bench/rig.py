"""The engine's reading side without API and screen: store, state, recorder and sessions over VMs on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import cast

from cockpit.agents.scaffold.layout import HOME_PATHS
from cockpit.engine.clock import Clock
from cockpit.engine.recollection import bring_back
from cockpit.engine.source import Kinds, Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions, LinkOptions
from cockpit.engine.streams.recorder import Recorder
from cockpit.model.events import Record, TextDelta
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import AgentId, VmId, agent_of
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.remote.ssh.endpoint import SshEndpoint
from cockpit.store.rows import AgentRow
from cockpit.store.store import Store
from cockpit.vers.client import VersClient
from cockpit.vers.wire import SshKey
from tests.bench.lines import stamp_of
from tests.bench.vms import NumberedVms
from tests.remote.waiting import until


class _Keys:
    """The one question a session asks of the fleet's API."""

    account = "bench"

    def __init__(self, vms: NumberedVms) -> None:
        self._vms = vms

    async def ssh_key(self, vm_id: VmId) -> SshKey:
        return SshKey(ssh_private_key=self._vms.key(self._vms.number(vm_id)))


class TimedRecorder(Recorder):
    """A recorder that notes how long ago the lines of some agents were written when they are reduced."""

    def __init__(self, fleet_state: FleetState, store: Store, book: ReceiptBook) -> None:
        super().__init__(fleet_state, store, book)
        self.timed: set[AgentId] = set()
        self.delays: list[float] = []
        """Seconds."""

    def fold_all(self, records: Sequence[Record]) -> None:
        """Apply records; then they are on the way to the screen."""
        super().fold_all(records)
        if records and records[0].agent in self.timed:
            now = time.monotonic()
            stamps = (stamp_of(record.event.text) for record in records if isinstance(record.event, TextDelta))
            self.delays += [now - stamp for stamp in stamps if stamp is not None]


class Rig:
    """One cockpit's reading side."""

    def __init__(
        self,
        vms: NumberedVms,
        store: Store,
        endpoint: Callable[[VmId], SshEndpoint] | None,
        options: LinkOptions | None,
    ) -> None:
        self.vms = vms
        self.store = store
        self.clock = Clock()
        self.fleet_state = FleetState(self.clock, "benchmark")
        book = ReceiptBook()
        self.recorder = TimedRecorder(self.fleet_state, store, book)
        self.source = Source(
            name="benchmark",
            vers=cast(VersClient, _Keys(vms)),
            services=None,
            address=str,
            endpoint=endpoint or (lambda vm_id: vms.endpoint(vms.number(vm_id))),
            paths=HOME_PATHS,
            kinds=lambda: Kinds((), "pi"),
        )
        self.agent_sessions = AgentSessions(
            self.fleet_state, store, self.source, lambda: self.recorder, lambda: book, options or LinkOptions()
        )

    def agent_id(self, number: int) -> AgentId:
        """Return an agent's id."""
        return agent_of(self.vms.vm_id(number))

    async def remember(self) -> None:
        """Write all agents into the store, as a spawn or the registry does."""
        for number in range(self.vms.count):
            await self.store.remember_agent(
                AgentRow(
                    id=self.agent_id(number),
                    name=f"agent-{number + 1:03}",
                    kind=AgentKind.WORKER.value,
                    vm_id=self.vms.vm_id(number),
                    role="",
                    program="pi",
                    labels=(),
                    parent="",
                    paths_directory=HOME_PATHS.directory,
                    workspace=HOME_PATHS.workspace,
                    created_at=self.clock.now(),
                )
            )

    def attach(self) -> None:
        """Begin to serve all agents that were loaded."""
        for agent in self.agents():
            self.agent_sessions.attach(agent)

    def agents(self) -> list[Agent]:
        """Return all agents as they are now, in order."""
        return [self.fleet_state.agents[self.agent_id(number)] for number in range(self.vms.count)]

    def lines(self) -> int:
        """Return how many lines were reduced, of all agents together."""
        return sum(agent.line for agent in self.fleet_state.agents.values())

    async def reach(self, lines: Sequence[int], within: float) -> None:
        """Return once every agent is reduced up to its line.

        Raises:
            AssertionError: not within so many seconds.
        """

        def there() -> bool:
            return all(agent.line >= line for agent, line in zip(self.agents(), lines, strict=True))

        # Looked at now and then: a wait that is woken by each change would cost as much as what is measured.
        with contextlib.suppress(AssertionError):
            await until(there, within)
        if not there():
            late = [agent for agent, line in zip(self.agents(), lines, strict=True) if agent.line < line]
            raise AssertionError(f"{len(late)} agents are behind, e.g. {late[0].name}: {late[0].link}")


@contextlib.asynccontextmanager
async def rig(
    vms: NumberedVms,
    history: Path,
    *,
    endpoint: Callable[[VmId], SshEndpoint] | None = None,
    options: LinkOptions | None = None,
    remembered: bool = False,
) -> AsyncIterator[Rig]:
    """Run a rig for the time of the block; leaving it ends the remote readers.

    Args:
        history: the store's file.
        endpoint: how to reach a VM, if not directly.
        options: how connections are kept.
        remembered: the store knows the agents from an earlier run.
    """
    store = await Store.open(history)
    made = Rig(vms, store, endpoint, options)
    ticking = asyncio.create_task(made.recorder.keep_time(), name="time")
    try:
        if not remembered:
            await made.remember()
        await bring_back(made.fleet_state, made.store, made.recorder, [made.source])
        yield made
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
        await made.agent_sessions.close()
        await store.close()
