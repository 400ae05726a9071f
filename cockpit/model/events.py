"""Events: what one line of an agent's output means, one frozen dataclass each, one union.

Field meanings follow pi's RPC protocol (badlogic/pi-mono, packages/coding-agent/docs/rpc.md and
src/modes/rpc/rpc-types.ts). Text is kept exactly as the agent wrote it: it is hostile until it went through
`cockpit.text.sanitize`. Durations are seconds, money is US dollars.

Records and deltas are msgspec structs: nearly every line makes one, and a frozen dataclass costs four times as much.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from cockpit.model.content import OUTPUT, ModelUsage
from cockpit.model.content import Block as Block
from cockpit.model.content import Usage as Usage
from cockpit.model.extensions import DialogRequested as DialogRequested
from cockpit.model.extensions import ExtensionFailed as ExtensionFailed
from cockpit.model.extensions import ExtensionNotice as ExtensionNotice
from cockpit.model.ids import AgentId
from cockpit.model.tool_use import TaskEnded as TaskEnded
from cockpit.model.tool_use import TaskStarted as TaskStarted
from cockpit.model.tool_use import ToolEnded as ToolEnded
from cockpit.model.tool_use import ToolOutput as ToolOutput
from cockpit.model.tool_use import ToolStarted as ToolStarted

# --- life of a run -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunStarted:
    """`agent_start`: a run begins."""

    session: str = ""
    """The id of the conversation it is in, where the agent says it with each run."""
    permission_mode: str = ""
    """What it may do unasked, where the agent says it with each run."""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """`agent_end`: a run ended, perhaps not finally: a retry, a compaction or a queued text may follow."""

    will_retry: bool | None = None
    """None where the agent is too old to say (before pi 0.75.4)."""


@dataclass(frozen=True, slots=True)
class RunSettled:
    """`agent_settled` (pi 0.80.4 and later): nothing will happen by itself any more."""

    aborted: bool | None = None
    error: str = ""
    """Why the run failed, where the agent says it with its end."""
    answer: str | None = None
    """The whole final message, where the agent repeats it with the end of a run that did not fail."""
    usage: Usage | None = None
    """The tokens of the whole run, where the agent counts them with its end; none of its messages has any then."""
    so_far: tuple[ModelUsage, ...] = ()
    """What its process has used of each model since it began, where the agent tells only that: what its sub-agents and
    its summaries took is in it. Of a run it is the difference to the end before, in the same process."""
    id: str = ""
    """The agent's own id of this end, the same in a copy of the line; empty where it gives none."""
    context_window: int = 0
    """Tokens that fit into the context of its one model; 0 where nobody says."""


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """`turn_start`: one model answer plus its tools begins."""


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """`turn_end`."""


# --- messages ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageStarted:
    """`message_start`. For `user` and `custom` roles the text is complete here already."""

    role: str
    text: str = ""
    custom_type: str = ""
    said_at: float | None = field(default=None, compare=False)
    """Unix seconds by the agent's clock; of an assistant's message, when it was asked for."""
    within: bool = False
    """It is told late, in the midst of the message that answers it: that one goes on, and this stands above it."""
    context: int = 0
    """Tokens in the context that an assistant's message is asked for with; 0 where nobody says."""


class TextDelta(msgspec.Struct, frozen=True, gc=False):
    """A piece of answer text."""

    index: int
    text: str


class ThinkingDelta(msgspec.Struct, frozen=True, gc=False):
    """A piece of thinking."""

    index: int
    text: str


class ToolCallDelta(msgspec.Struct, frozen=True, gc=False):
    """A piece of a tool call's JSON arguments."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class BlockStarted:
    """`text_start`, `thinking_start` or `toolcall_start`."""

    index: int
    kind: str
    """`text`, `thinking` or `toolCall`."""
    tool_name: str = ""
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class BlockEnded:
    """`text_end`, `thinking_end` or `toolcall_end`; replaces what the deltas built."""

    index: int
    kind: str
    text: str | None = None
    """None where a filter dropped the copy; the deltas stand then."""
    tool_name: str = ""
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class MessageEnded:
    """`message_end`: the source of truth for the text and the usage of a message."""

    role: str
    blocks: tuple[Block, ...] = ()
    usage: Usage | None = None
    """Only on assistant messages; the one place to sum tokens and cost from."""
    stop_reason: str = ""
    error: str = ""
    model: str = ""
    call_id: str = ""
    """The tool call a `toolResult` message answers."""
    thinking: str = ""
    """The thinking level an answer was given with (pi 1.6)."""
    provider: str = ""
    """Whose the model is."""
    duration: float | None = None
    """Seconds the answer took, where the agent says it (pi 1.6)."""
    said_at: float | None = field(default=None, compare=False)
    """Unix seconds by the agent's clock; of an answer, when it was asked for."""
    part: bool = False
    """Only one finished block of a message, of which more may follow; which one of them is not said."""

    @property
    def text(self) -> str:
        """The text blocks joined, as the operator reads the answer."""
        return "".join(block.text for block in self.blocks if block.kind in ("text", OUTPUT))


# --- tools ---------------------------------------------------------------------------------------


# --- queues, compaction, retries -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """`queue_update` (pi 0.64 and later): both queues in full."""

    steering: tuple[str, ...]
    follow_up: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompactionStarted:
    """`compaction_start` or, before pi 0.63.1, `auto_compaction_start`."""

    reason: str = ""
    """`manual`, `threshold`, `overflow`, or empty where the agent is too old to say."""


@dataclass(frozen=True, slots=True)
class CompactionEnded:
    """`compaction_end`; alone, with an error, it means that overflow recovery was given up."""

    reason: str = ""
    aborted: bool = False
    will_retry: bool = False
    error: str = ""
    summary: str = ""
    tokens_before: int = 0
    usage: Usage | None = None
    """The cost of the summary itself, from pi 0.81."""


@dataclass(frozen=True, slots=True)
class RetryStarted:
    """`auto_retry_start`: the provider failed, the agent waits and tries again."""

    attempt: int
    max_attempts: int
    delay: float
    """Seconds until the next try."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class RetryEnded:
    """`auto_retry_end`."""

    success: bool
    attempt: int = 0
    error: str = ""


# --- answers to commands and settings ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Responded:
    """`response`: what the agent says of a command; success means accepted or queued, nothing more.

    Whatever a kind of agent calls its commands, `command` is `prompt`, `steer`, `follow_up`, `abort`, `clear_queue` or
    `get_state` where it is one of these. `clear_queue` tells in `data` what it took out of the queues, as lists of
    texts (`steering`, `followUp`), right after a `QueueChanged` without them. `get_state` answers what it is at:
    `isStreaming` and `isCompacting` as booleans in `data`, perhaps `model` (`id`, `provider`, `contextWindow`),
    `thinkingLevel`, `sessionId`, `sessionFile`, `sessionName`. Success of `new_session`, `switch_session`, `fork` or
    `clone` without `cancelled: true` is another conversation: `get_messages` tells it as `data.messages`, with the
    fields of `SaidMessage`.
    """

    command_id: str
    """The echoed id as text, empty where the agent lost it."""
    command: str
    success: bool
    error: str = ""
    data: Any = None
    conversation_kept: bool | None = None  # whether a file holds what is said to the agent; None where it is not told


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """`thinking_level_changed` or `session_info_changed`."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ShellOutput:
    """`bash_execution_update` (pi 0.82 and later): output of the operator's own shell command."""

    command_id: str
    text: str


@dataclass(frozen=True, slots=True)
class LinesPrinted:
    """What a program that only prints has printed: whole lines, or a part of one that has no end yet."""

    text: str
    line: int = 0
    """The number of its last line among all that it printed."""


# --- what the scaffold writes into the same file -------------------------------------------------


@dataclass(frozen=True, slots=True)
class DaemonStarted:
    """A new daemon run: the scaffold's own line, written before the agent starts."""

    run_id: str
    agent: str = ""
    """The name of its kind."""


@dataclass(frozen=True, slots=True)
class DaemonExited:
    """A daemon run ended: the scaffold's own line, written after the agent is gone."""

    run_id: str
    exit_code: int


# --- what could not be read ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """A well-formed line of a type this version does not know, or one of no interest; kept and shown raw."""

    type: str
    raw: str


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that is no JSON object, or longer than the limit; kept so that nothing is swallowed."""

    reason: str
    raw: str
    """The line's head, decoded leniently."""
    length: int
    """Bytes of the whole line, LF not counted."""


@dataclass(frozen=True, slots=True)
class EpochStarted:
    """The output file is not the one read before: it was truncated, replaced or rotated."""

    reason: str


Event = (
    RunStarted
    | RunEnded
    | RunSettled
    | TurnStarted
    | TurnEnded
    | MessageStarted
    | TextDelta
    | ThinkingDelta
    | ToolCallDelta
    | BlockStarted
    | BlockEnded
    | MessageEnded
    | ToolStarted
    | ToolOutput
    | ToolEnded
    | TaskStarted
    | TaskEnded
    | QueueChanged
    | CompactionStarted
    | CompactionEnded
    | RetryStarted
    | RetryEnded
    | DialogRequested
    | ExtensionNotice
    | ExtensionFailed
    | Responded
    | SettingChanged
    | ShellOutput
    | LinesPrinted
    | DaemonStarted
    | DaemonExited
    | UnknownEvent
    | BrokenLine
    | EpochStarted
)


class Record(msgspec.Struct, frozen=True, gc=False):
    """One event with its place: the unit that is stored, folded and shown. Unique by (agent, epoch, line)."""

    agent: AgentId
    epoch: int
    """Counts the files read under this agent's name, from 1."""
    line: int
    """1-based line number within the epoch; 0 for `EpochStarted`, which stands before the first line."""
    offset: int
    """Byte offset of the line's first byte within the epoch's file."""
    end: int
    """Byte offset just after the line's LF: where a reader continues."""
    at: float
    """Unix seconds when the line arrived here; agents stamp nothing."""
    event: Event
