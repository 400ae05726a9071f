"""What a screen, a headless verb or the demonstration may ask of the engine, and the double of the tests too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypedDict

from cockpit.model.receipts.receipt import Receipt, Stage

if TYPE_CHECKING:
    from cockpit.engine.accounts_port import PlatformPort
    from cockpit.engine.inquiry_port import InquiryPort
    from cockpit.engine.work_port import WorkPort
    from cockpit.model.acts import DoneAct
    from cockpit.model.commands.command import Command
    from cockpit.model.comparison import Candidate
    from cockpit.model.coordination import CoordinationPort
    from cockpit.model.events import Record
    from cockpit.model.files.port import FilePort
    from cockpit.model.fleet import Agent, Fleet
    from cockpit.model.ids import AgentId, CommandId, CommitId, VmId
    from cockpit.model.images import GoldenImage
    from cockpit.model.last_words import LastWords
    from cockpit.model.loss import Loss
    from cockpit.model.notebook.port import NotebookPort
    from cockpit.model.past import RememberedAgent, SearchHit
    from cockpit.model.queue import Waiting
    from cockpit.model.reach import ReachPort
    from cockpit.model.refusals.grounds import Refusal
    from cockpit.model.timeline.minute import Timeline
    from cockpit.model.transcript.transcript import Transcript
    from cockpit.model.transcript.window import Place, TranscriptWindow


class StartOptions(TypedDict, total=False):
    """How an engine is started, where it is not as a screen wants it: everything, for good."""

    attach: Callable[[Agent], bool]
    """Which agents to connect to; a headless verb needs only its own."""
    watch: bool
    """Keep polling; False asks once."""
    record: bool
    """Read and record the output of attached agents."""
    wait: bool
    """Return after the first look at the fleet; False returns with what the store remembers, for a screen that must
    not wait for the network."""
    read_only: bool
    """Refuse every command: this cockpit only looks."""
    lists_only: bool
    """Nothing is wanted but the lists of VMs, of agents by their names, and of the board: nothing is ordered or told to
    others, no agent is attached or brought back in full. What that would take is not even loaded."""
    orders: bool
    """Something may be ordered. False: agents are attached and read, but nothing is ordered or told to others, and what
    that would take is not even loaded."""
    contact: float
    """Seconds the first look may take; what did not answer by then says so in its health."""


class LossPort(Protocol):
    """What would be lost with VMs."""

    async def look(self, vm_ids: Sequence[VmId]) -> tuple[Loss, ...]:
        """Return what would be lost with each VM, in their order, within some seconds.

        What could not be looked at is told as unknown; of agents that are not attached, their VMs are reached for it.
        """


class ImagesPort(Protocol):
    """The golden images: commits that say what is in them."""

    @property
    def known(self) -> tuple[GoldenImage, ...]:
        """The images as they were last read, the newest first."""

    def stale(self, image: GoldenImage) -> tuple[str, ...]:
        """Say why an image is stale: too old, or with an older program than one that is known; nothing if it is not."""

    async def look(self) -> tuple[GoldenImage, ...]:
        """Read them anew and return them.

        Raises:
            CockpitError: a list could not be had.
        """


class ComparisonPort(Protocol):
    """What several agents came to."""

    async def look(self, agents: Sequence[AgentId]) -> tuple[Candidate, ...]:
        """Return what each attached agent came to, in their order, within a minute; what is unknown is said of each."""

    async def answer(self, agent_id: AgentId) -> str:
        """Return an agent's last answer in full, as its VM has it; empty text if there is none.

        Raises:
            CockpitError: its VM cannot be reached.
        """


class StandardErrorPort(Protocol):
    """What the agents' programs wrote on standard error."""

    async def last(self, agent_id: AgentId, lines: int) -> LastWords:
        """Return the last lines an agent's program wrote there, at most so many, of the last MiB.

        Raises:
            CockpitError: its VM cannot be reached, or the file cannot be read.
        """


class QueuePort(Protocol):
    """What agents have accepted and not read."""

    def waiting(self, agent: AgentId) -> tuple[Waiting, ...]:
        """Return what waits in an agent's queues, steers first, each queue in the order in which it is read."""


class HistoryPort(Protocol):
    """What is recorded of agents, also of those that are gone."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What happened to the history when it was opened: set aside, upgraded, or kept for this time only."""

    async def agents(self) -> tuple[RememberedAgent, ...]:
        """Return every agent that is remembered."""

    async def search(self, text: str, *, agent: AgentId | None = None, limit: int = 50) -> list[SearchHit]:
        """Return the newest recorded lines that hold all words of a text, at most `limit`."""

    async def end(self, agent: AgentId) -> Transcript:
        """Return the end of what is recorded of an agent, as its transcript would be if it went on."""

    async def acts(self, *, words: str = "", since: float = 0.0, limit: int = 200) -> list[DoneAct]:
        """Return the newest acts that hold all words, the newest first."""

    async def timeline(
        self, since: float, now: float, *, standing: Collection[AgentId], names: Mapping[AgentId, str]
    ) -> Timeline:
        """Return what agents did minute by minute since a moment; each look reads on where the last one ended.

        Args:
            since: unix seconds.
            now: unix seconds.
            standing: who does still what its last record says; the rows of others end with their records.
            names: of the agents.
        """

    def lines(self, agent: AgentId) -> AsyncIterator[Record]:
        """Yield what is recorded of an agent, oldest first, without the markers between files."""


class CockpitPort(Protocol):
    """The engine as a screen sees it. All methods run on the engine's event loop and return at once."""

    @property
    def golden(self) -> ImagesPort:
        """The golden images."""

    @property
    def inquiries(self) -> InquiryPort:
        """Questions to agents."""

    @property
    def platform(self) -> PlatformPort:
        """What the platforms keep besides VMs and agents."""

    @property
    def revision(self) -> int:
        """Grows with each change of anything visible; compare it before pulling a snapshot."""

    @property
    def urgency(self) -> int:
        """Grows when an agent begins to wait for the operator: asks, is done, failed."""

    @property
    def fleet(self) -> Fleet:
        """The newest snapshot."""

    @property
    def losses(self) -> LossPort:
        """What would be lost with VMs, for the question before they are given up."""

    @property
    def reach(self) -> ReachPort:
        """Into VMs."""

    @property
    def comparison(self) -> ComparisonPort:
        """What several agents came to, side by side."""

    @property
    def queues(self) -> QueuePort:
        """What waits in the agents' queues."""

    @property
    def standard_error(self) -> StandardErrorPort:
        """What their programs wrote on standard error."""

    @property
    def notebook(self) -> NotebookPort:
        """What the operator wrote and chose."""

    @property
    def files(self) -> FilePort:
        """Files on the VMs of agents."""

    @property
    def coordination(self) -> CoordinationPort:
        """The shared state of the swarm, beyond its tasks and events."""

    @property
    def recorded(self) -> HistoryPort:
        """The output of agents, as it is recorded here."""

    @property
    def work(self) -> WorkPort:
        """What agents changed in their workspaces, and comments on it."""

    def transcript(self, agent: AgentId) -> Transcript:
        """Return an agent's transcript; the same object for the agent's life, with its own revision."""

    def dispatch(self, command: Command) -> CommandId:
        """Take a command. Progress shows in `fleet.receipts` (and `fleet.operations` for commands of several steps).

        The receipt is in the snapshot when this returns. It never raises for a refusal: the receipt says so.
        """

    def dismiss(self, command: CommandId, *, back: bool = False) -> None:
        """Hear no more of a command that failed or is unconfirmed: it leaves the inbox, also after a restart.

        Args:
            command: which.
            back: take that back.
        """

    def disabled_reason(self, command: Command) -> str:
        """Say why a command would be refused now, or return empty text."""

    def refusal(self, command: Command) -> Refusal | None:
        """Return why a command would be refused now, with the code to decide by, or None."""

    def focus(self, agent: AgentId | None) -> None:
        """Name the agent the operator looks at: it is read at once, and its finished runs count as seen."""

    def make_way(self, key_waits: Callable[[], bool]) -> None:
        """Have the reading of agents nobody looks at wait while a key is on its way to its frame, for 0.1 s at most."""

    def past(self, agent: AgentId) -> TranscriptWindow | None:
        """Return the window onto an agent's past that was opened; None while there is none, or none yet."""

    def open_past(self, agent: AgentId, place: Place | None) -> None:
        """Open a window onto an agent's past; it takes the place of the one that was open.

        It appears in `past` once it is filled, and not at all if the transcript holds everything there is.

        Args:
            agent: whose.
            place: (epoch, line) of a record that is to lie in its midst; None for the oldest that is kept here.
        """

    def page_older(self, agent: AgentId) -> bool:
        """Page older records into the open window; its border says it if they cannot be had.

        Returns False if there are none, no window is open, or something is on its way.
        """

    def page_newer(self, agent: AgentId) -> bool:
        """Page newer records into the open window; False if none is open, or something is on its way."""

    def leave_past(self, agent: AgentId) -> None:
        """Close the window onto an agent's past: the reader is back at the live end."""

    def images(self, source_name: str = "") -> tuple[tuple[CommitId, str], ...]:
        """Return the commits an agent can be started from in a source, newest first, with names; empty: the first."""

    def programs(self, source_name: str = "") -> tuple[tuple[str, str, str], ...]:
        """Return the agent programs of a source, each with the reason it cannot be started, or '', and for the one that
        is taken where nobody chooses in words why; empty: the first source."""

    def now(self) -> float:
        """Return unix seconds on a clock that never jumps; all ages are measured with it."""

    async def idle(self) -> None:
        """Return when nothing is in flight: no operation, no unsent command, no unread byte already received."""


class OutputLine(Protocol):
    """One line of an agent's output, or the marker before a new file, which is no line."""

    @property
    def record(self) -> Record:
        """What the line says."""

    def data(self) -> AsyncIterator[bytes]:
        """Yield the line's bytes, LF included, and nothing for a marker; a long line is read from the VM once more.

        Raises:
            CockpitError: the VM cannot be reached, or another file is there by now.
        """


class OutputPort(Protocol):
    """How the engine reads the output of agents."""

    def is_attached(self, agent: AgentId) -> bool:
        """Say whether the engine connects to an agent: its VM is on the list, and the agent is wanted."""

    def is_up_to_date(self, agent: AgentId) -> bool:
        """Say whether an agent's output was read to its end, and its process was looked at."""

    def lines(self, agent: Agent, *, follow: bool, raw: bool = False) -> AsyncIterator[OutputLine]:
        """Yield lines of the present file, read from the VM; without `follow`, up to what the file holds now.

        Args:
            agent: whose.
            follow: go on as lines arrive, over as many connections as it takes.
            raw: every byte of every line is wanted, so that nothing is filtered on the VM.

        Raises:
            CockpitError: the VM cannot be reached, or the history cannot be read.
        """


class LookoutPort(Protocol):
    """Looks at what nobody here has; `fleet.looks` and `fleet.claims` hold what it finds."""

    async def look_around(self, timeout: float) -> None:
        """Look at VMs without an agent, and for what is registered and not listed, each once.

        Returns when each was looked at, or the seconds are over; what was not looked at is not in `fleet.looks`.
        """

    async def learn_parents(self, timeout: float) -> None:
        """Ask each worker that is connected whom it works for, where nobody wrote that down; `fleet.agents` has it.

        Returns when each has answered, or the seconds are over. A running cockpit asks by itself.
        """


class HeadlessPort(CockpitPort, Protocol):
    """The engine as verbs and the demonstration see it: they also wait, find by name, and read output themselves."""

    async def attach(self, wanted: Callable[[Agent], bool]) -> None:
        """Serve agents after a start for lists only, and do whatever else such a start left out."""

    @property
    def output(self) -> OutputPort:
        """The output of agents, from their VMs."""

    @property
    def lookout(self) -> LookoutPort:
        """The look at what nobody here has."""

    def agent_named(self, name: str) -> Agent:
        """Return an agent by name or id.

        Raises:
            NotFound: there is none; names the ones there are. `Gone` if it is known that there was one.
            UsageError: several have the name; names them with their ids.
        """

    def vm_named(self, name: str) -> tuple[VmId, str]:
        """Return the VM with an id, else the VM of the agent with a name, and how it is called.

        Raises:
            NotFound, UsageError: as `agent_named`.
        """

    def notice(self, text: str) -> None:
        """Add a standing fact the operator must know."""

    async def until(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until a condition on what is visible here holds; False if the seconds ran out first."""

    async def settled(self, timeout: float) -> None:
        """Wait until every wanted agent's link was tried and, where it is up, its output was read to its end."""

    async def outcome(
        self, command_id: CommandId, *, until: Stage = Stage.DONE, timeout: float | None = None
    ) -> Receipt:
        """Wait until a command has come at least as far as a stage, or has ended otherwise.

        Returns the receipt as it stands, also when the seconds ran out first.
        """

    def answer_to(self, agent: AgentId, command: CommandId) -> str | None:
        """Return what an agent answered to a text that is done; None if no answer of its own appeared."""
