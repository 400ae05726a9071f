"""What Claude Code says: one line of its stream-json output becomes one event, whatever the line holds.

Facts of the protocol were read off versions 2.1.112 and 2.1.197. A block of an answer comes as one whole `assistant`
line, with `--include-partial-messages` after its deltas; the `result` line alone says that a run is done, and what it
used; one that was interrupted is over with the message that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cockpit.agents.adapter import WireRules
from cockpit.agents.claude.messages import (
    said_by_assistant,
    said_by_sub_agent,
    said_by_user,
    streamed,
)
from cockpit.agents.claude.permissions import asked
from cockpit.agents.claude.requests import responded
from cockpit.agents.claude.usage import used_so_far
from cockpit.agents.fields import dict_of, flag_of, head_text, integer_of, number_of, text_of
from cockpit.agents.line_events import event_of_line
from cockpit.agents.scaffold.run_lines import event_of_run
from cockpit.model.events import (
    CompactionEnded,
    CompactionStarted,
    Event,
    RetryStarted,
    RunSettled,
    RunStarted,
    SettingChanged,
    TurnStarted,
    UnknownEvent,
)
from cockpit.model.extensions import ExtensionNotice
from cockpit.model.tool_use import TaskEnded, TaskStarted, ToolOutput

CUT = "Connection closed mid-response: what it said last is not whole, though it calls that a success"
"""What is said of a run whose last answer has no end."""

SUB_AGENT = "local_agent"
"""The type of a task that is a sub-agent; others are commands."""

RESUMED = "cockpit_session"
"""The line that our own launch writes before it goes on with a session."""

THINKS = "cockpit_thinking"
"""The line in which our own launch says how much it was started to think."""


class ClaudeDecoder:
    """Decodes one stream, and keeps nothing."""

    @property
    def dialect(self) -> str:
        """Empty: there is one."""
        return ""

    @property
    def wire_rules(self) -> WireRules | None:
        """None: the output is linear, and compression is enough."""
        return None

    def decode(self, line: bytes, truncated: bool = False, length: int = 0) -> Event:
        """Return the event a line means. Never raises: what cannot be read is a `BrokenLine`.

        Args:
            line: the line without its LF, or its head.
            truncated: only the head of an oversized line is given.
            length: bytes of the whole line, if truncated.
        """

        def event_of(record: dict[str, Any]) -> Event:
            kind = text_of(record.get("type"))
            decode = _DECODERS.get(kind)
            event = decode(record) if decode is not None else None
            return event if event is not None else UnknownEvent(_name(record, kind), head_text(line))

        return event_of_line(line, truncated, length, event_of)


def _name(record: dict[str, Any], kind: str) -> str:
    """Return what a line of no interest, or one that is not known, is called."""
    if kind == "stream_event":
        event = dict_of(record.get("event"))
        return text_of(dict_of(event.get("delta")).get("type")) or text_of(event.get("type")) or kind
    return text_of(record.get("subtype")) or kind


def _stream(record: dict[str, Any]) -> Event | None:
    if record.get("parent_tool_use_id"):
        return None
    return streamed(dict_of(record.get("event")))


def _assistant(record: dict[str, Any]) -> Event | None:
    parent = text_of(record.get("parent_tool_use_id"))
    return said_by_sub_agent(record, parent) if parent else said_by_assistant(record)


def _user(record: dict[str, Any]) -> Event | None:
    parent = text_of(record.get("parent_tool_use_id"))
    # What a sub-agent is told and given says no more of it than that it goes on.
    return ToolOutput(parent, "", beside=True) if parent else said_by_user(record)


def _system(record: dict[str, Any]) -> Event | None:
    decode = _SYSTEM.get(text_of(record.get("subtype")))
    return decode(record) if decode is not None else None


def _init(record: dict[str, Any]) -> Event:
    return RunStarted(text_of(record.get("session_id")), text_of(record.get("permissionMode")))


def _status(record: dict[str, Any]) -> Event | None:
    match record.get("status"):
        case "requesting":
            return TurnStarted()
        case "compacting":
            return CompactionStarted()
        case None if record.get("compact_result"):
            result = text_of(record.get("compact_result"))
            return CompactionEnded(error="" if result == "success" else text_of(record.get("compact_error")) or result)
        case None if record.get("permissionMode"):
            return SettingChanged("permission_mode", text_of(record.get("permissionMode")))
        case _:
            return None


def _retry(record: dict[str, Any]) -> Event:
    """Return that it waits to ask again; 2.1.112 calls an overload of the provider a limit of rate."""
    status, word = text_of(record.get("error_status")), text_of(record.get("error"))
    word = "overloaded" if status == "529" else word
    return RetryStarted(
        attempt=integer_of(record.get("attempt")),
        max_attempts=integer_of(record.get("max_retries")),
        delay=max(0.0, number_of(record.get("retry_delay_ms")) / 1000),
        error=" ".join(part for part in (status, word) if part),
    )


def _compacted(record: dict[str, Any]) -> Event:
    told = dict_of(record.get("compact_metadata"))
    return ExtensionNotice(
        "notify",
        f"context compacted ({text_of(told.get('trigger'))}): "
        f"{integer_of(told.get('pre_tokens'))} tokens before, {integer_of(told.get('post_tokens'))} after",
    )


def _task_started(record: dict[str, Any]) -> Event:
    """Return that a command or a sub-agent works on its own: in the midst of a run, or behind its end."""
    what, is_agent = text_of(record.get("description")), record.get("task_type") == SUB_AGENT
    sub_agent = (text_of(record.get("subagent_type")) or "sub-agent") if is_agent else ""
    return TaskStarted(text_of(record.get("task_id")), what, text_of(record.get("tool_use_id")), sub_agent)


def _task_progress(record: dict[str, Any]) -> Event:
    """Return what a sub-agent is at as the output of the call that made it."""
    call, doing, used = text_of(record.get("tool_use_id")), text_of(record.get("description")), _used(record)
    return ToolOutput(call, doing, beside=True, tokens=used[0], calls=used[1])


def _task_ended(record: dict[str, Any]) -> Event:
    status, what = text_of(record.get("status")), text_of(record.get("summary"))
    ended = TaskEnded(text_of(record.get("task_id")), status or "ended", what)
    if not isinstance(record.get("usage"), dict):
        return ended
    tokens, calls, duration = _used(record)
    return replace(ended, sub_agent=True, tokens=tokens, calls=calls, duration=duration)


def _used(record: dict[str, Any]) -> tuple[int, int, float]:
    """Return what a sub-agent has used so far: tokens, tool calls, seconds."""
    used = dict_of(record.get("usage"))
    tokens, calls = integer_of(used.get("total_tokens")), integer_of(used.get("tool_uses"))
    return max(0, tokens), max(0, calls), max(0.0, number_of(used.get("duration_ms")) / 1000)


def _result(record: dict[str, Any]) -> Event:
    """Return the end of a run: aborted, failed (also where it is called a success), or whole."""
    aborted = text_of(record.get("terminal_reason")).startswith("aborted")
    failed = flag_of(record.get("is_error")) and not aborted
    said = text_of(record.get("result"))
    errors = record.get("errors")
    reasons = [text_of(one) for one in errors if text_of(one)] if isinstance(errors, list) else []
    if not (failed or aborted) and _is_cut(record):
        failed, said, reasons = True, "", [CUT]
    error = said or "; ".join(reasons) or text_of(record.get("subtype")) or "it gave no reason"
    so_far, window = used_so_far(record)
    return RunSettled(
        aborted=aborted,
        error=error if failed else "",
        answer=None if failed or aborted else said,
        so_far=so_far,
        id=text_of(record.get("uuid")),
        context_window=window,
    )


def _is_cut(record: dict[str, Any]) -> bool:
    """Say whether the model's last answer has no end: 2.1.112 calls a connection that broke in the midst a success.

    One of its own commands asks no model, and has no end of an answer either.
    """
    has_turns, is_open = integer_of(record.get("num_turns")) > 0, record.get("stop_reason", "") is None
    return is_open and has_turns and record.get("subtype") == "success"


def _resumed(record: dict[str, Any]) -> Event:
    session = text_of(record.get("id"))
    if session:
        return ExtensionNotice("notify", f"goes on with the session {session}")
    words = "no conversation is saved for this workspace: it begins anew, and knows nothing of what was said before"
    return ExtensionNotice("notify", words, "warning")


def _control(record: dict[str, Any]) -> Event | None:
    return asked(record)


_SYSTEM: dict[str, Callable[[dict[str, Any]], Event | None]] = {
    "init": _init,
    "status": _status,
    "api_retry": _retry,
    "compact_boundary": _compacted,
    "task_started": _task_started,
    "task_progress": _task_progress,
    "task_notification": _task_ended,
}

_DECODERS: dict[str, Callable[[dict[str, Any]], Event | None]] = {
    "system": _system,
    "stream_event": _stream,
    "assistant": _assistant,
    "user": _user,
    "control_request": _control,
    "control_response": responded,
    "result": _result,
    RESUMED: _resumed,
    THINKS: lambda record: SettingChanged("thinking_level", text_of(record.get("level"))),
    "cockpit_run": event_of_run,
    "cockpit_exit": event_of_run,
}
