"""What a request says: the newest text of the user, and how many answers it has had already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SUMMARY_MARK = "summariz"
"""Part of the system prompt of a request for a compaction summary."""

AT_WORK = ("coding assistant", "claude code")
"""Parts of the system prompts of agents at work, which may speak of summaries, too."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A request of either dialect, reduced to what a scenario depends on."""

    model: str
    task: str
    """The newest text of the user; results of tools are none."""
    turn: int
    """Assistant messages after it."""
    last_result: str
    """The text of the newest result of a tool after the task, else empty."""
    wants_summary: bool
    tokens: int
    """A fair guess: four bytes each."""


def read_anthropic(body: dict[str, Any]) -> Conversation:
    """Read a `/v1/messages` request."""
    system = body.get("system", "")
    head = system if isinstance(system, str) else " ".join(str(part.get("text", "")) for part in system)
    return _reduce(str(body.get("model", "")), head, body["messages"])


def read_openai(body: dict[str, Any]) -> Conversation:
    """Read a `/v1/chat/completions` request."""
    messages = body["messages"]
    head = " ".join(_text(message) for message in messages if message["role"] in ("system", "developer"))
    return _reduce(str(body.get("model", "")), head, messages)


STEERED = "The user sent a new message while you were working:\n"
"""What Claude Code puts before a text that it read behind a tool, in the result or as a message of the system."""


def _reduce(model: str, system: str, messages: list[dict[str, Any]]) -> Conversation:
    task, turn, last_result = "", 0, ""
    for message in messages:
        if said := _said(message):
            task, turn, last_result = said, 0, ""
        elif message["role"] == "assistant":
            turn += 1
        last_result = _result(message) or last_result
    at_work = any(words in system.lower() for words in AT_WORK)
    wants_summary = not at_work and SUMMARY_MARK in system.lower()
    return Conversation(model, task, turn, last_result, wants_summary, len(repr(messages) + system) // 4)


def _said(message: dict[str, Any]) -> str:
    """Return what the user says in a message, alone or behind a tool; empty where the user says nothing."""
    told = _result(message) if message["role"] == "user" else _text(message) if message["role"] == "system" else ""
    steered = told.rpartition(STEERED)
    if steered[1]:
        return steered[2]
    return _newest(message) if message["role"] == "user" else ""


def _newest(message: dict[str, Any]) -> str:
    """Return the newest of several texts that one message is made of, as far as it names a scenario; else all of it."""
    content = message.get("content")
    parts = [_text({"content": [part]}) for part in content] if isinstance(content, list) else []
    return next((part for part in reversed(parts) if "mock:" in part), _text(message))


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in content if part.get("type") == "text")


def _result(message: dict[str, Any]) -> str:
    if message["role"] == "tool":
        return _text(message)
    content = message.get("content")
    if message["role"] != "user" or not isinstance(content, list):
        return ""
    results = [part for part in content if part.get("type") == "tool_result"]
    return _text(results[-1]) if results else ""
