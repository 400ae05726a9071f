"""The engine's mutable truth, from which immutable `Fleet` snapshots are taken; every change bumps the revision."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from cockpit.engine.news import News
from cockpit.engine.sightings import Sightings
from cockpit.errors import Gone, UsageError
from cockpit.model.ages import span_text
from cockpit.model.failures import is_undelivered
from cockpit.model.fleet import ActivityState, Agent, Fleet, Link, Power, Vm
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import AgentId, CommandId, OperationId, VmId
from cockpit.model.names import agents_called
from cockpit.model.receipts.stages import is_closed
from cockpit.model.size import UNKNOWN_SIZE, VmSize
from cockpit.model.usage.spending import Spending

if TYPE_CHECKING:
    from cockpit.engine.clock import Clock
    from cockpit.model.board import FeedItem, Task
    from cockpit.model.events import Record
    from cockpit.model.inbox.shelf import Shelved
    from cockpit.model.kept import KeptCommit
    from cockpit.model.operation import Operation
    from cockpit.model.owed import Owed
    from cockpit.model.ports import PortForward
    from cockpit.model.pulse import Pulse
    from cockpit.model.receipts.receipt import Receipt
    from cockpit.model.transcript.transcript import Transcript
    from cockpit.model.transcript.window import TranscriptWindow

URGENT = frozenset({ActivityState.ASKING, ActivityState.ERROR, ActivityState.DONE_UNSEEN, ActivityState.ABORTED})
"""Activities that wait for the operator."""

RECEIPTS_KEPT = 200
OPERATIONS_KEPT = 50


class TurnWatcher(Protocol):
    """Who is told of texts and of ends of runs, and answers at once."""

    def text_sent(self, agent: Agent, text: str) -> None:
        """Take that a text is about to be sent to an agent."""

    def run_ended(self, agent: Agent) -> None:
        """Take that a run of an agent ended."""


class RunWatcher(Protocol):
    """Who is told of begins and ends of runs, and answers at once."""

    def run_began(self, agent: Agent, record: Record) -> None:
        """Take that a run of an agent began with a line."""

    def run_ended(self, agent: Agent) -> None:
        """Take that a run of an agent ended."""


class FleetState:
    """Everything known about the fleet, by id. Only the engine's loop touches it."""

    sources: tuple[str, ...] = ()
    plain: frozenset[str] = frozenset()
    """The sources that are plain SSH hosts."""
    receipts_revision = 0
    """Grows with each change of a receipt."""
    tasks: tuple[Task, ...] = ()
    awaited: tuple[str, ...] = ()
    """The control services this fleet has."""
    owed: tuple[Owed, ...] = ()
    """What the operator owes the swarm."""
    shelved: tuple[Shelved, ...] = ()
    """Entries of the inbox that are put off; whoever writes it says that it changed."""

    run_watcher: RunWatcher | None = None
    """Who is told of begins and ends of runs."""

    def __init__(self, clock: Clock, source: str) -> None:
        self.clock = clock
        self.source = source
        self.revision = 1
        self.urgency = 0
        """Grows when an agent begins to wait for the operator."""
        self.vms: dict[VmId, Vm] = {}
        self.suspects: dict[VmId, str] = {}
        """VMs that are perhaps ours, with the evidence: a call of ours lost its answer when they appeared."""
        self.dismissed: dict[VmId, str] = {}
        """VMs of which the operator wants to hear no more, with why they were shown until then."""
        self.frozen: dict[VmId, str] = {}
        """VMs that stopping everything froze, with the reason; continuing everything resumes them."""
        self.hosts: dict[VmId, str] = {}
        """VMs that host the services of the fleet, with how that is known."""
        self.agents: dict[AgentId, Agent] = {}
        self.sightings = Sightings(self.changed)
        """What others say of VMs, and what looks at them found."""
        self.unplaced: set[AgentId] = set()
        """Agents of which nobody wrote down whose they are: none of them is gone because a list lacks it."""
        self.fresh_size: VmSize | None = VmSize()
        """The size the operator chose last for a fresh VM; None where none is made."""
        self.departed: dict[str, tuple[VmId, float]] = {}
        """Agents whose VM was deleted, by name: the VM, and when it was known (unix seconds)."""
        self.boards: dict[str, tuple[Task, ...]] = {}
        """The boards that were read, by their sources."""
        self.news = News()
        """The newest events of the feeds."""
        self.receipts: OrderedDict[CommandId, Receipt] = OrderedDict()
        self.unsaved_receipts: set[CommandId] = set()
        """Receipts that changed here since they were last written to the store."""
        self.operations: OrderedDict[OperationId, Operation] = OrderedDict()
        self.health: dict[str, ServiceHealth] = {}
        self.kept: dict[str, KeptCommit] = {}  # of agents of the accounts in use, by their orders
        self.read_only = False
        self.promised: dict[VmId, str] = {}  # names of agents that are about to be taken over
        self.forwards: dict[int, PortForward] = {}
        """Local addresses that lead to ports of VMs, by local port."""
        self.spending = Spending()
        """What the fleet spends; whoever writes it says that it changed."""
        self.notices: list[str] = []
        self.findings: list[str] = []
        """Notices that can be taken back: what became of calls that were cut off."""
        self.pulses: dict[AgentId, Pulse] = {}  # how much came from each since this cockpit reads it
        self._holding: dict[str, tuple[str, ...]] = {}
        self.transcripts: dict[AgentId, Transcript] = {}
        self.pasts: dict[AgentId, TranscriptWindow] = {}
        """Where the operator reads what is no longer in an agent's transcript."""
        self.turn_watcher: TurnWatcher | None = None
        """Who is told of texts and of ends of runs."""
        self._snapshot, self._change = Fleet(), asyncio.Event()

    def changed(self) -> None:
        """Say that something visible is different now."""
        self.revision += 1
        self._change.set()

    async def until(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until a condition on this state holds; False if the seconds ran out first."""
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    self._change.clear()
                    await self._change.wait()
        except TimeoutError:
            return condition()
        return True

    def snapshot(self) -> Fleet:
        """Return the fleet at this revision; the same object until something changes."""
        if self._snapshot.revision != self.revision:
            self._snapshot = Fleet(
                revision=self.revision,
                source=self.source,
                sources=self.sources,
                plain=self.plain,
                vms=tuple(sorted(self.vms.values(), key=lambda vm: (vm.created_at, vm.id))),
                agents=tuple(sorted(self.agents.values(), key=lambda agent: (agent.name, agent.id))),
                tasks=self.tasks,
                feed=tuple(self.feed.values()),
                receipts=tuple(self.receipts.values()),
                operations=tuple(self.operations.values()),
                health=tuple(self.health.values()),
                awaited=self.awaited,
                notices=(*self.notices, *self.findings),
                findings=tuple(self.findings),
                dismissed=frozenset(self.dismissed),
                fresh_size=self.fresh_size,
                frozen=frozenset(self.frozen),
                kept=tuple(self.kept.values()),
                unplaced=frozenset(self.unplaced),
                claims=self.sightings.claims,
                looks=self.sightings.looks,
                owners=frozenset(self.sightings.owners),
                forwards=tuple(self.forwards.values()),
                owed=self.owed,
                shelved=self.shelved,
                read_only=self.read_only,
                spending=self.spending,
                pulses={agent: pulse.bars for agent, pulse in self.pulses.items() if agent in self.agents},
            )
        return self._snapshot

    def transcript(self, agent: AgentId) -> Transcript:
        """Return an agent's transcript, made on first use."""
        found = self.transcripts.get(agent)
        if found is None:
            from cockpit.model.transcript.transcript import Transcript

            found = self.transcripts[agent] = Transcript()
        return found

    def answered(self, agent: AgentId, dialog_id: str, text: str) -> None:
        """Note the operator's own answer to a dialog wherever the dialog is shown."""
        self.transcript(agent).answered(dialog_id, text)
        past = self.pasts.get(agent)
        if past is not None:
            past.answered(dialog_id, text)

    def put_agent(self, agent: Agent) -> None:
        """Store an agent's new state."""
        known = self.agents.get(agent.id)
        if known is agent:
            return
        state = agent.activity.state
        if state in URGENT and (known is None or known.activity.state is not state):
            self.urgency += 1
        self.agents[agent.id] = agent
        self.changed()

    def agent_on(self, vm_id: VmId) -> Agent | None:
        """Return the first agent that lives on a VM, or None."""
        return next((agent for agent in self.agents.values() if agent.vm_id == vm_id), None)

    def set_link(self, vm_id: VmId, link: Link) -> None:
        """Store the state of the connection that the agents of a VM share."""
        for agent in list(self.agents.values()):
            if agent.vm_id == vm_id and agent.link != link:
                self.put_agent(replace(agent, link=link))

    def put_vm(self, vm: Vm) -> None:
        """Store what the API said of a VM; what few of its answers tell stays as it is known."""
        known = self.vms.get(vm.id)
        if known is not None and vm.size == UNKNOWN_SIZE:
            origin = vm.parent_commit or known.parent_commit
            vm = replace(vm, size=known.size, parent_commit=origin, confinement=vm.confinement or known.confinement)
        vm = replace(
            vm,
            host=vm.source if vm.source in self.plain else "",
            perhaps_ours=self.suspects.get(vm.id, ""),
            hosts_services=self.hosts.get(vm.id, ""),
        )
        if known != vm:
            self.vms[vm.id] = vm
            self.changed()

    def note_host(self, vm_id: VmId, how: str) -> None:
        """Note that a VM hosts the services, and how that is known."""
        if self.hosts.setdefault(vm_id, how) == how and vm_id in self.vms:
            self.put_vm(self.vms[vm_id])

    def note_frozen(self, kept: Mapping[str, str]) -> None:
        """Take over what processes that share the store froze and continued.

        Args:
            kept: what the store has; it may lack what is being frozen at this moment.
        """
        before = dict(self.frozen)
        for vm_id in [known for known in self.frozen if known not in kept and self.power(known) is Power.RUNNING]:
            del self.frozen[vm_id]
        self.frozen |= {VmId(vm_id): why for vm_id, why in kept.items()}
        if self.frozen != before:
            self.changed()

    def power(self, vm_id: VmId) -> Power:
        """Return a VM's power as last known."""
        vm = self.vms.get(vm_id)
        return vm.power if vm else Power.UNKNOWN

    def put_receipt(self, receipt: Receipt, *, saved: bool = False) -> None:
        """Store a receipt's new stage; the oldest that are closed drop out, somebody may wait for the others.

        Texts that nobody read stay, until there are twice as many receipts as are kept.

        Args:
            receipt: the new stage.
            saved: it comes from the store as it is.
        """
        self.receipts_revision += 1
        from cockpit.model.commands.conversation import SHELL_VERBS

        if receipt.id not in self.receipts and receipt.verb in SHELL_VERBS and receipt.agent is not None:
            self.answered(receipt.agent, receipt.id, receipt.text)
        self.receipts[receipt.id] = receipt
        if not saved:
            self.unsaved_receipts.add(receipt.id)
        surplus = len(self.receipts) - RECEIPTS_KEPT
        if surplus > 0:
            spent = [known.id for known in self.receipts.values() if is_closed(known) and known.id != receipt.id]
            if surplus <= RECEIPTS_KEPT:
                spent = [known for known in spent if not is_undelivered(self.receipts[known])]
            for gone in spent[:surplus]:
                del self.receipts[gone]
        self.changed()

    def put_receipts(self, receipts: Iterable[Receipt]) -> None:
        """Store the new stages of several receipts."""
        for receipt in receipts:
            self.put_receipt(receipt)

    def put_operation(self, operation: Operation) -> None:
        """Store an operation's progress; the oldest drop out."""
        self.operations[operation.id] = operation
        while len(self.operations) > OPERATIONS_KEPT:
            self.operations.popitem(last=False)
        self.changed()

    @property
    def feed(self) -> OrderedDict[str, FeedItem]:
        """The newest events of the feeds, by id, in the order in which they came."""
        return self.news.items

    def add_feed(self, items: list[FeedItem]) -> None:
        """Add feed events that are not known yet."""
        if self.news.take(items):
            self.changed()

    def set_tasks(self, tasks: tuple[Task, ...], source: str = "") -> None:
        """Store the board of a source; the boards of all sources are shown as one."""
        self.boards[source] = tasks
        tasks = tuple(task for board in self.boards.values() for task in board)
        if tasks != self.tasks:
            self.tasks = tasks
            self.changed()

    def set_owed(self, owed: tuple[Owed, ...]) -> None:
        """Store what the operator owes the swarm."""
        if {one.key for one in owed} - {one.key for one in self.owed}:
            self.urgency += 1
        if owed != self.owed:
            self.owed = owed
            self.changed()

    def set_health(
        self, name: str, reason: str = "", hint: str = "", unreadable: int = 0, *, fault: str = "down"
    ) -> None:
        """Note that a control service answers (no reason) or not, since when, and what its list lacks."""
        known = self.health.get(name)
        now = (not reason, reason, unreadable, fault if reason else "")
        if known is None or (known.ok, known.reason, known.unreadable, known.fault) != now:
            since = known.since if known and known.ok == (not reason) else self.clock.now()
            self.health[name] = ServiceHealth(name, not reason, since, reason, hint, *now[2:])
            self.changed()

    def notice(self, text: str, *, stands: bool = True) -> None:
        """Add a standing fact, or remove one that is none any more."""
        if stands is (text not in self.notices):
            self.notices.append(text) if stands else self.notices.remove(text)
            self.changed()

    def finding(self, text: str) -> None:
        """Add a standing fact that may pass, as of a call that was cut off; it is a notice until it is taken back."""
        if text not in self.findings:
            self.findings.append(text)
            self.changed()

    def put_findings(self, where: str, texts: Iterable[str]) -> None:
        """Take all that one place finds now as such facts; what it found before and finds no more is taken back.

        Args:
            where: a look, or a call, that says something else now and then.
            texts: all of it.
        """
        found = tuple(texts)
        for text in self._holding.pop(where, ()):
            if text not in found and text in self.findings:
                self.findings.remove(text)
                self.changed()
        if found:
            self._holding[where] = found
        for text in found:
            self.finding(text)

    def agents_called(self, name: str) -> tuple[Agent, ...]:
        """Return the agents a text means: the one with this id, else those with this name, by id."""
        return agents_called(name, self.agents.values(), self.vms.values())

    def agent_named(self, name: str) -> Agent | None:
        """Return the agent with this id, else the one with this name.

        Raises:
            UsageError: several have it; names them with their ids.
        """
        found = self.agents_called(name)
        if len(found) > 1:
            candidates = ", ".join(f"{agent.vm_id} ({agent.kind.value})" for agent in found)
            raise UsageError(f"{len(found)} agents are called {name}: {candidates}", hint="give the id instead")
        return found[0] if found else None

    def check_not_gone(self, name: str) -> None:
        """Say of an agent that is no longer there that it was.

        Raises:
            Gone: the last agent of this name or id was on a VM that was deleted.
        """
        by_id = ((vm_id, at) for vm_id, at in self.departed.values() if vm_id == name.lower())
        known = self.departed.get(name) or next(by_id, None)
        if known is not None:
            vm_id, at = known
            raise Gone(
                f"{name} is gone: its VM {vm_id} was deleted, as is known for {span_text(self.clock.now() - at)}",
                hint=f"its transcript stays: `cockpit tail {name}`, `cockpit search`",
            )
