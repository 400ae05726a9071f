"""The port for agents: what the engine needs of a kind of agent, and nothing more.

A kind is a folder beside this file with one class that satisfies `AgentAdapter`, registered in `kinds.py`. The engine,
the store and every screen speak of events, commands and programs; how an agent writes and reads them, its kind knows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cockpit.agents.configuration import Configuration
from cockpit.agents.scaffold.answers import Facts
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.model.attachments import Attachment
from cockpit.model.commands.agent import AgentCommand
from cockpit.model.commands.life import Spawn
from cockpit.model.events import Event, Responded
from cockpit.model.fleet import Agent, QueueRules
from cockpit.model.ids import CommandId
from cockpit.model.inquiries import STATE, CarriedOut, Question, SavedSession, Told
from cockpit.model.shared.skills import SharedKind


@dataclass(frozen=True, slots=True)
class WireRules:
    """What a filter on the VM may leave out of an agent's output, in the two languages that machines have."""

    perl: str
    node: str


class Decoder(Protocol):
    """Turns the lines of one output file into events. It may learn, but any line may be decoded again, in any order."""

    @property
    def dialect(self) -> str:
        """A word for the variant of the protocol that was seen; empty until one was. Only the adapter reads it."""

    @property
    def wire_rules(self) -> WireRules | None:
        """What the lines seen so far allow a filter on the VM to leave out; None if they pass as they are."""

    def decode(self, line: bytes, truncated: bool = False, length: int = 0) -> Event:
        """Return the event a line means. Never raises: what cannot be read is a `BrokenLine`.

        Args:
            line: the line without its LF, or its head.
            truncated: only the head of an oversized line is given.
            length: bytes of the whole line, if truncated.
        """


@dataclass(frozen=True, slots=True)
class LaunchSettings:
    """What the operator configured of new agents."""

    model: str = ""
    """A model id, or `provider/id`; empty leaves the choice to the agent."""
    pass_environment: tuple[str, ...] | None = None
    """Names and patterns of variables that every agent gets from here; None means what its provider needs."""


@dataclass(frozen=True, slots=True)
class Program:
    """An agent program that can be started on a fleet."""

    name: str
    """The name of its kind."""
    reason: str
    """Why it cannot be started here, or empty."""
    arguments: Callable[[Spawn, str, bool], Sequence[str]]
    """Builds the argument list from the command, the path of the file with the agent's instructions, and whether an
    earlier session of this agent is continued."""
    environment: dict[str, str] = field(default_factory=dict)
    """Set for this program only; may hold secrets, so it travels over standard input."""
    passed: Callable[[Spawn], Mapping[str, str]] = lambda spawn: {}
    """What a command takes along from this machine's environment: secrets; their names are shown, values never."""
    files: tuple[tuple[str, bytes], ...] = ()
    """(path relative to the home directory, content): settings the program needs; written 0600."""
    configuration: Callable[[Collection[str]], Configuration] | None = None
    """Reads the operator's own configuration of it, given what goes along although it holds secrets; None: it has
    none. It reads files, so it is to be called in a thread."""
    command: str = ""
    """What a VM must have on its PATH, and whose `--version` is written down; empty where nothing is looked for."""
    thinking: tuple[str, ...] = ()
    """How much it can be told to think at its start, in its own words, least first; empty where it cannot be told."""
    permission_modes: tuple[tuple[str, str], ...] = ()
    """What it can be allowed to do unasked at its start: its words, each with what it means; empty: nothing."""
    brought: bool = False
    """The program comes from this machine's PATH, so that a VM need not have it installed."""


class AgentAdapter(Protocol):
    """One kind of agent."""

    guesses: bool
    """What its agents are at is guessed from what they print, and shown as a guess wherever it is shown."""
    permission_modes: tuple[tuple[str, str], ...]
    """The words that set what an agent does unasked, each with what it means; empty: it has none."""

    @property
    def name(self) -> str:
        """The word that configuration, registry and scaffold use for this kind."""

    def decoder(self) -> Decoder:
        """Return a decoder for one output file."""

    def encode(
        self, command: AgentCommand, command_id: CommandId, agent: Agent, images: Sequence[Attachment] = ()
    ) -> bytes:
        """Return a command as complete lines for the agent's FIFO; the id comes back in what the agent says of it.

        Args:
            command: what is ordered.
            command_id: its id.
            agent: as it is now.
            images: what goes with its text, read. They make it long: then it is called in a thread.
        """

    def question(self, command_id: str, question: Question[Any] = STATE) -> bytes:
        """Return a question as one line; it changes nothing of the agent.

        Without another one it is the question whose answer shows that the agent reads, and what it is at.
        """

    def answer(self, question: Question[Told], said: Responded, agent: Agent) -> Told:
        """Return what a successful answer to a question says. Total: what the agent left out is empty."""

    def withholds(self, question: Question[Any], agent: Agent) -> str:
        """Say why this agent cannot be asked a question, in words for a person, or return empty text."""

    def outcome(self, data: Any) -> CarriedOut:
        """Return what an agent said of a command that it carried out."""

    def own_words(self, agent: Agent) -> tuple[str, ...]:
        """Return the words behind `/` that its own screen carries out, and that it takes for text from here."""

    def levels(self, agent: Agent) -> tuple[str, ...]:
        """Return the thinking levels of an agent that cannot be asked which its model knows, least first."""

    def sessions_script(self, paths: AgentPaths, file: str) -> str:
        """Return the script that lists the conversations saved for the workspace; empty if it keeps none.

        Args:
            paths: where the agent lives.
            file: that of the conversation it is in; empty where that is not known.
        """

    def saved_sessions(self, said: bytes) -> tuple[SavedSession, ...]:
        """Return what that script has listed, newest first."""

    def says_end(self, dialect: str, version: str) -> bool:
        """Say whether an agent writes a line of its own once nothing follows any more; else only time tells it.

        Args:
            dialect: as its decoder named it, empty if it has shown none yet.
            version: what the program said of itself when it was started, empty where nobody asked.
        """

    def tells_queues(self, dialect: str, version: str) -> bool:
        """Say whether an agent writes a line of its own whenever what it has queued changes.

        Args:
            dialect: as its decoder named it, empty if it has shown none yet.
            version: what the program said of itself when it was started, empty where nobody asked.
        """

    def queue_rules(self, dialect: str, version: str) -> QueueRules:
        """Say what an agent does with what is queued when its run is aborted or fails.

        Args:
            dialect: as its decoder named it, empty if it has shown none yet.
            version: what the program said of itself when it was started, empty where nobody asked.
        """

    def lacks(self, command: type[AgentCommand], agent: Agent) -> str:
        """Say why this agent cannot take a kind of command, in words for a person, or return empty text."""

    def lacks_images(self, agent: Agent) -> str:
        """Say why no image can go with a text to this agent, or return empty text."""

    def shared_file(self, kind: SharedKind, name: str) -> str:
        """Return where the program looks for a shared skill or extension, below the home directory; empty: nowhere."""

    def missing_reason(self, program: Program, facts: Facts, place: str) -> str:
        """Say what a VM lacks to run the program, or return empty text."""

    def first_words(self, answer: Responded) -> str:
        """Say what the first answer tells of model and credentials, in words for a spawn's steps."""

    def passed_words(self, passed: Mapping[str, str]) -> str:
        """Say which variables of this machine went along, names and never values; empty text if nobody need know."""

    def check_in_script(self) -> str:
        """Return the script that succeeds if an extension says on the feed that the agent started; empty: none can."""

    def move_conversation_script(self, paths: AgentPaths) -> str:
        """Return the shell script that makes the newest conversation of a copied VM that of its workspace."""

    def has_conversation_script(self, paths: AgentPaths) -> str:
        """Return the shell script that fails if no file holds what was said in the workspace: a stop would lose it.

        `:` where a kind loses nothing by it.
        """

    def secret_values(self, patterns: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """Return the values of this machine's variables that are this kind's keys or match a pattern: never shown."""

    def local_program(self, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
        """Return how it is started on the fleet of this machine."""

    def remote_program(self, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
        """Return how it is started on a fleet of real VMs."""
