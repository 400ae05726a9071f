"""A conversation as a document in Markdown, for people to keep."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from cockpit.model.inquiries import SaidMessage

_HEADS = {
    "user": "User",
    "assistant": "Agent",
    "summary": "Summary of what was said before",
    "shell": "Shell",
    "tool": "Tool",
}
_FENCE = re.compile("`{3,}")


def conversation_markdown(title: str, messages: Iterable[SaidMessage]) -> str:
    """Return messages under a title; what a tool or a shell said stands in a block that nothing in it can end."""
    parts = [f"# {' '.join(title.split())}"]
    for message in messages:
        if message.role in _HEADS:
            parts += _parts(message)
    return "\n\n".join(parts) + "\n"


def _parts(message: SaidMessage) -> Iterator[str]:
    head = _HEADS[message.role]
    if message.title and message.role == "tool":
        head += f" {' '.join(message.title.split())}"
    if message.failed:
        head += ", failed"
    when = f" ({datetime.fromtimestamp(message.at, UTC):%Y-%m-%d %H:%M:%S} UTC)" if message.at else ""
    yield f"## {head}{when}"
    if message.role == "shell":
        yield _block(f"$ {message.title}\n{message.text}", "console")
    elif message.role == "tool":
        yield _block(message.text)
    elif message.text.strip():
        yield message.text.strip("\n")
    for name, arguments in message.calls:
        yield f"Calls `{name}`:"
        yield _block(arguments, "json")


def _block(text: str, language: str = "") -> str:
    fence = "`" * (max([2, *(len(found) for found in _FENCE.findall(text))]) + 1)
    body = text.rstrip("\n")
    return f"{fence}{language}\n{body}\n{fence}"
