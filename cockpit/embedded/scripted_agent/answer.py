"""One assistant message of the scripted agent while it streams, in the shape of either dialect."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from cockpit.embedded.scripted_agent.wire import Dialect, now_ms, tokens_of, usage_record

ARGUMENT_PIECE = 12
"""Characters of tool arguments in one delta."""

Pace = Callable[[], Awaitable[bool]]
"""Waits for the time of one token; False means that the run is aborted."""


class ModelAnswer:
    """Streams text, thinking and a tool call, and ends in success, an error or an abort."""

    def __init__(
        self,
        dialect: Dialect,
        emit: Callable[..., None],
        *,
        model: dict[str, Any],
        fresh: int,
        cached: int,
        number: int,
    ) -> None:
        """Begin an answer.

        Args:
            dialect: the shape of its updates.
            emit: writes an event of a type with fields.
            model: whose answer it is.
            fresh: input tokens that are new.
            cached: input tokens read from the cache.
            number: counts the answers of this process; makes the ids.
        """
        self._dialect = dialect
        self._is_delta = dialect == "delta"
        self._emit = emit
        self._fresh = fresh
        self._cached = cached
        self._number = number
        self._written = 0
        self._response = f"msg_scripted_{number:05d}"
        self.message: dict[str, Any] = {
            "role": "assistant",
            "content": [],
            "api": model["api"],
            "provider": model["provider"],
            "model": model["id"],
            "usage": usage_record(dialect, fresh, 1, cached),
            "stopReason": "pending" if self._is_delta else "stop",
            "timestamp": now_ms(),
        }

    def start(self) -> None:
        """Emit `message_start`."""
        self._emit("message_start", message=copy.deepcopy(self.message))
        self.message["responseId"] = self._response

    async def stream(self, kind: str, text: str, pace: Pace) -> bool:
        """Stream a `text` or `thinking` block; False if it was aborted on the way."""
        index = len(self.message["content"])
        block: dict[str, Any] = {"type": kind, kind: "", "index": index}
        if kind == "thinking":
            block = {"type": kind, kind: "", "thinkingSignature": "", "index": index}
        self.message["content"].append(block)
        self._update({"type": f"{kind}_start", "contentIndex": index})
        for piece in re.findall(r"\s*\S+|\s+$", text):
            if not await pace():
                return False
            block[kind] += piece
            self._written += tokens_of(piece)
            self._update({"type": f"{kind}_delta", "contentIndex": index, "delta": piece})
        del block["index"]
        if kind == "thinking":
            block["thinkingSignature"] = "c2NyaXB0ZWQ="
        self._update({"type": f"{kind}_end", "contentIndex": index, "content": text})
        return True

    async def call(self, tool: str, arguments: dict[str, Any], pace: Pace) -> str | None:
        """Stream a tool call and return its id; None if it was aborted on the way."""
        index = len(self.message["content"])
        call_id = f"toolu_scripted_{self._number:05d}_{index}"
        block: dict[str, Any] = {"type": "toolCall", "id": call_id, "name": tool, "arguments": {}}
        block |= {"partialJson": "", "index": index}
        self.message["content"].append(block)
        start: dict[str, Any] = {"type": "toolcall_start", "contentIndex": index}
        if self._is_delta:
            start |= {"id": call_id, "toolName": tool}
        self._update(start)
        text = json.dumps(arguments, ensure_ascii=False)
        for at in range(0, len(text), ARGUMENT_PIECE):
            if not await pace():
                return None
            piece = text[at : at + ARGUMENT_PIECE]
            block["partialJson"] += piece
            self._written += tokens_of(piece)
            self._update({"type": "toolcall_delta", "contentIndex": index, "delta": piece})
        block["arguments"] = arguments
        del block["partialJson"], block["index"]
        self._update({"type": "toolcall_end", "contentIndex": index, "toolCall": copy.deepcopy(block)})
        return call_id

    def end(self, stop: str) -> dict[str, Any]:
        """Emit `message_end` of a good answer and return the message; `stop` is `stop` or `toolUse`."""
        self.message["usage"] = usage_record(self._dialect, self._fresh, max(1, self._written), self._cached)
        self.message["stopReason"] = stop
        if self._is_delta:
            self.message["rawStopReason"] = "tool_use" if stop == "toolUse" else "end_turn"
        return self._ended()

    def end_aborted(self) -> dict[str, Any]:
        """Emit `message_end` of an answer that was cut; what was streamed stays in it."""
        for block in self.message["content"]:
            for scratch in ("index", "partialJson"):
                block.pop(scratch, None)
        self.message["stopReason"] = "aborted"
        self.message["errorMessage"] = "This operation was aborted"
        return self._ended()

    def fail(self, stop: str, error: str) -> dict[str, Any]:
        """Emit the pair of records of an answer that never began, with no usage, and return the message."""
        self.message["usage"] = usage_record(self._dialect, 0, 0)
        self.message["usage"].pop("cacheWrite1h", None)
        self.message["stopReason"] = stop
        self.message["errorMessage"] = error
        self._emit("message_start", message=self.message)
        return self._ended()

    def _ended(self) -> dict[str, Any]:
        self._emit("message_end", message=self.message)
        return self.message

    def _update(self, change: dict[str, Any]) -> None:
        if self._is_delta:
            self._emit("message_update", usage=self.message["usage"], assistantMessageEvent=change)
        else:
            news = {**change, "partial": self.message}
            self._emit("message_update", assistantMessageEvent=news, message=self.message)
