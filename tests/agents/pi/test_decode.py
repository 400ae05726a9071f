"""Every line of real pi decodes to the one event it means; what pi never wrote decodes, too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cockpit.agents.framing import LineSplitter
from cockpit.agents.pi.decode import PiDecoder
from cockpit.model import events as ev
from tests.agents import captures

NO_MEANING = {"entry_appended", "session"}
"""Types that are kept raw on purpose."""

STRAY_PRINTS = 2
"""Up to pi 0.60 an extension's print lands in the output."""


@pytest.mark.parametrize("name", captures.NAMES)
def test_every_line_of_a_capture_has_a_meaning(name: str) -> None:
    decoded = captures.events(name)
    assert {event.type for event in decoded if isinstance(event, ev.UnknownEvent)} <= NO_MEANING
    broken = [event for event in decoded if isinstance(event, ev.BrokenLine)]
    assert len(broken) == (STRAY_PRINTS if name == "extension_ui.v0.58.3.jsonl" else 0)
    for event in decoded:
        repr(event).encode()


@pytest.mark.parametrize("name", captures.NAMES)
def test_the_dialect_is_told_from_the_updates(name: str) -> None:
    decoder = PiDecoder()
    shown = {"delta"} if ".v0.87" in name or ".v1.6" in name else {"accumulated"}
    for line in captures.lines(name):
        decoder.decode(line)
        if line.startswith(b'{"type":"message_update"'):
            assert decoder.dialect in shown
    if b'"message_update"' not in captures.read(name):
        assert decoder.dialect == ""


@pytest.mark.parametrize("name", captures.NAMES)
def test_the_deltas_build_the_text_that_the_end_confirms(name: str) -> None:
    built: dict[tuple[str, int], str] = {}
    for event in captures.events(name):
        match event:
            case ev.MessageStarted(role="assistant"):
                built = {}
            case ev.TextDelta(index, text):
                built["text", index] = built.get(("text", index), "") + text
            case ev.ThinkingDelta(index, text):
                built["thinking", index] = built.get(("thinking", index), "") + text
            case ev.BlockEnded(index, ("text" | "thinking") as kind, str(text)):
                assert built.get((kind, index), "") == text
            case ev.MessageEnded(role="assistant"):
                ended = {
                    (block.kind, index): block.text
                    for index, block in enumerate(event.blocks)
                    if block.kind in ("text", "thinking") and block.text
                }
                # An aborted or dropped answer may hold a last piece that was never streamed.
                if event.stop_reason in ("aborted", "error"):
                    for key, text in built.items():
                        assert ended.get(key, "").startswith(text)
                else:
                    assert built == ended


@pytest.mark.parametrize("name", captures.NAMES)
def test_tool_arguments_stream_and_end_alike(name: str) -> None:
    built: dict[int, str] = {}
    for event in captures.events(name):
        match event:
            case ev.MessageStarted(role="assistant"):
                built = {}
            case ev.BlockStarted(_, "toolCall", tool_name, call_id):
                assert tool_name
                assert call_id
            case ev.ToolCallDelta(index, text):
                built[index] = built.get(index, "") + text
            case ev.BlockEnded(index, "toolCall", str(text), tool_name, call_id) if index in built:
                assert tool_name
                assert call_id
                assert json.loads(built[index]) == json.loads(text) or "\ufffd" in text


@pytest.mark.parametrize("name", captures.NAMES)
def test_tokens_and_cost_are_those_of_the_file(name: str) -> None:
    expected: dict[str, float] = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "cost"), 0)
    for record in captures.objects(name):
        if record["type"] == "message_end" and record["message"]["role"] == "assistant":
            usage: dict[str, Any] = record["message"]["usage"]
            for key in ("input", "output", "cacheRead", "cacheWrite"):
                expected[key] += usage[key]
            expected["cost"] += usage["cost"]["total"]
    total = ev.Usage()
    for event in captures.events(name):
        if isinstance(event, ev.MessageEnded) and event.usage is not None:
            assert event.role == "assistant"
            total += event.usage
    assert [total.input, total.output, total.cache_read, total.cache_write] == list(expected.values())[:4]
    assert total.cost == pytest.approx(expected["cost"])


@pytest.mark.parametrize("name", captures.NAMES)
def test_each_record_becomes_the_event_of_its_type(name: str) -> None:
    counted = [event for event in captures.events(name) if not isinstance(event, ev.BrokenLine)]
    records = list(captures.objects(name))
    assert len(counted) == len(records)
    for record, event in zip(records, counted, strict=True):
        expected = EVENT_OF_TYPE.get(record["type"])
        if expected is not None:
            assert type(event) in expected, record["type"]


EVENT_OF_TYPE: dict[str, tuple[type, ...]] = {
    "agent_start": (ev.RunStarted,),
    "agent_end": (ev.RunEnded,),
    "agent_settled": (ev.RunSettled,),
    "turn_start": (ev.TurnStarted,),
    "turn_end": (ev.TurnEnded,),
    "message_start": (ev.MessageStarted,),
    "message_end": (ev.MessageEnded,),
    "message_update": (ev.TextDelta, ev.ThinkingDelta, ev.ToolCallDelta, ev.BlockStarted, ev.BlockEnded),
    "tool_execution_start": (ev.ToolStarted,),
    "tool_execution_update": (ev.ToolOutput,),
    "tool_execution_end": (ev.ToolEnded,),
    "queue_update": (ev.QueueChanged,),
    "compaction_start": (ev.CompactionStarted,),
    "auto_compaction_start": (ev.CompactionStarted,),
    "compaction_end": (ev.CompactionEnded,),
    "auto_compaction_end": (ev.CompactionEnded,),
    "auto_retry_start": (ev.RetryStarted,),
    "auto_retry_end": (ev.RetryEnded,),
    "extension_ui_request": (ev.DialogRequested, ev.ExtensionNotice),
    "extension_error": (ev.ExtensionFailed,),
    "response": (ev.Responded,),
    "bash_execution_update": (ev.ShellOutput,),
}


@pytest.mark.parametrize(
    "name", ["thinking_tools.jsonl", "thinking_tools.v0.87.1.jsonl", "thinking_tools.v1.6.0.jsonl"]
)
def test_an_edit_has_its_diff(name: str) -> None:
    (edit,) = [event for event in captures.events(name) if isinstance(event, ev.ToolEnded) and event.name == "edit"]
    assert "second item, revised" in edit.diff
    assert edit.diff.startswith("--- ") == (".v0.87" in name or ".v1.6" in name)


def test_both_dialects_in_one_file_make_one_transcript() -> None:
    data = captures.read("simple_text.jsonl") + captures.read("simple_text.v0.87.1.jsonl")
    decoder = PiDecoder()
    decoded = [decoder.decode(line.data) for line in LineSplitter().feed(data)]
    assert decoder.dialect == "delta"
    separate = captures.events("simple_text.jsonl") + captures.events("simple_text.v0.87.1.jsonl")
    assert decoded == separate


def test_dialogs_keep_everything_an_answer_needs() -> None:
    dialogs = [e for e in captures.events("extension_ui.jsonl") if isinstance(e, ev.DialogRequested)]
    by_title = {dialog.title: dialog for dialog in dialogs}
    gate = by_title["Allow this command? rm -rf build-output"]
    assert (gate.method, gate.options, gate.timeout) == ("select", ("Allow", "Block"), None)
    assert by_title["Still there?"].timeout == 1.5
    assert by_title["Deploy?"].message == "This goes to staging"
    assert by_title["Branch name?"].placeholder == "feature/..."
    assert by_title["Commit message"].prefill == "subject\n\nbody \u2028 with a separator\n"
    assert all(dialog.dialog_id for dialog in dialogs)
