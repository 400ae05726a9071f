"""An engine double: a hand-built fleet and transcripts, a clock that stands still, and a list of what was ordered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from cockpit.engine.accounts_port import PlatformPort
from cockpit.engine.describe import VERBS
from cockpit.engine.platform import Platform
from cockpit.errors import Refused
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import (
    Spawn,
)
from cockpit.model.comparison import Candidate
from cockpit.model.events import Event, Record
from cockpit.model.failures import dismissed, shown_again
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId, CommandId, CommitId, OperationId, VmId, agent_of
from cockpit.model.images import GoldenImage
from cockpit.model.inquiries import LEVELS, SLASH_COMMANDS, CarriedOut, Question, SavedSession, SlashCommand, Told
from cockpit.model.last_words import LastWords
from cockpit.model.loss import Loss, Remains, loss_of
from cockpit.model.operation import Operation
from cockpit.model.past import RememberedAgent, SearchHit
from cockpit.model.ports import Ports
from cockpit.model.queue import Waiting, waiting_in
from cockpit.model.reach import RemoteTerminal, RunningCommand
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.refusals.grounds import Facilities, Refusal, RefusalCode
from cockpit.model.refusals.ports import of_reach
from cockpit.model.refusals.refusal import refusal
from cockpit.model.timeline.minute import AgentMinutes, Timeline
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import Place, TranscriptWindow
from tests.ui.coordination_double import CoordinationDouble
from tests.ui.fake_work import WorkDouble
from tests.ui.files_double import FilesDouble
from tests.ui.notebook_double import NotebookDouble

NOW = 1_790_000_000.0
"""The moment the double's clock shows."""


class LossDouble:
    """Looks at VMs as a test says: `remains` by VM, and what is not there cannot be looked at."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.remains: dict[VmId, Remains] = {}

    async def look(self, vm_ids: Sequence[VmId]) -> tuple[Loss, ...]:
        """Return what would be lost."""
        fleet = self._engine.fleet
        return tuple(loss_of(vm_id, fleet, self.remains.get(vm_id), "the test lets nobody look") for vm_id in vm_ids)


class ImagesDouble:
    """The images that a test put there."""

    def __init__(self) -> None:
        self.known: tuple[GoldenImage, ...] = ()
        self.reasons: dict[CommitId, tuple[str, ...]] = {}

    def stale(self, image: GoldenImage) -> tuple[str, ...]:
        """Return what a test says of it."""
        return self.reasons.get(image.commit, ())

    async def look(self) -> tuple[GoldenImage, ...]:
        """Return them."""
        return self.known


class ComparisonDouble:
    """What agents came to, as a test gives it."""

    def __init__(self) -> None:
        self.candidates: dict[AgentId, Candidate] = {}
        self.answers: dict[AgentId, str] = {}

    async def look(self, agents: Sequence[AgentId]) -> tuple[Candidate, ...]:
        """Return what was given."""
        return tuple(self.candidates[agent] for agent in agents)

    async def answer(self, agent_id: AgentId) -> str:
        """Return the answer that was given."""
        return self.answers.get(agent_id, "")


class QueueDouble:
    """What waits in the agents of the snapshot; a text is a cockpit's own if an open receipt has it."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    def waiting(self, agent: AgentId) -> tuple[Waiting, ...]:
        """Return what waits."""
        known = self._engine.fleet.agent(agent)
        own = {one.text: one.id for one in self._engine.fleet.receipts if one.stage in (Stage.QUEUED, Stage.STEERING)}
        return tuple(replace(one, command=own.get(one.text)) for one in waiting_in(known)) if known else ()


class StandardErrorDouble:
    """What agents wrote on standard error, as a test gives it; who wrote nothing there is out of reach."""

    def __init__(self) -> None:
        self.lines: dict[AgentId, tuple[str, ...]] = {}

    async def last(self, agent_id: AgentId, lines: int) -> LastWords:
        """Return what was given."""
        if agent_id not in self.lines:
            raise Refused("the test lets nobody look")
        return LastWords("~/pi-rpc/err", 1234, self.lines[agent_id][-lines:])


class InquiryDouble:
    """What agents answer, as a test gives it: by agent and question."""

    def __init__(self) -> None:
        self.answers: dict[tuple[AgentId, str], Any] = {}
        self.reasons: dict[str, str] = {}
        self.saved: tuple[SavedSession, ...] = ()
        self.asked: list[str] = []
        self.exported: list[tuple[str, Path | None]] = []
        self.outcomes: dict[CommandId, CarriedOut] = {}
        self.modes: tuple[tuple[str, str], ...] = (("default", "asks"), ("plan", "changes nothing"))
        self.words: tuple[str, ...] = ("compact", "new", "model", "name", "settings")

    def reason(self, agent_id: AgentId, question: Question[Told]) -> str:
        """Return the reason a test gave."""
        return self.reasons.get(question.name, "")

    async def ask(self, agent_id: AgentId, question: Question[Told]) -> Told:
        """Return the answer a test gave."""
        self.asked.append(question.name)
        if (agent_id, question.name) not in self.answers:
            raise Refused(f"nobody says {question.name}")
        return cast(Told, self.answers[agent_id, question.name])

    async def levels(self, agent_id: AgentId) -> tuple[str, ...]:
        """Return the levels a test gave."""
        return await self.ask(agent_id, LEVELS)

    def known_commands(self, agent_id: AgentId) -> tuple[SlashCommand, ...] | None:
        """Return the slash commands if they were asked for."""
        told = self.answers.get((agent_id, SLASH_COMMANDS.name)) if SLASH_COMMANDS.name in self.asked else None
        return cast("tuple[SlashCommand, ...] | None", told)

    def own_words(self, agent_id: AgentId) -> tuple[str, ...]:
        """Return the words of an agent's own screen."""
        return self.words

    def permission_modes(self, agent_id: AgentId) -> tuple[tuple[str, str], ...]:
        """Return the modes a test gave."""
        return self.modes

    def carried_out(self, agent_id: AgentId, command_id: CommandId) -> CarriedOut:
        """Return what a test gave."""
        return self.outcomes.get(command_id, CarriedOut())

    async def sessions(self, agent_id: AgentId) -> tuple[SavedSession, ...]:
        """Return the sessions a test gave."""
        return self.saved

    async def export(self, agent_id: AgentId, form: str, to: Path | None) -> str:
        """Note what is wanted."""
        self.exported.append((form, to))
        return str(to or "/root/there")


class CommandDouble:
    """A command on a VM that a test lets speak and end."""

    def __init__(self, words: Sequence[str], heard: Callable[[bytes, bool], None]) -> None:
        self.words = tuple(words)
        self.heard = heard
        self.signals: list[str] = []
        self.ended_by_us = False
        self.closed = False
        self.end_with: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.stands_still: asyncio.Queue[str] = asyncio.Queue()
        """Why nothing is heard of it, as the test says."""

    async def write(self, data: bytes) -> None:
        """Nobody reads it."""

    def write_eof(self) -> None:
        """It gets no input here."""

    def pause(self) -> None:
        """It says what the test says."""

    def resume(self) -> None:
        """It says what the test says."""

    async def signal(self, name: str) -> None:
        """Note a signal."""
        self.signals.append(name)

    async def wait(self, limit: float | None = None) -> int:
        """Return what the test decides."""
        return await self.end_with

    async def hindrances(self) -> AsyncIterator[str]:
        """Yield what the test says."""
        while True:
            yield await self.stands_still.get()

    async def end(self) -> None:
        """Note that it was ended."""
        self.ended_by_us = True

    async def close(self) -> None:
        """Note that its place was given back."""
        self.closed = True


class ReachDouble:
    """Reaches into VMs as a test says."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.commands: list[CommandDouble] = []
        self.listening: dict[VmId, Ports] = {}
        self.looks = 0

    def refusal(self, vm_id: VmId) -> str:
        """Refuse by the rules of the engine."""
        refused = of_reach(vm_id, self._engine.fleet)
        return refused.sentence if refused is not None else ""

    async def run(self, vm_id: VmId, words: Sequence[str], heard: Callable[[bytes, bool], None]) -> RunningCommand:
        """Start a double of a command."""
        self.commands.append(CommandDouble(words, heard))
        return self.commands[-1]

    async def shell(
        self,
        vm_id: VmId,
        kind: str,
        size: tuple[int, int],
        heard: Callable[[bytes, bool], None],
        *,
        colours: str = "",
        tmux: bool = False,
    ) -> RemoteTerminal:
        """There is no terminal here."""
        raise Refused("the test has no terminal")

    async def ports(self, vm_id: VmId) -> Ports:
        """Return what the test says that listens."""
        self.looks += 1
        if vm_id not in self.listening:
            raise Refused("the test lets nobody look")
        return self.listening[vm_id]


class RecordedDouble:
    """What a test recorded of agents: records in their order, and agents that are gone."""

    def __init__(self) -> None:
        self.notices: tuple[str, ...] = ()
        self.remembered: tuple[RememberedAgent, ...] = ()
        self.records: dict[AgentId, list[Record]] = {}
        self.hits: list[SearchHit] = []
        self.asked: list[str] = []
        self.rows: tuple[AgentMinutes, ...] = ()

    async def timeline(
        self, since: float, now: float, *, standing: Collection[AgentId], names: Mapping[AgentId, str]
    ) -> Timeline:
        """Return the minutes a test gave."""
        return Timeline(since, now, self.rows)

    async def agents(self) -> tuple[RememberedAgent, ...]:
        """Return the agents a test remembers."""
        return self.remembered

    async def end(self, agent: AgentId) -> Transcript:
        """Return the records a test gave, folded."""
        transcript = Transcript()
        for record in self.records.get(agent, []):
            transcript.apply(record)
        return transcript

    async def search(self, text: str, *, agent: AgentId | None = None, limit: int = 50) -> list[SearchHit]:
        """Return the hits a test gave."""
        self.asked.append(text)
        return [hit for hit in self.hits if agent in (None, hit.agent)][:limit]

    async def lines(self, agent: AgentId) -> AsyncIterator[Record]:
        """Yield the records a test gave."""
        for record in self.records.get(agent, []):
            yield record


class FakeEngine:
    """Implements `CockpitPort`; tests change `fleet` with `change` and read `ordered`."""

    def __init__(self, fleet: Fleet | None = None) -> None:
        self._fleet = fleet or Fleet()
        self._revision = 1
        self.urgency = 0
        self._transcripts: dict[AgentId, Transcript] = {}
        self._lines: dict[AgentId, int] = {}
        self.ordered: list[Command] = []
        self.focused: list[AgentId | None] = []
        self.paged: list[AgentId] = []
        self.clock = NOW
        self.losses = LossDouble(self)
        self.files = FilesDouble()
        self.comparison = ComparisonDouble()
        self.reach = ReachDouble(self)
        self.queues = QueueDouble(self)
        self.standard_error = StandardErrorDouble()
        self.inquiries = InquiryDouble()
        self.work = WorkDouble()
        self.recorded: Any = RecordedDouble()
        self.coordination = CoordinationDouble(self)
        self.notebook = NotebookDouble(self.now)
        self.refusals: dict[type, str] = {}
        self.image_list: tuple[tuple[CommitId, str], ...] = (
            (CommitId("c0ffee00-0000-4000-8000-000000000001"), "golden"),
        )
        self.golden = ImagesDouble()
        self.platform: PlatformPort = Platform(())
        self.facilities = Facilities((("pi", ""), ("scripted", "")), "pi", has_board=True)

    @property
    def revision(self) -> int:
        """Grows with each change."""
        return self._revision

    @property
    def fleet(self) -> Fleet:
        """The newest snapshot."""
        return self._fleet

    def change(self, fleet: Fleet) -> None:
        """Put another snapshot in place."""
        self._revision += 1
        self._fleet = replace(fleet, revision=self._revision)

    def change_agent(self, agent: Agent) -> None:
        """Replace one agent of the snapshot."""
        agents = tuple(agent if other.id == agent.id else other for other in self._fleet.agents)
        self.change(replace(self._fleet, agents=agents))

    def transcript(self, agent: AgentId) -> Transcript:
        """Return an agent's transcript."""
        known = self._transcripts.get(agent)
        if known is None:
            known = self._transcripts[agent] = Transcript()
        return known

    def say(self, agent: AgentId, *events: Event, at: float | None = None) -> None:
        """Fold events into an agent's transcript."""
        for event in events:
            line = self._lines.get(agent, 0) + 1
            self._lines[agent] = line
            record = Record(agent, 1, line, line * 100, line * 100 + 100, self.clock if at is None else at, event)
            self.transcript(agent).apply(record)

    def dispatch(self, command: Command) -> CommandId:
        """Note the order and put its receipt in the snapshot."""
        self.ordered.append(command)
        command_id = CommandId(f"c{len(self.ordered)}")
        refusal = self.disabled_reason(command)
        receipt = Receipt(
            command_id,
            _agent_of(command),
            VERBS[type(command)],
            getattr(command, "text", ""),
            Stage.FAILED if refusal else Stage.WRITTEN,
            self.clock,
            ((Stage.WRITTEN, self.clock),) if not refusal else ((Stage.FAILED, self.clock),),
            refusal,
        )
        operations = self._fleet.operations
        if isinstance(command, Spawn) and not refusal:
            operations = (*operations, Operation(OperationId(command_id), "spawn", command.name, self.clock))
        self.change(replace(self._fleet, receipts=(*self._fleet.receipts, receipt), operations=operations))
        return command_id

    def dismiss(self, command: CommandId, *, back: bool = False) -> None:
        """Take a receipt out of the inbox, or put it in again."""

        def changed(known: Receipt) -> Receipt:
            return shown_again(known) if back else dismissed(known, self.clock)

        receipts = (changed(known) if known.id == command else known for known in self._fleet.receipts)
        self.change(replace(self._fleet, receipts=tuple(receipts)))

    def refusal(self, command: Command) -> Refusal | None:
        """Refuse by the rules of the engine, and what a test asks to refuse."""
        if type(command) in self.refusals:
            return Refusal(RefusalCode.VM_POWER, self.refusals[type(command)])
        return refusal(command, self._fleet, self.facilities)

    def disabled_reason(self, command: Command) -> str:
        """Say why a command would be refused now, or return empty text."""
        refused = self.refusal(command)
        return refused.sentence if refused is not None else ""

    def make_way(self, key_waits: Callable[[], bool]) -> None:
        """Nothing is read here."""

    def focus(self, agent: AgentId | None) -> None:
        """Note whom the operator looks at."""
        self.focused.append(agent)

    def past(self, agent: AgentId) -> TranscriptWindow | None:
        """There is no older history."""
        return None

    def open_past(self, agent: AgentId, place: Place | None) -> None:
        """Note that older history is wanted; there is none."""
        self.paged.append(agent)

    def page_older(self, agent: AgentId) -> bool:
        """There is no window."""
        return False

    def page_newer(self, agent: AgentId) -> bool:
        """There is no window."""
        return False

    def leave_past(self, agent: AgentId) -> None:
        """There is no window."""

    def images(self, source_name: str = "") -> tuple[tuple[CommitId, str], ...]:
        """Return the images of the double."""
        return self.image_list

    def programs(self, source_name: str = "") -> tuple[tuple[str, str, str], ...]:
        """Return the programs of the double."""
        default = self.facilities.default_program
        unasked = f"{default}, as the double has it"
        return tuple((name, why, unasked if name == default else "") for name, why in self.facilities.programs)

    def now(self) -> float:
        """Return the standing clock."""
        return self.clock

    async def idle(self) -> None:
        """Nothing is ever in flight here."""


def _agent_of(command: Command) -> AgentId | None:
    agent = getattr(command, "agent", None)
    if agent is not None:
        return AgentId(agent)
    vm = getattr(command, "vm", None)
    return agent_of(VmId(vm)) if vm is not None else None


def ordered_of(engine: FakeEngine, kind: type) -> Sequence[Command]:
    """Return the orders of one kind."""
    return [command for command in engine.ordered if isinstance(command, kind)]
