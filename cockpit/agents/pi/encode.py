"""What pi understands: each command as the bytes of one line (badlogic/pi-mono, packages/coding-agent/docs/rpc.md).

Every function returns one JSON object and its LF. Text that cannot be UTF-8 (lone surrogates) is sent as U+FFFD, and
NUL and every other control character travels escaped, so nothing an operator pastes can break the framing.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

_SURROGATE = re.compile("[\ud800-\udfff]")

Busy = Literal["steer", "followUp"]
"""What to do with a prompt that meets a run: into its next model call, or after its end."""


def encode_command(kind: str, command_id: str = "", **fields: Any) -> bytes:
    """Return any command as one line; fields that are None are left out."""
    record: dict[str, Any] = {"id": command_id} if command_id else {}
    record["type"] = kind
    record |= {name: value for name, value in fields.items() if value is not None}
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    # JSON strings from Python strings hold a surrogate only where the text itself had a lone one.
    return _SURROGATE.sub("\ufffd", text).encode() + b"\n"


def encode_prompt(command_id: str, text: str, *, busy: Busy | None = None) -> bytes:
    """Start a run. With `busy`, a run in progress queues the text; without, it refuses it.

    The choice is made inside pi, so a prompt with `busy` has no race against the end of a run.
    """
    return encode_command("prompt", command_id, message=text, streamingBehavior=busy)


def encode_steer(command_id: str, text: str) -> bytes:
    """Queue a text for the next model call. An idle agent accepts it and lets it lie: prefer `encode_prompt`."""
    return encode_command("steer", command_id, message=text)


def encode_follow_up(command_id: str, text: str) -> bytes:
    """Queue a text for the end of the run. An idle agent accepts it and lets it lie: prefer `encode_prompt`."""
    return encode_command("follow_up", command_id, message=text)


def encode_abort(command_id: str) -> bytes:
    """End the run. Answered after the run has ended; open dialogs must be cancelled first, or it hangs."""
    return encode_command("abort", command_id)


def encode_abort_retry(command_id: str) -> bytes:
    """End the wait between two tries."""
    return encode_command("abort_retry", command_id)


def encode_get_state(command_id: str) -> bytes:
    """Ask for model, queues and what the agent is at: the probe and heartbeat."""
    return encode_command("get_state", command_id)


def encode_get_session_stats(command_id: str) -> bytes:
    """Ask for tokens, cost and how full the context is."""
    return encode_command("get_session_stats", command_id)


def encode_compact(command_id: str, instructions: str | None = None) -> bytes:
    """Summarize the context. Ends a run in progress."""
    return encode_command("compact", command_id, customInstructions=instructions)


def encode_set_model(command_id: str, provider: str, model: str) -> bytes:
    """Choose the model; it becomes the default in the agent's settings, too."""
    return encode_command("set_model", command_id, provider=provider, modelId=model)


def encode_set_thinking_level(command_id: str, level: str) -> bytes:
    """Choose how much the model thinks: `off`, `minimal`, `low`, `medium`, `high`."""
    return encode_command("set_thinking_level", command_id, level=level)


def encode_set_session_name(command_id: str, name: str) -> bytes:
    """Name the session; a blank name is an error."""
    return encode_command("set_session_name", command_id, name=name)


def encode_bash(command_id: str, command: str) -> bytes:
    """Run the operator's own shell command beside the agent's work."""
    return encode_command("bash", command_id, command=command)


def encode_dialog_value(dialog_id: str, value: str) -> bytes:
    """Answer a `select`, `input` or `editor` dialog. No response is written for dialog answers."""
    return encode_command("extension_ui_response", dialog_id, value=value)


def encode_dialog_confirmed(dialog_id: str, confirmed: bool) -> bytes:
    """Answer a `confirm` dialog."""
    return encode_command("extension_ui_response", dialog_id, confirmed=confirmed)


def encode_dialog_cancelled(dialog_id: str) -> bytes:
    """Close any dialog without an answer."""
    return encode_command("extension_ui_response", dialog_id, cancelled=True)


def encode_resynchronization() -> bytes:
    """Return the bare LF that ends whatever half line an earlier writer left in the pipe.

    Without it the next command would be glued to that half line and lost; it costs one harmless parse error.
    """
    return b"\n"
