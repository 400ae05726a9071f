"""What an agent tells, as entries of a transcript: what was said in a conversation it went to, and what ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cockpit.model.ages import span_text
from cockpit.model.inquiries import SaidMessage, said_message
from cockpit.model.reduce.tools import call_title, one_line
from cockpit.model.tool_use import TaskEnded
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.message import parsed_arguments

TOLD_LIMIT = 200
"""Messages of it that are shown, the newest."""

_KINDS = {
    "user": EntryKind.USER,
    "tool": EntryKind.TOOL,
    "shell": EntryKind.COMMAND,
    "summary": EntryKind.NOTICE,
    "custom": EntryKind.NOTICE,
}


class ToldEntry(NamedTuple):
    """What one entry is made of."""

    kind: EntryKind
    title: str
    text: str
    failed: bool = False


def told_entries(data: Any) -> list[ToldEntry]:
    """Return the entries for an answer that tells the messages of a conversation; none if it tells nothing."""
    listed = data.get("messages") if isinstance(data, dict) else None
    messages = [said_message(told) for told in listed] if isinstance(listed, list) else []
    left = len(messages) - TOLD_LIMIT
    entries = list(_entries(messages[max(0, left) :]))
    if left > 0:
        entries.insert(0, ToldEntry(EntryKind.NOTICE, f"{left} earlier messages of it are not shown here", ""))
    return entries


def _entries(messages: Iterable[SaidMessage]) -> Iterator[ToldEntry]:
    called: list[str] = []
    for message in messages:
        if message.role == "assistant":
            called = [call_title(name, parsed_arguments(arguments)) for name, arguments in message.calls]
            if message.text:
                yield ToldEntry(EntryKind.ANSWER, "", message.text, message.failed)
        elif (kind := _KINDS.get(message.role)) is not None:
            title = one_line(message.title, 200)
            if kind is EntryKind.TOOL:
                title = called.pop(0) if called else title
            elif kind is EntryKind.COMMAND:
                title = f"$ {title}"
            elif message.role == "summary":
                title = "a summary of what was said before"
            yield ToldEntry(kind, title, message.text, message.failed)


def words_of_end(event: TaskEnded) -> tuple[str, str]:
    """Return title and text for the end of work beside a run: of a sub-agent with what it has used."""
    status = one_line(event.status, 40)
    if not event.sub_agent:
        return f"in the background: {status}", event.what or "a task in the background"
    calls = "1 tool call" if event.calls == 1 else f"{event.calls} tool calls"
    took = [span_text(event.duration)] if event.duration is not None else []
    return f"sub-agent {status}", " · ".join((event.what or "a task", calls, f"{event.tokens} tokens", *took))
