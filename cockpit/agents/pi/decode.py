"""What pi says: one line of its RPC output becomes one event, whatever the line holds.

Facts of the protocol: badlogic/pi-mono, packages/coding-agent/docs/rpc.md and src/modes/rpc/; versions 0.58 to 1.6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cockpit.agents.adapter import WireRules
from cockpit.agents.fields import (
    dict_of,
    flag_of,
    head_text,
    integer_of,
    json_text,
    number_of,
    parse_object,
    text_of,
    texts_of,
)
from cockpit.agents.line_events import broken, nested_too_deeply
from cockpit.agents.pi import messages
from cockpit.agents.pi.context import context_told, tree_told
from cockpit.agents.pi.oversized import event_of_head
from cockpit.agents.pi.updates import PREFIX as UPDATE_PREFIX
from cockpit.agents.pi.updates import decode_update, decode_update_object
from cockpit.agents.pi.usage import usage_of
from cockpit.agents.pi.wire_filter import ACCUMULATED, WIRE_RULES
from cockpit.agents.scaffold.run_lines import event_of_run
from cockpit.model.events import (
    CompactionEnded,
    CompactionStarted,
    Event,
    QueueChanged,
    Responded,
    RetryEnded,
    RetryStarted,
    RunEnded,
    RunSettled,
    RunStarted,
    SettingChanged,
    ShellOutput,
    TurnEnded,
    TurnStarted,
    UnknownEvent,
)
from cockpit.model.extensions import DialogRequested, ExtensionFailed, ExtensionNotice

DIALOG_METHODS = frozenset({"select", "confirm", "input", "editor"})
"""Extension requests that wait for an answer."""


class PiDecoder:
    """Decodes one stream. It keeps nothing but the dialect, so lines may be decoded again in any order."""

    def __init__(self, *, tells_file: bool = True) -> None:
        """Prepare.

        Args:
            tells_file: the agent's state names the file that holds its conversation, unless there is none.
        """
        self._tells_file = tells_file
        self._dialect = ""
        self.repeats_output = False
        """A tool's output was seen twice in one line (pi 1.6 and later)."""

    @property
    def dialect(self) -> str:
        """`accumulated` (pi before 0.84) or `delta`, by the newest update seen; empty until one was."""
        return self._dialect

    @property
    def wire_rules(self) -> WireRules | None:
        """The rules for output that repeats messages or tool output; the rest is linear, and compression is enough."""
        return WIRE_RULES if self._dialect == ACCUMULATED or self.repeats_output else None

    def decode(self, line: bytes, truncated: bool = False, length: int = 0) -> Event:
        """Return the event a line means. Never raises: what cannot be read is a `BrokenLine`.

        Args:
            line: the line without its LF, or its head.
            truncated: only the head of an oversized line is given.
            length: bytes of the whole line, if truncated.
        """
        try:
            if line.startswith(UPDATE_PREFIX):
                decoded = decode_update(line)
                if decoded is not None:
                    if decoded[1]:
                        self._dialect = decoded[1]
                    return decoded[0]
            return event_of_head(line, length) if truncated else self._general(line)
        except RecursionError:
            return nested_too_deeply(line, max(length, len(line)))

    def _noted(self, decoded: tuple[Event, str] | None) -> Event | None:
        if decoded is None:
            return None
        event, dialect = decoded
        if dialect:
            self._dialect = dialect
        return event

    def _general(self, line: bytes) -> Event:
        record = parse_object(line)
        if record is None:
            return broken(line)
        kind = text_of(record.get("type"))
        if kind == "message_update":
            event = self._noted(decode_update_object(record))
        else:
            if kind == "tool_execution_end":
                self.repeats_output |= b',"structuredContent":' in line
            decode = _DECODERS.get(kind)
            event = decode(record) if decode is not None else None
            if self._tells_file and isinstance(event, Responded) and event.success and event.command == "get_state":
                event = _with_file(event)
        return event if event is not None else UnknownEvent(kind, head_text(line))


def _optional_flag(record: dict[str, Any], key: str) -> bool | None:
    return flag_of(record[key]) if record.get(key) is not None else None


def _run_started(record: dict[str, Any]) -> Event:
    return RunStarted()


def _run_ended(record: dict[str, Any]) -> Event:
    return RunEnded(_optional_flag(record, "willRetry"))


def _run_settled(record: dict[str, Any]) -> Event:
    return RunSettled(_optional_flag(record, "aborted"))


def _turn_started(record: dict[str, Any]) -> Event:
    return TurnStarted()


def _turn_ended(record: dict[str, Any]) -> Event:
    return TurnEnded()


def _queue_changed(record: dict[str, Any]) -> Event:
    return QueueChanged(texts_of(record.get("steering")), texts_of(record.get("followUp")))


def _compaction_started(record: dict[str, Any]) -> Event:
    return CompactionStarted(text_of(record.get("reason")))


def _compaction_ended(record: dict[str, Any]) -> Event:
    result = dict_of(record.get("result"))
    return CompactionEnded(
        reason=text_of(record.get("reason")),
        aborted=flag_of(record.get("aborted")),
        will_retry=flag_of(record.get("willRetry")),
        error=text_of(record.get("errorMessage")),
        summary=text_of(result.get("summary")),
        tokens_before=integer_of(result.get("tokensBefore")),
        usage=usage_of(result.get("usage")),
    )


def _retry_started(record: dict[str, Any]) -> Event:
    return RetryStarted(
        attempt=integer_of(record.get("attempt")),
        max_attempts=integer_of(record.get("maxAttempts")),
        delay=max(0.0, number_of(record.get("delayMs")) / 1000),
        error=text_of(record.get("errorMessage")),
    )


def _retry_ended(record: dict[str, Any]) -> Event:
    return RetryEnded(
        success=flag_of(record.get("success")),
        attempt=integer_of(record.get("attempt")),
        error=text_of(record.get("finalError")),
    )


def _extension_request(record: dict[str, Any]) -> Event:
    method = text_of(record.get("method"))
    if method not in DIALOG_METHODS:
        return _extension_notice(record, method)
    timeout = number_of(record.get("timeout"))
    return DialogRequested(
        dialog_id=text_of(record.get("id")),
        method=method,
        title=text_of(record.get("title")),
        message=text_of(record.get("message")),
        options=texts_of(record.get("options")),
        placeholder=text_of(record.get("placeholder")),
        prefill=text_of(record.get("prefill")),
        timeout=timeout / 1000 if timeout > 0 else None,
    )


def _extension_notice(record: dict[str, Any], method: str) -> Event:
    if method == "notify":
        return ExtensionNotice(method, text_of(record.get("message")), text_of(record.get("notifyType")) or "info")
    if method == "setStatus":
        return ExtensionNotice(method, text_of(record.get("statusText")), key=text_of(record.get("statusKey")))
    if method == "setWidget":
        lines = "\n".join(texts_of(record.get("widgetLines")))
        return ExtensionNotice(method, lines, key=text_of(record.get("widgetKey")))
    if method == "setTitle":
        return ExtensionNotice(method, text_of(record.get("title")))
    return ExtensionNotice(method, text_of(record.get("text")))


def _extension_failed(record: dict[str, Any]) -> Event:
    return ExtensionFailed(
        text_of(record.get("extensionPath")), text_of(record.get("event")), text_of(record.get("error"))
    )


_TOLD: dict[str, Callable[[Any], Any]] = {"get_messages": context_told, "get_entries": tree_told}
"""Answers that repeat a whole conversation: what a person reads of them is kept."""


def _responded(record: dict[str, Any]) -> Event:
    command_id, command, data = record.get("id"), text_of(record.get("command")), record.get("data")
    if command in _TOLD and data is not None:
        data = _TOLD[command](data)
    return Responded(
        # The id is echoed as the JSON value that was sent; a supervisor sends strings, another writer may not.
        command_id=text_of(command_id) if not isinstance(command_id, dict | list) else json_text(command_id),
        command=command,
        success=flag_of(record.get("success")),
        error=text_of(record.get("error")),
        data=data,
    )


def _with_file(event: Responded) -> Responded:
    """Return a state with whether the conversation is kept: pi with `--no-session` names no `sessionFile`."""
    if not isinstance(event.data, dict):
        return event
    return replace(event, conversation_kept=bool(event.data.get("sessionFile")))


def _thinking_level(record: dict[str, Any]) -> Event:
    return SettingChanged("thinking_level", text_of(record.get("level")))


def _session_info(record: dict[str, Any]) -> Event:
    return SettingChanged("session_name", text_of(record.get("name")))


def _shell_output(record: dict[str, Any]) -> Event:
    return ShellOutput(text_of(record.get("id")), text_of(record.get("delta")))


_DECODERS: dict[str, Callable[[dict[str, Any]], Event | None]] = {
    "agent_start": _run_started,
    "agent_end": _run_ended,
    "agent_settled": _run_settled,
    "turn_start": _turn_started,
    "turn_end": _turn_ended,
    "message_start": messages.message_started,
    "message_end": messages.message_ended,
    "tool_execution_start": messages.tool_started,
    "tool_execution_update": messages.tool_output,
    "tool_execution_end": messages.tool_ended,
    "queue_update": _queue_changed,
    "compaction_start": _compaction_started,
    "auto_compaction_start": _compaction_started,
    "compaction_end": _compaction_ended,
    "auto_compaction_end": _compaction_ended,
    "auto_retry_start": _retry_started,
    "auto_retry_end": _retry_ended,
    "extension_ui_request": _extension_request,
    "extension_error": _extension_failed,
    "response": _responded,
    "thinking_level_changed": _thinking_level,
    "session_info_changed": _session_info,
    "bash_execution_update": _shell_output,
    "cockpit_run": event_of_run,
    "cockpit_exit": event_of_run,
}
