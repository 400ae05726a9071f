"""The tests' double of the engine as verbs see it, and a headless session that runs verbs on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from cockpit.cli.headless import Headless
from cockpit.engine.port import HeadlessPort, HistoryPort
from cockpit.errors import NotFound, UsageError
from cockpit.model.acts import DoneAct
from cockpit.model.events import Record
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.past import RememberedAgent, SearchHit
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import is_ended, reached
from cockpit.model.timeline.minute import AgentMinutes, Timeline
from cockpit.model.transcript.transcript import Transcript
from tests.ui.fake_engine import FakeEngine


@dataclass(frozen=True)
class LineDouble:
    """A line of an agent's output."""

    record: Record
    content: bytes = b""

    async def data(self) -> AsyncIterator[bytes]:
        """Yield the line's bytes."""
        yield self.content


class OutputDouble:
    """Output that a test put there; every agent of it is attached and read to its end."""

    def __init__(self) -> None:
        self.records: dict[AgentId, list[Record]] = {}

    def is_attached(self, agent: AgentId) -> bool:
        """Say whether a test gave the agent output."""
        return agent in self.records

    def is_up_to_date(self, agent: AgentId) -> bool:
        """It is as soon as it is attached."""
        return agent in self.records

    async def lines(self, agent: Agent, *, follow: bool, raw: bool = False) -> AsyncIterator[LineDouble]:
        """Yield the lines, and no more after them."""
        for record in self.records.get(agent.id, []):
            yield LineDouble(record)


class HistoryDouble:
    """Remembered agents, and what a search finds; both as a test gives them."""

    def __init__(self) -> None:
        self.notices: tuple[str, ...] = ()
        self.known: tuple[RememberedAgent, ...] = ()
        self.acted: list[DoneAct] = []
        self.hits: list[SearchHit] = []
        self.records: dict[AgentId, list[Record]] = {}
        self.rows: tuple[AgentMinutes, ...] = ()

    async def timeline(
        self, since: float, now: float, *, standing: Collection[AgentId], names: Mapping[AgentId, str]
    ) -> Timeline:
        """Return the minutes a test gave."""
        return Timeline(since, now, self.rows)

    async def agents(self) -> tuple[RememberedAgent, ...]:
        """Return the remembered agents."""
        return self.known

    async def end(self, agent: AgentId) -> Transcript:
        """Return the records a test gave, folded."""
        transcript = Transcript()
        for record in self.records.get(agent, []):
            transcript.apply(record)
        return transcript

    async def acts(self, *, words: str = "", since: float = 0.0, limit: int = 200) -> list[DoneAct]:
        """Return the acts that hold the text."""
        return [one for one in self.acted if words in f"{one.verb} {one.target} {one.text}"][:limit]

    async def search(self, text: str, *, agent: AgentId | None = None, limit: int = 50) -> list[SearchHit]:
        """Return the hits that hold the text."""
        found = [hit for hit in self.hits if text in hit.excerpt and agent in (None, hit.agent)]
        return found[:limit]

    async def lines(self, agent: AgentId) -> AsyncIterator[Record]:
        """Yield the recorded lines."""
        for record in self.records.get(agent, []):
            yield record


class LookoutDouble:
    """Sees nothing by itself: a test puts in place what a look would find."""

    async def learn_parents(self, timeout: float) -> None:
        """Nobody is asked."""

    async def look_around(self, timeout: float) -> None:
        """Return at once."""


class HeadlessDouble(FakeEngine):
    """Implements `HeadlessPort`: a hand-built fleet that tells who waits of each change."""

    def __init__(self, fleet: Fleet | None = None) -> None:
        super().__init__(fleet)
        self.output = OutputDouble()
        self.recorded = HistoryDouble()
        self.lookout = LookoutDouble()
        self.answers: dict[CommandId, str] = {}
        self._change = asyncio.Event()

    def change(self, fleet: Fleet) -> None:
        """Put another snapshot in place, and tell who waits."""
        super().change(fleet)
        self._change.set()

    def agent_named(self, name: str) -> Agent:
        """Return an agent by name or id."""
        agent = self._named(name)
        if agent is None:
            raise NotFound(f"there is no agent named {name}", hint=self._known())
        return agent

    def vm_named(self, name: str) -> tuple[VmId, str]:
        """Return a VM by id, or by the name of the agent on it."""
        vm, agent = self.fleet.vm(VmId(name.lower())), self._named(name)
        if vm is not None:
            return vm.id, agent.name if agent is not None else vm.id
        if agent is None:
            raise NotFound(f"there is no agent or VM {name}", hint=self._known())
        return agent.vm_id, agent.name

    def _named(self, name: str) -> Agent | None:
        by_id = self.fleet.agent(AgentId(name.lower()))
        called = [agent for agent in self.fleet.agents if agent.name == name]
        if by_id is None and len(called) > 1:
            raise UsageError(f"{len(called)} agents are called {name}", hint="give the id instead")
        return by_id or (called[0] if called else None)

    def _known(self) -> str:
        return f"agents here: {', '.join(sorted(agent.name for agent in self.fleet.agents)) or 'none'}"

    def notice(self, text: str) -> None:
        """Add a standing fact."""
        if text not in self.fleet.notices:
            self.change(replace(self.fleet, notices=(*self.fleet.notices, text)))

    async def until(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until a condition holds."""
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    self._change.clear()
                    await self._change.wait()
        except TimeoutError:
            return condition()
        return True

    async def attach(self, wanted: Callable[[Agent], bool]) -> None:
        """Everybody is served already."""

    async def settled(self, timeout: float) -> None:
        """Nothing is ever read here."""

    async def outcome(
        self, command_id: CommandId, *, until: Stage = Stage.DONE, timeout: float | None = None
    ) -> Receipt:
        """Wait for a stage that a test brings about."""

        def now() -> Receipt:
            return next(receipt for receipt in self.fleet.receipts if receipt.id == command_id)

        await self.until(lambda: is_ended(now()) or reached(now(), until), timeout)
        return now()

    def answer_to(self, agent: AgentId, command: CommandId) -> str | None:
        """Return the answer that a test gave."""
        return self.answers.get(command)


class HeadlessOnDouble(Headless):
    """Runs verbs on a double: no settings, no fleet, no history of its own."""

    def __init__(self, engine: HeadlessDouble) -> None:
        self._double = engine

    def left(self) -> float:
        """There is nothing to wait for."""
        return 1.0

    async def has_board(self) -> bool:
        """Say whether a test gave the fleet a board."""
        return "board" in self._double.fleet.awaited

    @asynccontextmanager
    async def recorded(self) -> AsyncIterator[HistoryPort]:
        """Give the history of the double."""
        yield self._double.recorded

    @asynccontextmanager
    async def engine(
        self,
        attach: Callable[[Agent], bool] = lambda agent: True,
        *,
        watch: bool = False,
        record: bool = True,
        lists_only: bool = False,
        orders: bool = True,
    ) -> AsyncIterator[HeadlessPort]:
        """Give the double."""
        yield self._double


def fleet_of(agents: Iterable[Agent] = (), **fields: object) -> Fleet:
    """Return a fleet of some agents."""
    return replace(Fleet(agents=tuple(agents)), **fields)  # type: ignore[arg-type]
