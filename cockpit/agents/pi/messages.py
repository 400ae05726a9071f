"""Messages and tool results as pi writes them: blocks, usage, diffs (badlogic/pi-mono, packages/ai/src/types.ts)."""

from __future__ import annotations

from typing import Any

from cockpit.agents.fields import dict_of, flag_of, json_text, number_of, text_of
from cockpit.agents.pi.usage import usage_of
from cockpit.model.content import Block
from cockpit.model.events import MessageEnded, MessageStarted
from cockpit.model.tool_use import ToolEnded, ToolOutput, ToolStarted

ROLES_WITH_TEXT_AT_START = ("user", "custom")
"""These messages are complete when they start. An assistant's is not: its first copy can run ahead of the deltas."""


def message_started(record: dict[str, Any]) -> MessageStarted:
    """Decode `message_start`."""
    message = dict_of(record.get("message"))
    role = text_of(message.get("role"))
    text = text_content(message.get("content")) if role in ROLES_WITH_TEXT_AT_START else ""
    return MessageStarted(role, text, text_of(message.get("customType")), _seconds(message.get("timestamp")))


def message_ended(record: dict[str, Any]) -> MessageEnded:
    """Decode `message_end`, the source of truth for a message."""
    message = dict_of(record.get("message"))
    role = text_of(message.get("role"))
    return MessageEnded(
        role=role,
        blocks=blocks_of(message.get("content")),
        usage=usage_of(message.get("usage")) if role == "assistant" else None,
        stop_reason=text_of(message.get("stopReason")),
        error=text_of(message.get("errorMessage")),
        model=text_of(message.get("model")),
        call_id=text_of(message.get("toolCallId")),
        thinking=text_of(message.get("thinkingLevel")) if role == "assistant" else "",
        provider=text_of(message.get("provider")) if role == "assistant" else "",
        duration=_seconds(message.get("durationMs")) if role == "assistant" else None,
        said_at=_seconds(message.get("timestamp")),
    )


def tool_started(record: dict[str, Any]) -> ToolStarted:
    """Decode `tool_execution_start`."""
    arguments = dict_of(record.get("args"))
    return ToolStarted(text_of(record.get("toolCallId")), text_of(record.get("toolName")), arguments)


def tool_output(record: dict[str, Any]) -> ToolOutput:
    """Decode `tool_execution_update`: its text is the whole output so far."""
    text = text_content(dict_of(record.get("partialResult")).get("content"))
    return ToolOutput(text_of(record.get("toolCallId")), text, text_of(record.get("toolName")))


def tool_ended(record: dict[str, Any]) -> ToolEnded:
    """Decode `tool_execution_end`; of an edit's two diffs the unified one (`patch`, newer pi) is preferred."""
    result = dict_of(record.get("result"))
    details = dict_of(result.get("details"))
    return ToolEnded(
        call_id=text_of(record.get("toolCallId")),
        name=text_of(record.get("toolName")),
        text=text_content(result.get("content")),
        is_error=flag_of(record.get("isError")),
        diff=text_of(details.get("patch")) or text_of(details.get("diff")),
        exit_code=_exit_code(dict_of(result.get("structuredContent")).get("exit_code")),
        duration=_seconds(record.get("durationMs")),
    )


def _exit_code(value: Any) -> int | None:
    """Return an exit code as a shell tells it, or None if it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and -256 < value < 65_536 else None


def _seconds(milliseconds: Any) -> float | None:
    """Return seconds of a number of milliseconds, or None if it is none."""
    is_number = isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool)
    return max(0.0, number_of(milliseconds) / 1000) if is_number else None


def text_content(content: Any) -> str:
    """Return the text blocks of a content list joined, or the content itself where it is plain text."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(
        text_of(block.get("text"))
        for block in content
        if isinstance(block, dict) and block.get("type", "text") == "text"
    )


def blocks_of(content: Any) -> tuple[Block, ...]:
    """Return the content blocks of a finished message; plain text becomes one block."""
    if isinstance(content, str):
        return (Block("text", content),) if content else ()
    if not isinstance(content, list):
        return ()
    return tuple(_block(block) for block in content if isinstance(block, dict))


def _block(block: dict[str, Any]) -> Block:
    kind = text_of(block.get("type"))
    if kind == "text":
        return Block(kind, text_of(block.get("text")))
    if kind == "thinking":
        return Block(kind, text_of(block.get("thinking")))
    if kind == "toolCall":
        arguments = json_text(block.get("arguments", {}))
        return Block(kind, arguments, text_of(block.get("name")), text_of(block.get("id")))
    if kind == "image":
        data = block.get("data")
        # Of base64 four characters are three bytes; what fills up the end is none.
        size = len(data) * 3 // 4 - data[-2:].count("=") if isinstance(data, str) else 0
        return Block(kind, text_of(block.get("mimeType")), size=size)
    return Block(kind, text_of(block.get("text")))
