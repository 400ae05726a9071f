"""What an agent can be asked about itself and its conversation, and the answers with their types.

A question is a value that names the type of its answer. How a kind of agent is asked, and what it answers in its own
words, its adapter knows; what it cannot be asked, it says with a reason. Times are unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Question(Generic[Told]):
    """One thing that can be asked; two are the same if their names are."""

    name: str
    """In words, for people: `the models it can use`."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that an agent can use."""

    provider: str
    id: str
    name: str = ""
    context_window: int = 0
    """Tokens; 0 where nobody says."""
    thinks: bool = False
    """It can be told how much to think."""
    sees: bool = False
    """It takes images."""
    input_price: float = 0.0
    """US dollars for a million tokens."""
    output_price: float = 0.0

    @property
    def reference(self) -> str:
        """How it is named on a command line: `provider/id`."""
        return f"{self.provider}/{self.id}" if self.provider else self.id


@dataclass(frozen=True, slots=True)
class AgentSetup:
    """How an agent is set, and which conversation it is in."""

    model: ModelChoice | None = None
    """None where it has none, for want of credentials."""
    thinking: str = ""
    steering_mode: str = ""
    """`all` or `one-at-a-time`: how many of the waiting texts it takes at once."""
    follow_up_mode: str = ""
    auto_compaction: bool | None = None
    """None where it does not say."""
    session_id: str = ""
    session_file: str = ""
    """On its VM; it need not exist before the first answer. Empty where it keeps none."""
    session_name: str = ""
    messages: int = 0
    """In the context."""
    waiting: int = 0
    """Texts in its queues."""
    permission_mode: str = ""
    """What it may do unasked, in its own word; empty where it does not say, or did not yet."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a conversation has cost so far, as the agent sums it."""

    session_id: str = ""
    session_file: str = ""
    user_messages: int = 0
    answers: int = 0
    tool_calls: int = 0
    tool_results: int = 0
    messages: int = 0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    tokens: int = 0
    cost: float = 0.0
    """US dollars."""
    context_tokens: int | None = None
    """None where it is not known, e.g. right after a compaction."""
    context_window: int = 0
    whole: bool = True
    """They cover the whole conversation; else only what is still in the context."""


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A word behind `/` that an agent understands."""

    name: str
    """Without the slash."""
    description: str = ""
    source: str = ""
    """Where it comes from, in the agent's word: `extension`, `prompt`, `skill`."""


@dataclass(frozen=True, slots=True)
class ForkPoint:
    """A message of the user that a fork can go back to: the fork has what was said before it."""

    entry: str
    text: str


@dataclass(frozen=True, slots=True)
class SaidMessage:
    """One message of a conversation as it stands in the agent's context."""

    role: str
    """`user`, `assistant`, `tool`, `shell`, `shell aside` (out of the context), `summary`, or a word of the agent."""
    text: str
    title: str = ""
    """The tool's name, the command of a shell, the model of an answer; empty where there is none."""
    calls: tuple[tuple[str, str], ...] = ()
    """The tools that an answer calls, each with its arguments as JSON text."""
    thinking: str = ""
    failed: bool = False
    at: float = 0.0


def said_message(told: Any) -> SaidMessage:
    """Return the message that an object with its fields is. Total: what is missing or of another type is empty."""
    fields = told if isinstance(told, dict) else {}
    words = {name: fields[name] for name in ("role", "text", "title", "thinking") if isinstance(fields.get(name), str)}
    listed = fields.get("calls")
    calls = [call for call in listed if isinstance(call, list | tuple)] if isinstance(listed, list | tuple) else []
    at = fields.get("at")
    return SaidMessage(
        words.get("role", ""),
        words.get("text", ""),
        words.get("title", ""),
        tuple((str(call[0]), str(call[1])) for call in calls if len(call) == 2),
        words.get("thinking", ""),
        fields.get("failed") is True,
        float(at) if isinstance(at, int | float) else 0.0,
    )


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a conversation, which branches where somebody went back."""

    entry: str
    parent: str
    """Empty for the first."""
    kind: str
    """`user`, `assistant`, `tool`, `model`, `thinking`, `compaction` or the agent's own word."""
    text: str
    depth: int = 0
    """How many branches it stands away from the first one; entries of one branch have the same."""
    current: bool = False
    """It is on the branch that the agent is on."""


@dataclass(frozen=True, slots=True)
class SavedSession:
    """A conversation in a file on the agent's VM."""

    path: str
    id: str = ""
    name: str = ""
    first: str = ""
    """The first message of the user, shortened."""
    messages: int = 0
    """Lines of messages in the file, also of branches that were left."""
    changed_at: float = 0.0
    size: int = 0
    """Bytes."""


STATE: Question[AgentSetup] = Question("how it is set")
STATISTICS: Question[Statistics] = Question("its statistics")
MODELS: Question[tuple[ModelChoice, ...]] = Question("the models it can use")
LEVELS: Question[tuple[str, ...]] = Question("how much its model can think")
SLASH_COMMANDS: Question[tuple[SlashCommand, ...]] = Question("its slash commands")
FORK_POINTS: Question[tuple[ForkPoint, ...]] = Question("where it can be forked")
LAST_ANSWER: Question[str] = Question("its last answer")
MESSAGES: Question[tuple[SaidMessage, ...]] = Question("the messages of its context")
TREE: Question[tuple[TreeEntry, ...]] = Question("the tree of its conversation")


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What an agent said of a command that it carried out."""

    text: str = ""
    """A shell command's output, a compaction's summary, the text that a fork went back before."""
    exit_code: int | None = None
    """Of a shell command; None where it has none, as one that was ended."""
    cut: bool = False
    """The text is only a part."""
    file: str = ""
    """On the VM: the whole output, or what was exported."""
    tokens_before: int = 0
    tokens_after: int = 0
    """Of a compaction; 0 where nobody says."""


def chosen_model(wanted: str, models: Iterable[ModelChoice]) -> tuple[ModelChoice | None, str]:
    """Return the one model that a text means, or None and why: `provider/id`, an id, or the only id that holds it."""
    known = tuple(models)
    exact = [model for model in known if wanted in (model.reference, model.id)]
    found = exact or [model for model in known if wanted.lower() in model.reference.lower()]
    if len(found) == 1:
        return found[0], ""
    if found:
        several = ", ".join(model.reference for model in found[:6])
        return None, f"{wanted!r} means several models: {several}{' …' if len(found) > 6 else ''}"
    near = get_close_matches(wanted, [name for model in known for name in (model.reference, model.id)], n=3, cutoff=0.5)
    nearest = f"nearest: {', '.join(near)}" if near else f"{len(known)} are known"
    return None, f"it can use no model {wanted!r}; {nearest}"


def fault_of_level(wanted: str, levels: Iterable[str]) -> str:
    """Say why a thinking level cannot be set, or return empty text."""
    known = tuple(levels)
    if wanted in known:
        return ""
    if known in ((), ("off",)):
        return "its model cannot be told how much to think"
    return f"its model has no thinking level {wanted!r}; known: {', '.join(known)}"
