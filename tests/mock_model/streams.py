"""Answers as server-sent events, in the words of the two protocols.

Anthropic: https://docs.anthropic.com/en/api/messages-streaming. OpenAI: the chat completion chunk object. Only what an
agent reads is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.mock_model.scenario import Answer, Failure, Text, Thinking, ToolCall

ARGUMENT_PIECE = 24
"""Characters of a tool's arguments in one delta."""


def pieces(block: Thinking | Text | ToolCall) -> list[str]:
    """Cut a block into deltas: words, or slices of the arguments."""
    if isinstance(block, ToolCall):
        text = json.dumps(block.arguments)
        return [text[start : start + ARGUMENT_PIECE] for start in range(0, len(text), ARGUMENT_PIECE)]
    return re.findall(r"\s*\S+\s*$|\s*\S+", block.text)


def anthropic(answer: Answer, model: str, number: int) -> Iterator[tuple[bytes, bool]]:
    """Yield (bytes, whether it is a delta) of an answer."""
    usage = {
        "input_tokens": answer.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": model, "content": []}
    started = {**message, "stop_reason": None, "stop_sequence": None, "usage": {**usage, "output_tokens": 1}}
    yield _event("message_start", message=started), False
    count = 0
    for index, block in enumerate(answer.blocks):
        kinds: dict[type, tuple[dict[str, Any], str, str]] = {
            Text: ({"type": "text", "text": ""}, "text_delta", "text"),
            Thinking: ({"type": "thinking", "thinking": "", "signature": ""}, "thinking_delta", "thinking"),
            ToolCall: (
                {"type": "tool_use", "id": f"toolu_{number}_{index}", "input": {}},
                "input_json_delta",
                "partial_json",
            ),
        }
        start, kind, key = kinds[type(block)]
        if isinstance(block, ToolCall):
            start["name"] = block.name
        yield _event("content_block_start", index=index, content_block=start), False
        for piece in pieces(block):
            count += 1
            yield _event("content_block_delta", index=index, delta={"type": kind, key: piece}), True
        if isinstance(block, Thinking):
            signature = {"type": "signature_delta", "signature": "c2lnbmVk"}
            yield _event("content_block_delta", index=index, delta=signature), False
        yield _event("content_block_stop", index=index), False
    if answer.fault:
        return
    reason = {"end": "end_turn", "tools": "tool_use", "length": "max_tokens"}[answer.stop]
    yield (
        _event(
            "message_delta",
            delta={"stop_reason": reason, "stop_sequence": None},
            usage={"output_tokens": count + 1},
        ),
        False,
    )
    yield _event("message_stop"), False


def openai(answer: Answer, model: str, number: int) -> Iterator[tuple[bytes, bool]]:
    """Yield (bytes, whether it is a delta) of an answer."""
    head = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": 0, "model": model}

    def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
        return _data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    yield chunk({"role": "assistant", "content": ""}), False
    count = calls = 0
    for block in answer.blocks:
        if isinstance(block, ToolCall):
            function = {"name": block.name, "arguments": ""}
            call = {"index": calls, "id": f"call_{number}_{calls}", "type": "function", "function": function}
            yield chunk({"tool_calls": [call]}), False
        for piece in pieces(block):
            count += 1
            if isinstance(block, ToolCall):
                yield chunk({"tool_calls": [{"index": calls, "function": {"arguments": piece}}]}), True
            else:
                yield chunk({"reasoning_content" if isinstance(block, Thinking) else "content": piece}), True
        calls += isinstance(block, ToolCall)
    if answer.fault:
        return
    yield chunk({}, {"end": "stop", "tools": "tool_calls", "length": "length"}[answer.stop]), False
    total = answer.input_tokens + count
    usage = {"prompt_tokens": answer.input_tokens, "completion_tokens": count, "total_tokens": total}
    yield _data({**head, "choices": [], "usage": usage}), False
    yield b"data: [DONE]\n\n", False


def failure_body(failure: Failure, dialect: str) -> bytes:
    """Return the body of an HTTP error."""
    kinds = {
        400: "invalid_request_error",
        401: "authentication_error",
        429: "rate_limit_error",
        529: "overloaded_error",
    }
    error = {"type": kinds.get(failure.status, "api_error"), "message": failure.message}
    return json.dumps({"type": "error", "error": error} if dialect == "anthropic" else {"error": error}).encode()


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\n".encode() + _data({"type": kind, **fields})


def _data(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"
