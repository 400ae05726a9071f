"""The fleet as the operator sees it: VMs, agents, board, feed, operations; all frozen.

State is three clocks and a power switch, never one word: `Power` of the VM, `Link` from us to it, `Process` of the
agent, `Activity` from its stream. A trouble of one is never shown as a state of another. Times are unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.model.board import FeedItem, Task
from cockpit.model.changes.report import Workspace
from cockpit.model.claims import Claim, VmLook
from cockpit.model.confinement import Confinement
from cockpit.model.content import Usage
from cockpit.model.health import VM_LIST, ServiceHealth, kind_of_service, service_name
from cockpit.model.ids import AgentId, CommitId, VmId
from cockpit.model.inbox.shelf import Shelved
from cockpit.model.kept import KeptCommit
from cockpit.model.open_work import OpenDialog, OpenTask, OpenTool
from cockpit.model.operation import Operation
from cockpit.model.owed import Owed
from cockpit.model.ports import PortForward
from cockpit.model.receipts.receipt import Receipt
from cockpit.model.scaffold import Scaffold
from cockpit.model.size import UNKNOWN_SIZE, VmSize
from cockpit.model.usage.spending import Spending

UNKNOWN_TIME = 0.0
"""Stands for a moment that nothing tells: it is said to be unknown, never counted from."""


class Power(StrEnum):
    """What the Vers API says of a VM, lower case as it is read."""

    BOOTING = "booting"
    RUNNING = "running"
    PAUSED = "paused"
    SLEEPING = "sleeping"
    DEAD = "dead"
    GONE = "gone"
    UNKNOWN = "unknown"


class LinkState(StrEnum):
    """Our own connection to a VM."""

    NEVER = "never"
    CONNECTING = "connecting"
    UP = "up"
    SILENT = "silent"
    """A keepalive was missed: what is shown is the last known, not the present."""
    PAUSED = "paused"
    """The VM is paused, so silence is expected."""
    DOWN = "down"


class ProcessState(StrEnum):
    """The agent's process on the VM."""

    UNKNOWN = "unknown"
    ALIVE = "alive"
    DEAD = "dead"


class ActivityState(StrEnum):
    """What the agent does, from its own stream."""

    UNKNOWN = "unknown"
    STARTING = "starting"
    IDLE = "idle"
    WORKING = "working"
    RETRYING = "retrying"
    COMPACTING = "compacting"
    ASKING = "asking"
    """An unanswered dialog waits for a person."""
    ABORTED = "aborted"
    ERROR = "error"
    DONE_UNSEEN = "done-unseen"
    """A run ended well and the operator has not looked since."""


class AgentKind(StrEnum):
    """The part an agent plays."""

    ARCHITECT = "architect"
    LIEUTENANT = "lieutenant"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Vm:
    """A VM as the API lists it."""

    id: VmId
    power: Power = Power.UNKNOWN
    created_at: float = 0.0
    owner: str = ""
    label: str = ""
    """A short name for people: the agent's name, else the golden image's name, else empty."""
    parent_commit: CommitId | None = None
    seen_at: float = 0.0
    """When the API last said this."""
    doubt: str = ""
    """Why it is unknown whether it exists: what was asked, and what came back."""
    source: str = ""
    """The name of the source that lists it."""
    host: str = ""
    """The plain SSH host on which it is but a place for an agent; empty for a VM."""
    perhaps_ours: str = ""
    """Why it may be what a lost call of ours made; nothing is done to it unless the operator says so."""
    hosts_services: str = ""
    """How it is known that board, feed and registry are on it; empty for all others."""
    size: VmSize = UNKNOWN_SIZE
    """What it has; 0 in a part that nobody told."""
    confinement: Confinement | None = None
    """What it shares with this machine, where it is a sandbox on it; None where nobody said so."""


@dataclass(frozen=True, slots=True)
class Link:
    """Our connection to a VM, and why it is as it is."""

    state: LinkState = LinkState.NEVER
    since: float = 0.0
    attempt: int = 0
    retry_at: float | None = None
    """When the next attempt starts, while not up."""
    reason: str = ""
    last_byte_at: float | None = None
    offered_key: str = ""
    """The host key that was shown in place of the trusted one and refused, as an OpenSSH line; empty where none was."""


@dataclass(frozen=True, slots=True)
class Process:
    """The agent's process."""

    state: ProcessState = ProcessState.UNKNOWN
    since: float = 0.0
    exit_code: int | None = None
    errors: tuple[str, ...] = ()
    """The last lines of its standard error."""
    run_id: str = ""
    ended_at: float | None = None
    """When this run was known to have ended; it stays while a look at it fails."""
    never_started: bool = False
    """Its VM was looked at, and no agent was ever started where this one should live."""
    looked_also_at: tuple[str, ...] = ()
    """The other directories that were looked at for it then."""
    scaffold: Scaffold | None = None


@dataclass(frozen=True, slots=True)
class QueueRules:
    """What an agent does with what is queued when its run is cut: True reads it by itself, None is not known."""

    after_abort: bool | None = None
    after_failure: bool | None = None
    """After a failure of the model, also one that retries did not mend."""
    cut_tool_takes_steer: bool = False
    """An abort while a tool runs puts the next steer into the run that ends: it is read, and not answered."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What the agent is doing, with the evidence `why` speaks from."""

    state: ActivityState = ActivityState.UNKNOWN
    since: float = 0.0
    detail: str = ""
    """While working: `thinking`, `writing`, `waiting for the model`, `calling NAME`, or `settling` when a run
    ended and a retry or compaction may follow. Once done: what is odd. Once aborted: by whom, if not by a cockpit."""
    tools: tuple[OpenTool, ...] = ()
    dialogs: tuple[OpenDialog, ...] = ()
    steering: tuple[str, ...] = ()
    follow_up: tuple[str, ...] = ()
    steering_since: tuple[float, ...] = ()
    """Since when each of the texts waits; of another length where nothing tells it."""
    follow_up_since: tuple[float, ...] = ()
    retry_attempt: int = 0
    retry_of: int = 0
    retry_at: float | None = None
    error: str = ""
    """The last error's text, while the state is `error` or `retrying`."""
    compaction_reason: str = ""
    beneath: ActivityState = ActivityState.UNKNOWN
    """While asking: the state that returns then. Unknown since the output was replaced: how the last run ended."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """The conversation an agent is in, as far as it said."""

    id: str = ""
    name: str = ""
    file: str = ""
    """On its VM; empty where it keeps none, or did not say."""
    since: int = 0
    """The line of its output at which it went there; 0 for the one that it began with."""
    told: bool = True
    """It has said of this one what it is, since it went there."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A named agent on a VM."""

    id: AgentId
    name: str
    kind: AgentKind
    vm_id: VmId
    role: str = ""
    """What it is for, in the operator's words."""
    program: str = ""
    """The name of its kind; a scripted agent is labelled so wherever it appears."""
    labels: tuple[str, ...] = ()
    parent: str = ""
    """The name of the agent it works for, as it was said: it is for people, and need not mean anybody."""
    parent_vm: VmId | None = None
    """The VM of the agent it works for; None where no id is known. `model.family` says who is meant."""
    colour: str = ""
    """The operator's own colour for it, a word of `model.colours`; empty for none."""
    named_at: float = 0.0
    """When an operator last changed its name, role, labels or colour; 0 if nobody did since it was made."""
    findable: bool = False
    """Other tools may find it, which stop and delete what they find when their session ends."""
    source: str = ""
    """The name of the source its VM is of; empty where that is not known."""
    directory: str = ""
    """Where it lives on its VM: its FIFO and its output; empty where an older file of ours did not say."""
    elsewhere: str = ""
    """The account and platform its VM belongs to, where that is not the one in use: nothing is known of it then."""
    link: Link = field(default_factory=Link)
    process: Process = field(default_factory=Process)
    background: tuple[OpenTask, ...] = ()
    """What works beside its run, or still works behind its end, by the ids of these tasks."""
    activity: Activity = field(default_factory=Activity)
    model: str = ""
    provider: str = ""
    """Whose the model is, as the agent names it."""
    inputs: tuple[str, ...] = ()
    """What its model reads beside and including text, in words of the agent (`text`, `image`); empty is not known."""
    thinking: str = ""
    """How much it thinks, in its own word: `off`, `low`, `high` ..."""
    permission_mode: str = ""
    """What it may do unasked, in its own word; empty where it does not say, or did not yet."""
    permission_ordered: str = ""
    """The mode that was ordered for it, and that a start of its process gets again; one that a single answer opened is
    over with the process."""
    former: tuple[str, ...] = ()
    """Models and thinking levels that were replaced while the run went on: its answers still name them."""
    version: str = ""
    """What its program said of itself when it was started; empty where nobody asked."""
    program_path: str = ""
    """Where its program was found on the VM then."""
    dialect: str = ""
    """The variant of its protocol, in a word of its kind; empty until seen."""
    guessed: bool = False
    """What it is at is guessed from what it prints: agents of its kind do not say it."""
    says_end: bool = False
    """Agents of its kind, dialect and version write a line once a run is over for good."""
    queue_rules: QueueRules = field(default_factory=QueueRules)
    """What agents of its kind, dialect and version do with what is queued."""
    settles: bool = False
    """Its process has said of a run that it was over for good: then it says so of each."""
    usage: Usage = field(default_factory=Usage)
    process_usage: Usage = field(default_factory=Usage)
    """What its process has said it used so far, where it says only that; it is in `usage`, too."""
    context_tokens: int = 0
    """Tokens of the last good answer: how full the context is."""
    context_window: int = 0
    turns: int = 0
    epoch: int = 0
    line: int = 0
    """The last line folded in."""
    last_event_at: float | None = None
    last_work_at: float | None = None
    """The last sign of useful work: text, thinking, tool output."""
    last_text: str = ""
    """The first line of the latest answer, shortened, for lists."""
    run_open: bool = False
    """Between the start and the final end of a run."""
    conversation_kept: bool | None = None
    """Whether a file of its VM holds its conversation, as its process said; None until it did."""
    stop_reason: str = ""
    """The last answer's: the agent's own word, or `empty` for an answer with neither text nor tool call."""
    abort_requested: bool = False
    broken_lines: int = 0
    conversation: Conversation = field(default_factory=Conversation)
    workspace: Workspace | None = None
    """What its workspace changed since its task began, as last looked at; None where nobody looked."""


def is_at_work(agent: Agent) -> bool:
    """Say whether an agent is in the midst of a run; one that waits for a person can be frozen without harm."""
    return agent.run_open and agent.activity.state is not ActivityState.ASKING


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything the panes show, at one revision."""

    revision: int = 0
    source: str = ""
    """Where the VMs come from, for the header: `embedded`, `vers`."""
    vms: tuple[Vm, ...] = ()
    agents: tuple[Agent, ...] = ()
    tasks: tuple[Task, ...] = ()
    feed: tuple[FeedItem, ...] = ()
    """Oldest first, bounded."""
    receipts: tuple[Receipt, ...] = ()
    """Oldest first, bounded."""
    operations: tuple[Operation, ...] = ()
    """Oldest first, bounded."""
    health: tuple[ServiceHealth, ...] = ()
    awaited: tuple[str, ...] = ()
    """The control services this fleet has, whether they answered yet or not; empty is not known."""
    notices: tuple[str, ...] = ()
    """Standing facts the operator must know, e.g. that tmux is absent."""
    findings: tuple[str, ...] = ()
    """Those of the notices that say what became of calls to make VMs that were cut off."""
    dismissed: frozenset[VmId] = frozenset()
    """VMs of which the operator wants to hear no more."""
    frozen: frozenset[VmId] = frozenset()
    """VMs that stopping everything froze."""
    kept: tuple[KeptCommit, ...] = ()
    """Commits that are kept of agents, the oldest first."""
    unplaced: frozenset[AgentId] = frozenset()
    """Agents of which nobody wrote down whose they are."""
    fresh_size: VmSize | None = field(default_factory=VmSize)
    """The size that was chosen last for a fresh VM; None where none is made: there is a golden image."""
    claims: tuple[Claim, ...] = ()
    """What registries, other tools' files and labels say of VMs."""
    looks: tuple[VmLook, ...] = ()
    """The newest look at each VM that nobody has, or that is claimed and not listed."""
    owners: frozenset[str] = frozenset()
    """The owners as which this cockpit makes VMs; empty where no API says."""
    forwards: tuple[PortForward, ...] = ()
    """The local addresses that lead to ports of VMs, in the order in which they were opened."""
    owed: tuple[Owed, ...] = ()
    """Questions and blockers of the board and the feed that wait for an answer, the oldest first."""
    shelved: tuple[Shelved, ...] = ()
    """Entries of the inbox that the operator put off."""
    read_only: bool = False
    """This cockpit looks, and orders nothing."""
    sources: tuple[str, ...] = ()
    """The names of the sources, in the order of preference: what is new is the first one's."""
    plain: frozenset[str] = frozenset()
    """The sources that are plain SSH hosts, without a platform."""
    spending: Spending = field(default_factory=Spending)
    pulses: Mapping[AgentId, tuple[int, ...]] = field(default_factory=dict)
    """Bytes that came from each agent, bar by bar (`model.pulse`)."""

    def services(self, name: str) -> tuple[ServiceHealth, ...]:
        """Return how the control services of a kind answer: with several sources each has one, and its name before."""
        return tuple(service for service in self.health if name in (service.name, kind_of_service(service.name)))

    def service(self, name: str) -> ServiceHealth | None:
        """Return how a control service answers, or None before its first answer and failure.

        Of several of a kind it is the worst one: a list that several fill is whole only where each answers.
        """
        found = sorted(self.services(name), key=lambda one: (one.name != name, one.ok, not one.unreadable))
        return found[0] if found else None

    def silence_of(self, source: str) -> str:
        """Say why what a source has is not known: what is wrong with its list, or its host; empty: nothing is."""
        names = {VM_LIST, service_name(VM_LIST, source), service_name(VM_LIST, source, host=True)}
        silent = (service for service in self.services(VM_LIST) if not service.ok and service.name in names)
        sick = next(silent, None)
        return "" if sick is None else sick.reason if sick.name in sick.reason else f"{sick.name}: {sick.reason}"

    def unanswered(self, name: str) -> tuple[str, ...]:
        """Return the names of the services of a kind that are asked and have neither answered nor failed yet."""
        known = {service.name for service in self.health}
        return tuple(one for one in self.awaited if name in (one, kind_of_service(one)) and one not in known)

    def agent(self, agent_id: AgentId) -> Agent | None:
        """Return the agent with this id, or None."""
        return next((agent for agent in self.agents if agent.id == agent_id), None)

    def agent_on(self, vm_id: VmId) -> Agent | None:
        """Return the first agent that lives on a VM, or None."""
        return next((agent for agent in self.agents if agent.vm_id == vm_id), None)

    def vm(self, vm_id: VmId) -> Vm | None:
        """Return the VM with this id, or None."""
        return next((vm for vm in self.vms if vm.id == vm_id), None)

    def orphans(self) -> tuple[Vm, ...]:
        """Return the VMs that no agent claims."""
        claimed = {agent.vm_id for agent in self.agents}
        return tuple(vm for vm in self.vms if vm.id not in claimed)
