"""Messages as Claude Code writes them: deltas of the stream, whole blocks of an answer, results of tools."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from cockpit.agents.fields import dict_of, flag_of, integer_of, json_text, text_of
from cockpit.model.content import Block
from cockpit.model.events import (
    BlockStarted,
    Event,
    MessageEnded,
    MessageStarted,
    RunSettled,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
)
from cockpit.model.extensions import ExtensionNotice
from cockpit.model.tool_use import ToolEnded, ToolOutput, ToolStarted

LOCAL = re.compile(r"^<local-command-(?:stdout|stderr)>(.*)</local-command-(?:stdout|stderr)>$", re.DOTALL)
"""How it repeats what one of its own commands has printed."""

INTERRUPTED = "[Request interrupted by user"
"""How a message begins that tells the model of an interrupt: the run is over with it."""

CONTEXT = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
SYNTHETIC = "<synthetic>"
"""The model of a message that no model wrote: an error of the provider."""

_KINDS = {"text": "text", "thinking": "thinking", "tool_use": "toolCall"}
_EXIT = re.compile(r"^Exit code (\d{1,3})$", re.MULTILINE)


def streamed(event: dict[str, Any]) -> Event | None:
    """Return what an event of the model's stream means; None for one that tells nothing of its own."""
    index = integer_of(event.get("index"))
    match event.get("type"):
        case "message_start":
            usage = dict_of(dict_of(event.get("message")).get("usage"))
            return MessageStarted("assistant", context=sum(integer_of(usage.get(name)) for name in CONTEXT))
        case "content_block_start":
            block = dict_of(event.get("content_block"))
            kind = _KINDS.get(text_of(block.get("type")))
            return BlockStarted(index, kind, text_of(block.get("name")), text_of(block.get("id"))) if kind else None
        case "content_block_delta":
            delta = dict_of(event.get("delta"))
            match delta.get("type"):
                case "text_delta":
                    return TextDelta(index, text_of(delta.get("text")))
                case "thinking_delta":
                    return ThinkingDelta(index, text_of(delta.get("thinking")))
                case "input_json_delta":
                    return ToolCallDelta(index, text_of(delta.get("partial_json")))
    return None


def said_by_assistant(record: dict[str, Any]) -> Event | None:
    """Return what a finished block is: a call of a tool begins, a text or thinking is whole."""
    message = dict_of(record.get("message"))
    blocks = _blocks(message.get("content"))
    call = next((block for block in blocks if block.get("type") == "tool_use"), None)
    if call is not None:
        return ToolStarted(text_of(call.get("id")), text_of(call.get("name")), dict_of(call.get("input")))
    said = tuple(
        Block(kind, text_of(block.get(kind))) for block in blocks if (kind := text_of(block.get("type"))) in _KINDS
    )
    if not said:
        return None
    model = text_of(message.get("model"))
    failed = bool(record.get("error")) or flag_of(record.get("isApiErrorMessage"))
    return MessageEnded(
        "assistant",
        said,
        stop_reason="error" if failed else "",
        error="".join(block.text for block in said) if failed else "",
        model="" if model == SYNTHETIC else model,
        provider="anthropic",
        part=True,
    )


def said_by_sub_agent(record: dict[str, Any], parent: str) -> Event | None:
    """Return what a sub-agent is at as the output of the call that made it: it has no stream of its own here."""
    for block in reversed(_blocks(dict_of(record.get("message")).get("content"))):
        match block.get("type"):
            case "tool_use":
                said = f"{text_of(block.get('name'))} {json_text(block.get('input', {}))}"
                return ToolOutput(parent, said, beside=True)
            case "text" | "thinking" as kind:
                return ToolOutput(parent, text_of(block.get(kind)), beside=True)
    return None


def said_by_user(record: dict[str, Any]) -> Event | None:
    """Return what a user's message is: a tool's result, a text that was read, or a word of the program's own."""
    content = dict_of(record.get("message")).get("content")
    result = next((block for block in _blocks(content) if block.get("type") == "tool_result"), None)
    if result is not None:
        return _ended(result, dict_of(record.get("tool_use_result")))
    text = _text(content)
    local = LOCAL.match(text)
    if local is not None:
        return ExtensionNotice("notify", local[1].strip())
    if flag_of(record.get("isReplay")):
        return MessageStarted("user", text, said_at=_moment(record.get("timestamp")), within=True)
    if text.startswith(INTERRUPTED):
        # Its `result` follows at once, unless a sub-agent goes on beside the run: 2.1.112 writes none for it then.
        return RunSettled(aborted=True)
    return MessageStarted("custom", text, "told by the program")


def _ended(result: dict[str, Any], structured: dict[str, Any]) -> ToolEnded:
    text, failed = _text(result.get("content")), flag_of(result.get("is_error"))
    code = _EXIT.match(text) if failed else None
    return ToolEnded(
        text_of(result.get("tool_use_id")),
        "",
        text,
        failed,
        _diff(structured.get("structuredPatch")),
        int(code[1]) if code is not None else None,
    )


def _diff(patch: Any) -> str:
    """Return the hunks of an edit as a unified diff."""
    lines: list[str] = []
    for hunk in patch if isinstance(patch, list) else ():
        if isinstance(hunk, dict) and isinstance(hunk.get("lines"), list):
            old, new = (
                f"{integer_of(hunk.get(f'{side}Start'))},{integer_of(hunk.get(f'{side}Lines'))}"
                for side in ("old", "new")
            )
            lines += [f"@@ -{old} +{new} @@", *map(text_of, hunk["lines"])]
    return "\n".join(lines)


def _blocks(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _text(content: Any) -> str:
    return "\n".join(text_of(block.get("text")) for block in _blocks(content) if block.get("type", "text") == "text")


def _moment(timestamp: Any) -> float | None:
    try:
        return max(0.0, datetime.fromisoformat(text_of(timestamp)).timestamp()) if timestamp else None
    except (ValueError, OverflowError):
        return None
