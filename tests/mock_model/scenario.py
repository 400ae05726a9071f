"""From a request to an answer: `mock:NAME(arguments)` in the user's newest text names the scenario.

| Marker | Answer |
|---|---|
| `mock:text(words=40, rate=0)` | so many words, `rate` of them a second (0: at once) |
| `mock:think(words=20, rate=0)` | thinking, then text |
| `mock:tools([{"bash": {"command": "ls"}}, ...])` | a tool call per turn (a list in the list: several at once), then \
a text that quotes the last result; a step `{"error": 529}` is an HTTP error |
| `mock:long(tokens=8000, rate=0)` | a very long answer |
| `mock:unicode()` | CJK, emoji, U+2028, terminal escapes, markup-like text |
| `mock:error(529, retry_after=1, times=2)` | an HTTP error of any status; after `times` of them the text |
| `mock:drop(words=10, times=1)` | the connection is cut after so many words |
| `mock:stall(words=10)` | nothing more comes after so many words |
| `mock:overflow(times=1)` | the error of a full context |
| `mock:empty()`, `mock:length(words=10)` | no content; cut by the output limit |

`input=N` with any of them reports N input tokens. Anything unmarked gets a short answer that quotes the task.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.mock_model.conversation import Conversation

SUMMARY = "## Goal\nThe work so far, in one fixed summary.\n\n## Next steps\nGo on."
UNICODE = (
    "漢字かな交じり文 한국어 \N{ROCKET}\N{FAMILY}\N{EMOJI MODIFIER FITZPATRICK TYPE-4} e\u0301 | line\u2028separator"
    "\u2029and\u0085next | \x1b[31mred\x1b[0m \x1b]52;c;aGk=\x07 \x9b1m | [bold]markup[/bold] [@click=app.bell]x[/] [/]"
    " | \u202eright"
)
MARKER = re.compile(r"mock:([a-z]+)\(")


@dataclass(frozen=True, slots=True)
class Thinking:
    """A thinking block."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text block."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A streamed answer."""

    blocks: tuple[Thinking | Text | ToolCall, ...]
    input_tokens: int
    rate: float = 0.0
    """Deltas a second; 0 sends as fast as the client reads."""
    stop: str = "end"
    """`end`, `tools` or `length`."""
    fault: str = ""
    """What comes instead of the end: `drop` or `stall`."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An HTTP error instead of an answer."""

    status: int
    message: str
    retry_after: float | None = None


@dataclass
class Scenarios:
    """Chooses answers; counts only how often a failing one was asked, so that it can recover."""

    failed: dict[tuple[str, int], int] = field(default_factory=dict)

    def answer(self, conversation: Conversation) -> Answer | Failure:
        """Return what a request gets."""
        if conversation.wants_summary:
            return Answer((Text(SUMMARY),), conversation.tokens)
        marker = MARKER.search(conversation.task)
        if marker is None:
            quoted = " ".join(conversation.task.split())[:200]
            return Answer((Text(f"I did what you asked: {quoted}"),), conversation.tokens)
        name, arguments = marker[1], _arguments(conversation.task[marker.end() :])
        failing = name in ("error", "drop", "overflow")
        if failing and not self._fails_again(conversation, arguments):
            name = "text"
        return _scenario(name, arguments, conversation)

    def _fails_again(self, conversation: Conversation, arguments: dict[str, Any]) -> bool:
        key = (conversation.task, conversation.turn)
        count = self.failed.get(key, 0)
        self.failed[key] = count + 1
        return count < int(arguments.get("times", 1_000_000))


def _scenario(name: str, arguments: dict[str, Any], conversation: Conversation) -> Answer | Failure:
    first = arguments.get("")
    tokens = int(arguments.get("input", conversation.tokens))
    rate = float(arguments.get("rate", 0))
    words = int(arguments.get("words", 20))
    match name:
        case "text" | "drop" | "stall":
            return Answer((Text(_words(words)),), tokens, rate, fault="" if name == "text" else name)
        case "think":
            return Answer((Thinking(_words(words)), Text("I have thought about it.")), tokens, rate)
        case "tools":
            return _tools(first or [], conversation, tokens, rate)
        case "long":
            return Answer((Text(_words(int(arguments.get("tokens", 8000)))),), tokens, rate)
        case "unicode":
            return Answer((Text(UNICODE),), tokens, rate)
        case "empty":
            return Answer((), tokens)
        case "length":
            return Answer((Text(_words(words)),), tokens, rate, stop="length")
        case "overflow":
            return Failure(400, "prompt is too long: 210000 tokens > 200000 maximum")
        case "error":
            return Failure(int(first or 500), f"mock error {first}", arguments.get("retry_after"))
    return Failure(400, f"the model server knows no scenario {name!r}")


def _tools(steps: list[Any], conversation: Conversation, tokens: int, rate: float) -> Answer | Failure:
    if conversation.turn >= len(steps):
        text = f"All {len(steps)} steps are done. The last one said: {conversation.last_result.strip()[:200]}"
        return Answer((Text(text),), tokens, rate)
    step = steps[conversation.turn]
    if isinstance(step, dict) and "error" in step:
        return Failure(int(step["error"]), f"mock error {step['error']}")
    calls = step if isinstance(step, list) else [step]
    blocks = [ToolCall(name, values) for call in calls for name, values in call.items()]
    lead = Text(f"Step {conversation.turn + 1} of {len(steps)}.")
    return Answer((lead, *blocks), tokens, rate, stop="tools")


def _words(count: int) -> str:
    return " ".join(f"word{number}" for number in range(1, count + 1))


def _arguments(text: str) -> dict[str, Any]:
    """Read JSON values, each with `name=` before it or (the first) without, up to the closing parenthesis."""
    decoder = json.JSONDecoder()
    found: dict[str, Any] = {}
    position = 0
    while True:
        head = re.compile(r"[\s,]*(?:([a-z_]+)=)?").match(text, position)
        position = head.end() if head else position
        if position >= len(text) or text[position] == ")":
            return found
        value, position = decoder.raw_decode(text, position)
        found[(head[1] if head else None) or ""] = value
