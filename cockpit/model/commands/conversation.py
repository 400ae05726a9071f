"""Commands about how an agent works and which conversation it is in; each with its frozen target."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import AgentId

QUEUES = ("steering", "follow-up")
"""The queues whose mode can be set."""

QUEUE_MODES = ("all", "one-at-a-time")
"""How many of the texts that wait an agent takes at once."""


@dataclass(frozen=True, slots=True)
class SetModel:
    """Answer with another model from now on."""

    agent: AgentId
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class SetThinking:
    """Think more or less from now on."""

    agent: AgentId
    level: str


@dataclass(frozen=True, slots=True)
class SetPermissionMode:
    """Let it use other tools unasked than before, from now on."""

    agent: AgentId
    mode: str
    """In the agent's own word."""


@dataclass(frozen=True, slots=True)
class CompactContext:
    """Put a summary in the place of what was said so far; the agent has to be at rest."""

    agent: AgentId
    text: str = ""
    """What the summary is to keep; empty leaves that to the agent."""


@dataclass(frozen=True, slots=True)
class SetAutoCompaction:
    """Let the agent compact its context by itself when it fills, or no more."""

    agent: AgentId
    enabled: bool


@dataclass(frozen=True, slots=True)
class SetAutoRetry:
    """Let the agent ask a failing model again by itself, or no more."""

    agent: AgentId
    enabled: bool


@dataclass(frozen=True, slots=True)
class AbortRetry:
    """Wait no longer for the next try: the run ends with the error it has."""

    agent: AgentId


@dataclass(frozen=True, slots=True)
class SetQueueMode:
    """Take the texts of a queue one at a time, or all at once."""

    agent: AgentId
    queue: str
    """One of `QUEUES`."""
    mode: str
    """One of `QUEUE_MODES`."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """Begin another conversation; the one so far stays in its file."""

    agent: AgentId


@dataclass(frozen=True, slots=True)
class SwitchSession:
    """Go on with a conversation that was saved."""

    agent: AgentId
    path: str
    """The file on the agent's VM. One that does not exist would begin an empty conversation."""


@dataclass(frozen=True, slots=True)
class NameSession:
    """Give the conversation a name."""

    agent: AgentId
    name: str


@dataclass(frozen=True, slots=True)
class ForkSession:
    """Begin a conversation with what was said before a message of the user."""

    agent: AgentId
    entry: str


@dataclass(frozen=True, slots=True)
class CloneSession:
    """Go on in a copy of the conversation; the one so far stays as it is."""

    agent: AgentId


@dataclass(frozen=True, slots=True)
class RunShell:
    """Have the agent's program run a command of a shell; the agent reads what it says, with its next prompt."""

    agent: AgentId
    text: str


@dataclass(frozen=True, slots=True)
class RunShellAside:
    """Have the agent's program run a command of a shell, and nothing of it go into the context."""

    agent: AgentId
    text: str


@dataclass(frozen=True, slots=True)
class AbortShell:
    """End the command of a shell that the agent's program runs."""

    agent: AgentId


@dataclass(frozen=True, slots=True)
class ExportPage:
    """Write the conversation as a page of HTML into a file on the agent's VM."""

    agent: AgentId
    path: str


SessionCommand = NewSession | SwitchSession | ForkSession | CloneSession
"""After these the agent is in another conversation."""

ShellCommand = RunShell | RunShellAside

SHELL_VERBS = frozenset({"bash", "bash aside"})
"""The verbs of their receipts."""
TuningCommand = (
    SetModel | SetThinking | SetPermissionMode | SetAutoCompaction | SetAutoRetry | AbortRetry | SetQueueMode
)
ConversationCommand = (
    TuningCommand | CompactContext | SessionCommand | NameSession | ShellCommand | AbortShell | ExportPage
)

CONVERSATION_VERBS: dict[type[object], str] = {
    SetModel: "model",
    SetThinking: "thinking",
    SetPermissionMode: "permission mode",
    CompactContext: "compact",
    SetAutoCompaction: "automatic compaction",
    SetAutoRetry: "automatic retry",
    AbortRetry: "abort retry",
    SetQueueMode: "queue mode",
    NewSession: "new session",
    SwitchSession: "switch session",
    NameSession: "name session",
    ForkSession: "fork",
    CloneSession: "clone",
    RunShell: "bash",
    RunShellAside: "bash aside",
    AbortShell: "abort bash",
    ExportPage: "export",
}
"""The word that receipts and the audit use for each."""


def conversation_text(command: ConversationCommand) -> str:
    """Return what a receipt shows of a command."""
    match command:
        case SetModel(provider=provider, model=model):
            return f"{provider}/{model}" if provider else model
        case SetAutoCompaction(enabled=enabled) | SetAutoRetry(enabled=enabled):
            return "on" if enabled else "off"
        case SetQueueMode(queue=queue, mode=mode):
            return f"{queue} {mode}"
        case (
            SetThinking(level=text)
            | SetPermissionMode(mode=text)
            | CompactContext(text=text)
            | SwitchSession(path=text)
            | NameSession(name=text)
            | ForkSession(entry=text)
            | RunShell(text=text)
            | RunShellAside(text=text)
            | ExportPage(path=text)
        ):
            return text
        case _:
            return ""
