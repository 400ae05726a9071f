"""Requests to Claude Code: each carries in its id what it is, since an answer repeats nothing but the id.

An answer to a control request says neither what was asked nor what was set, so that the id is `KIND:ID` or
`KIND:ID:DETAIL`: the kind in the model's words, the id of the command or question, and what was set.
"""

from __future__ import annotations

import json
import re
from typing import Any

from cockpit.agents.fields import dict_of, integer_of, text_of
from cockpit.model.events import Responded

_SURROGATE = re.compile("[\ud800-\udfff]")

SUBTYPES = {
    "prompt": "mcp_status",
    "steer": "mcp_status",
    "follow_up": "mcp_status",
    "abort": "interrupt",
    "get_state": "get_settings",
    "get_session_stats": "get_context_usage",
    "get_available_models": "initialize",
    "get_commands": "initialize",
    "set_model": "set_model",
    "set_thinking_tokens": "set_max_thinking_tokens",
    "set_thinking_level": "apply_flag_settings",
    "set_permission_mode": "set_permission_mode",
}
"""What is asked of Claude Code for each kind. A text has no answer of its own: the smallest question right behind it
does, and it is read only after the text was taken."""

ANSWERED_ANYHOW = frozenset({"prompt", "steer", "follow_up", "get_state"})
"""Kinds for which an answer counts that says no more than that the question is not known: the line before it was read,
and the agent reads."""

PROVIDER = "anthropic"


def line_of(record: dict[str, Any]) -> bytes:
    """Return a record as one line; what UTF-8 cannot carry becomes U+FFFD."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return _SURROGATE.sub("\ufffd", text).encode() + b"\n"


def request(kind: str, command_id: str, detail: str = "", **fields: Any) -> bytes:
    """Return a control request as one line."""
    request_id = f"{kind}:{command_id}:{detail}" if detail else f"{kind}:{command_id}"
    return line_of(
        {"type": "control_request", "request_id": request_id, "request": {"subtype": SUBTYPES[kind], **fields}}
    )


def response_to(dialog_id: str, answer: dict[str, Any]) -> bytes:
    """Return the answer to a request of Claude Code's as one line."""
    response = {"subtype": "success", "request_id": dialog_id, "response": answer}
    return line_of({"type": "control_response", "response": response})


def responded(record: dict[str, Any]) -> Responded:
    """Return what an answer to a control request says; of somebody else's request, that it was answered."""
    response = dict_of(record.get("response"))
    kind, _, rest = text_of(response.get("request_id")).partition(":")
    if kind not in SUBTYPES or kind == "set_thinking_tokens":
        return Responded(text_of(response.get("request_id")), "", True)
    command_id, _, detail = rest.partition(":")
    success = response.get("subtype") == "success" or kind in ANSWERED_ANYHOW
    error = "" if success else text_of(response.get("error")) or "it gave no reason"
    return Responded(command_id, kind, success, error, _told(kind, dict_of(response.get("response")), detail))


def _told(kind: str, said: dict[str, Any], detail: str) -> dict[str, Any] | None:
    """Return of an answer what is asked for, and nothing else: settings may hold secrets, and all of it is long."""
    match kind:
        case "prompt" | "steer" | "follow_up":
            # Each text goes through a queue of its own program; the replay of the text says when it is read.
            return {"disposition": "queued"}
        case "get_state":
            model = text_of(dict_of(said.get("applied")).get("model"))
            return {"model": {"id": model, "provider": PROVIDER}} if model else {}
        case "get_session_stats":
            tokens, window = integer_of(said.get("totalTokens")), integer_of(said.get("maxTokens"))
            return {"contextUsage": {"tokens": tokens, "contextWindow": window}}
        case "get_available_models":
            return {"models": _named(said.get("models"), "value", "displayName")}
        case "get_commands":
            return {"commands": _named(said.get("commands"), "name", "description")}
        case "abort":
            # It is answered at once, and the run ends behind the answer.
            return {"ending": True}
        case "set_model":
            return {"id": detail, "provider": PROVIDER}
        case "set_thinking_level":
            return {"level": detail}
        case "set_permission_mode":
            return {"mode": detail}
        case _:
            return None


def _named(listed: Any, *fields: str) -> list[dict[str, str]]:
    entries = listed if isinstance(listed, list) else []
    return [{field: text_of(entry.get(field)) for field in fields} for entry in entries if isinstance(entry, dict)]
