"""What pi understands: each command as the bytes of one line (badlogic/pi-mono, packages/coding-agent/docs/rpc.md).

Every function returns one JSON object and its LF. Text that cannot be UTF-8 (lone surrogates) is sent as U+FFFD, and
NUL and every other control character travels escaped, so nothing an operator pastes can break the framing.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from cockpit.model.attachments import Attachment

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


def encode_prompt(command_id: str, text: str, images: Sequence[Attachment] = (), *, busy: Busy | None = None) -> bytes:
    """Start a run. With `busy`, a run in progress queues the text; without, it refuses it.

    The choice is made inside pi, so a prompt with `busy` has no race against the end of a run.
    """
    return encode_command("prompt", command_id, message=text, images=_images(images), streamingBehavior=busy)


def encode_queued(command_id: str, text: str, images: Sequence[Attachment] = (), *, steer: bool) -> bytes:
    """Put a text into a queue and start no run: an idle pi lets it lie there until another prompt comes."""
    return encode_command("steer" if steer else "follow_up", command_id, message=text, images=_images(images))


def _images(images: Sequence[Attachment]) -> list[dict[str, str]] | None:
    """Return images as blocks of a message; None leaves the field out."""
    return [
        {"type": "image", "data": base64.b64encode(one.data).decode("ascii"), "mimeType": one.media_type}
        for one in images
    ] or None


def encode_clear_queue(command_id: str) -> bytes:
    """Empty both queues; the answer holds what was in them (pi 0.84.4 and later)."""
    return encode_command("clear_queue", command_id)


def encode_abort(command_id: str) -> bytes:
    """End the run. Answered after the run has ended; open dialogs must be cancelled first, or it hangs."""
    return encode_command("abort", command_id)


def encode_dialog_value(dialog_id: str, value: str) -> bytes:
    """Answer a `select`, `input` or `editor` dialog. No response is written for dialog answers."""
    return encode_command("extension_ui_response", dialog_id, value=value)


def encode_dialog_confirmed(dialog_id: str, confirmed: bool) -> bytes:
    """Answer a `confirm` dialog."""
    return encode_command("extension_ui_response", dialog_id, confirmed=confirmed)


def encode_dialog_cancelled(dialog_id: str) -> bytes:
    """Close any dialog without an answer."""
    return encode_command("extension_ui_response", dialog_id, cancelled=True)
