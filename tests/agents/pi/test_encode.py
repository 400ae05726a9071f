"""Commands are single lines of JSON with the fields pi reads, whatever the text holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.agents.pi import encode as pi
from cockpit.model.attachments import Attachment


def record(line: bytes) -> Any:
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return json.loads(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (pi.encode_prompt("c1", "go"), {"id": "c1", "type": "prompt", "message": "go"}),
        (
            pi.encode_prompt("c1", "go", busy="followUp"),
            {"id": "c1", "type": "prompt", "message": "go", "streamingBehavior": "followUp"},
        ),
        (
            pi.encode_prompt("c1", "look", (Attachment("a.png", "image/png", b"\x89PNG"),), busy="steer"),
            {
                "id": "c1",
                "type": "prompt",
                "message": "look",
                "images": [{"type": "image", "data": "iVBORw==", "mimeType": "image/png"}],
                "streamingBehavior": "steer",
            },
        ),
        (pi.encode_queued("c1", "go", steer=True), {"id": "c1", "type": "steer", "message": "go"}),
        (pi.encode_queued("c1", "go", steer=False), {"id": "c1", "type": "follow_up", "message": "go"}),
        (pi.encode_clear_queue("c1"), {"id": "c1", "type": "clear_queue"}),
        (pi.encode_abort("c1"), {"id": "c1", "type": "abort"}),
        (pi.encode_dialog_value("d1", "red"), {"id": "d1", "type": "extension_ui_response", "value": "red"}),
        (
            pi.encode_dialog_confirmed("d1", False),
            {"id": "d1", "type": "extension_ui_response", "confirmed": False},
        ),
        (pi.encode_dialog_cancelled("d1"), {"id": "d1", "type": "extension_ui_response", "cancelled": True}),
    ],
)
def test_fields(line: bytes, expected: dict[str, Any]) -> None:
    assert record(line) == expected


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_travels_in_one_line(text: str) -> None:
    sent = record(pi.encode_prompt("c1", text))["message"]
    assert sent == "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
