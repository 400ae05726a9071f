"""What pi 1.6 says besides, read with the standard library alone: durations, exit codes, levels, ends."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model import events as ev
from tests.agents import captures

NAMES = [name for name in captures.NAMES if ".v1.6.0." in name]


def objects(kind: str, name: str) -> list[dict[str, Any]]:
    """Return what a capture has of one kind of line."""
    return [line for line in captures.objects(name) if line.get("type") == kind]


@pytest.mark.parametrize("name", NAMES)
def test_tools_say_how_long_they_took_and_how_they_ended(name: str) -> None:
    expected = []
    for line in objects("tool_execution_end", name):
        structured = line["result"].get("structuredContent")
        code = structured.get("exit_code") if isinstance(structured, dict) else None
        # A tool that an extension blocked, or that never ran, took no time.
        took = line["durationMs"] / 1000 if "durationMs" in line else None
        expected.append((line["toolCallId"], took, code))
    ends = [event for event in captures.events(name) if isinstance(event, ev.ToolEnded)]
    assert [(end.call_id, end.duration, end.exit_code) for end in ends] == expected


@pytest.mark.parametrize("name", NAMES)
def test_answers_say_how_long_they_took_and_at_which_level(name: str) -> None:
    messages = [line["message"] for line in objects("message_end", name)]
    expected = [
        (one["durationMs"] / 1000 if "durationMs" in one else None, one.get("thinkingLevel", ""), one["stopReason"])
        for one in messages
        if one["role"] == "assistant"
    ]
    ends = [event for event in captures.events(name) if isinstance(event, ev.MessageEnded)]
    answers = [(end.duration, end.thinking, end.stop_reason) for end in ends if end.role == "assistant"]
    assert answers == expected
    assert all(end.duration is None and not end.thinking for end in ends if end.role == "user")


@pytest.mark.parametrize("name", NAMES)
def test_the_end_of_a_run_says_whether_it_was_aborted(name: str) -> None:
    ends = [event.aborted for event in captures.events(name) if isinstance(event, ev.RunSettled)]
    assert ends == [line["aborted"] for line in objects("agent_settled", name)]


def test_together_the_captures_have_all_of_it() -> None:
    decoded = [event for name in NAMES for event in captures.events(name)]
    assert {event.aborted for event in decoded if isinstance(event, ev.RunSettled)} == {True, False}
    assert {0, 3} <= {event.exit_code for event in decoded if isinstance(event, ev.ToolEnded)}
    assert any(event.duration for event in decoded if isinstance(event, ev.ToolEnded))
    assert any(event.thinking for event in decoded if isinstance(event, ev.MessageEnded))
