"""The end of a tool says the same with and without the diet, whatever a tool put into its result."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.agents.framing import LineSplitter
from cockpit.model.events import Event
from cockpit.model.tool_use import ToolEnded
from cockpit.remote.tail.filter import Piece
from tests.wire_filter.pipes import INTERPRETERS, filtered, lines_of, records_of

pytestmark = pytest.mark.parametrize("interpreter", INTERPRETERS)

PADDING = b'{"type":"agent_start"}\n' * 400
"""The first bytes of a file are never cut."""
SHOWN = [{"type": "text", "text": "x" * 3000}]
OUTPUT = "y" * 3000
LONG = "line\n" * 300_000
"""As JSON longer than the longest line that a filter holds."""


def shell(output: str, code: int | None) -> dict[str, Any]:
    return {"output": output, "truncated": False, "exit_code": code, "wall_time_seconds": 0.25}


def ended(tool: str, result: dict[str, Any], *, failed: bool = False, **more: Any) -> bytes:
    record = {"type": "tool_execution_end", "toolCallId": "c1", "toolName": tool, "result": result}
    return json.dumps(record | {"isError": failed} | more, separators=(",", ":")).encode()


def both(interpreter: str, *lines: bytes) -> tuple[list[Event], list[Event], list[Piece]]:
    """Return what lines mean as they are, what they mean filtered, and what travels."""
    data = PADDING + b"".join(line + b"\n" for line in lines)
    pieces = filtered(interpreter, data)
    plain = [record.event for record in records_of(LineSplitter().feed(data))]
    return plain, [record.event for record in records_of(lines_of(pieces))], pieces


MCP = {"content": SHOWN, "structuredContent": {"rows": OUTPUT}}
RESULTS: dict[str, bytes] = {
    "a server's answer within details": ended("mcp", {"content": SHOWN, "details": MCP}, durationMs=3),
    "and deeper": ended("mcp", {"content": SHOWN, "details": {"raw": MCP, "server": "s"}}),
    "bash's details": ended("bash", {"content": SHOWN, "details": MCP}),
    "within the content": ended("mcp", {"content": [{**MCP, "type": "text", "text": "t"}]}),
    "an exit code that comes first": ended("run", {**MCP, "structuredContent": {"exit_code": 7, "output": OUTPUT}}),
    "and in the middle": ended("run", {**MCP, "structuredContent": {"a": 0, "exit_code": 7, "output": OUTPUT}}),
    "another one within": ended("run", {**MCP, "structuredContent": {"exit_code": 7, "of": shell(OUTPUT, 5)}}),
    "only one within": ended("run", {**MCP, "structuredContent": {"a": OUTPUT, "of": {"b": 1, "exit_code": 5}}}),
    "a list": ended("run", {**MCP, "structuredContent": [OUTPUT, {"exit_code": 1}]}),
    "details behind it": ended("edit", {**MCP, "structuredContent": OUTPUT, "details": {"patch": "--- a"}}),
    "no exit code": ended("bash", {**MCP, "structuredContent": shell(OUTPUT, None)}),
    "the key within a text": ended("bash", {"content": [{"type": "text", "text": OUTPUT + ',"structuredContent":{'}]}),
    "long, of another form": ended("bash", {**MCP, "structuredContent": {"exit_code": 9, "output": LONG}}),
    "long, within details": ended("bash", {"content": SHOWN, "details": {**MCP, "structuredContent": {"o": LONG}}}),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_of_another_form_is_left_alone(interpreter: str, name: str) -> None:
    plain, kept, _ = both(interpreter, RESULTS[name], b'{"type":"agent_end","willRetry":false}')
    assert isinstance(plain[-2], ToolEnded)
    assert kept == plain


COPIES: dict[str, tuple[bytes, bool, int | None]] = {
    "bash": (ended("bash", {**MCP, "structuredContent": shell(OUTPUT, 3)}, durationMs=12), False, 3),
    "read": (ended("read", {**MCP, "structuredContent": OUTPUT}, durationMs=12), False, None),
    "more escapes than Perl repeats a group": (
        ended("bash", {**MCP, "structuredContent": shell("abcd\n" * 100_000, 0)}),
        False,
        0,
    ),
    "long": (ended("bash", {**MCP, "structuredContent": shell(LONG, 0)}), False, 0),
    "long, of a tool that a tool called": (
        ended("bash", {**MCP, "structuredContent": shell(LONG, 3)}, failed=True, durationMs=1.5, parentToolCallId="p"),
        True,
        3,
    ),
    "long, behind much content": (
        ended(
            "bash",
            {"content": [{"type": "text", "text": '"' * 50_000}], "structuredContent": shell(LONG, 3), "isError": True},
            failed=True,
        ),
        True,
        3,
    ),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_second_copy_stays_away_and_the_outcome_arrives(interpreter: str, name: str) -> None:
    line, failed, code = COPIES[name]
    plain, kept, pieces = both(interpreter, line)
    assert kept == plain
    end = kept[-1]
    assert isinstance(end, ToolEnded)
    assert (end.is_error, end.exit_code) == (failed, code)
    assert sum(len(piece.data) for piece in pieces) < len(PADDING) + 0.6 * len(line)


def test_what_may_lie_beyond_the_head_that_is_held_travels_whole(interpreter: str) -> None:
    content = [{"type": "text", "text": "\x1b" * 70_000}]
    line = ended("bash", {"content": content, "structuredContent": shell(LONG, 3)}, failed=True)
    plain, kept, _ = both(interpreter, line)
    assert kept == plain


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.sampled_from(["", OUTPUT, '"', "\\", "}", ',"isError":true}']),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["structuredContent", "exit_code", "output", "truncated", "details", "isError", "content"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["bash", "read", "mcp"]),
            st.dictionaries(
                st.sampled_from(["content", "structuredContent", "details", "isError"]), values, min_size=1
            ),
            st.dictionaries(st.sampled_from(["durationMs", "parentToolCallId", "structuredContent"]), values),
        ),
        min_size=40,
        max_size=80,
    )
)
def test_any_result_means_the_same(interpreter: str, ends: list[tuple[str, dict[str, Any], dict[str, Any]]]) -> None:
    plain, kept, _ = both(interpreter, *(ended(tool, result, **more) for tool, result, more in ends))
    assert kept == plain
