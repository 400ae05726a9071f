"""No line, however broken, makes the decoder raise or swallow it, and no length makes it slow."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.agents.framing import MAX_LINE, LineSplitter
from cockpit.agents.pi.decode import PiDecoder
from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.reduce.reduce import reduce_agent
from tests.agents import captures
from tests.model.captures import fresh_agent

LINES = [line for name in ("thinking_tools.jsonl", "extension_ui.v0.87.1.jsonl") for line in captures.lines(name)]
EVENT_TYPES = ev.Event.__args__

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
field_names = sorted({key for name in captures.NAMES[:40] for record in captures.objects(name) for key in record})
type_names = sorted({record["type"] for name in captures.NAMES for record in captures.objects(name)})


def decode(line: bytes) -> Any:
    event = PiDecoder().decode(line)
    assert isinstance(event, EVENT_TYPES)
    plain = msgspec.structs.asdict(event) if isinstance(event, msgspec.Struct) else dataclasses.asdict(event)
    json.dumps(plain, ensure_ascii=False).encode()
    return event


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event(line: bytes) -> None:
    decode(line)


@given(st.sampled_from(LINES), st.integers(0, 4000), st.integers(0, 30), st.binary(max_size=6))
def test_any_damage_to_a_real_line_is_an_event(line: bytes, start: int, length: int, patch: bytes) -> None:
    decode(line[:start] + patch + line[start + length :])


@given(st.sampled_from(type_names), st.dictionaries(st.sampled_from(field_names), json_values, max_size=8))
def test_any_types_in_any_fields_are_an_event(kind: str, fields: dict[str, Any]) -> None:
    decode(json.dumps({**fields, "type": kind}).encode())


@given(st.sampled_from(type_names), json_values)
def test_any_message_is_an_event(kind: str, value: Any) -> None:
    for inner in (
        value,
        {"role": value, "content": [{"type": "text", "text": value}, value], "usage": value},
    ):
        decode(json.dumps({"type": kind, "message": inner, "assistantMessageEvent": inner, "result": inner}).encode())


@given(json_values, json_values, json_values)
def test_any_outcome_of_a_tool_is_an_event(code: Any, duration: Any, copy: Any) -> None:
    for inner in (copy, {"exit_code": code, "output": copy}):
        record = {"result": {"content": [], "structuredContent": inner, "isError": copy}, "durationMs": duration}
        event = decode(json.dumps({"type": "tool_execution_end", "toolCallId": "t"} | record).encode())
        assert isinstance(event, ev.ToolEnded)
        assert event.exit_code is None or type(event.exit_code) is int
        assert event.duration is None or 0 <= event.duration < float("inf")


@given(json_values, json_values)
def test_any_thinking_level_and_disposition_are_an_event(value: Any, usage: Any) -> None:
    message = {"role": "assistant", "content": [], "thinkingLevel": value, "durationMs": value}
    message["usage"] = {"cacheWrite1h": usage, "cost": {"totalFromProvider": value, "total": usage}}
    assert isinstance(decode(json.dumps({"type": "message_end", "message": message}).encode()), ev.MessageEnded)
    for data in (value, {"disposition": value}):
        answer = {"type": "response", "command": "prompt", "success": True, "data": data}
        assert isinstance(decode(json.dumps(answer).encode()), ev.Responded)
    assert isinstance(decode(json.dumps({"type": "agent_settled", "aborted": value}).encode()), ev.RunSettled)


@pytest.mark.parametrize(
    ("outcome", "code", "duration"),
    [
        ('{"exit_code":2}},"durationMs":1500', 2, 1.5),
        ('{"exit_code":true}},"durationMs":true', None, None),
        ('{"exit_code":"2"}},"durationMs":"1500"', None, None),
        ('{"exit_code":2.5}},"durationMs":-4', None, 0.0),
        ('{"exit_code":' + "9" * 400 + '}},"durationMs":1' + "0" * 400, None, 0.0),
        ('null},"durationMs":NaN', None, 0.0),
        ('["exit_code"]},"durationMs":null', None, None),
    ],
)
def test_a_doubtful_outcome_is_unknown(outcome: str, code: int | None, duration: float | None) -> None:
    line = '{"type":"tool_execution_end","toolCallId":"t","result":{"structuredContent":' + outcome + "}"
    event = decode(line.encode())
    assert isinstance(event, ev.ToolEnded)
    assert (event.exit_code, event.duration) == (code, duration)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"   ",
        b"not json",
        b"42",
        b'"x"',
        b"[1]",
        b"null",
        b"{",
        b'{"type":"agent_start"',
        b"\x00\x00\x00",
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 10_000,
        b'{"type":"message_update","assistantMessageEvent":' + b"[" * 10_000,
    ],
)
def test_what_is_no_object_is_a_broken_line(line: bytes) -> None:
    event = decode(line)
    assert isinstance(event, ev.BrokenLine)
    assert event.length == len(line)
    assert event.reason


@pytest.mark.parametrize(
    "line", [b"{}", b'{"type":null}', b'{"type":"future_event","x":[1,2]}', b'{"type":["agent_start"]}']
)
def test_an_unknown_type_is_kept_raw(line: bytes) -> None:
    event = decode(line)
    assert isinstance(event, ev.UnknownEvent)
    assert event.raw == line.decode()


def test_deep_nesting_where_the_meaning_is_known() -> None:
    line = (
        b'{"type":"tool_execution_start","toolCallId":"t","toolName":"x","args":'
        + b'{"a":' * 10_000
        + b"1"
        + b"}" * 10_001
    )
    assert isinstance(decode(line), ev.BrokenLine)


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b'\xef\xbb\xbf{"type":"agent_start"}', ev.RunStarted()),
        (b'{"type":"agent_start"}\r', ev.RunStarted()),
        (b'{"type":"agent_end"}', ev.RunEnded(None)),
        (b'{"type":"agent_end","messages":7,"willRetry":"true"}', ev.RunEnded(True)),
        (b'{"type":"agent_settled","aborted":false}', ev.RunSettled(False)),
        (
            b'{"type":"auto_retry_start","attempt":"2","maxAttempts":"3","delayMs":"4000"}',
            ev.RetryStarted(2, 3, 4.0),
        ),
        (b'{"type":"auto_retry_start","attempt":null,"delayMs":NaN}', ev.RetryStarted(0, 0, 0.0)),
        (b'{"type":"auto_retry_end","success":true}', ev.RetryEnded(True)),
        (b'{"type":"queue_update","steering":["a",1],"followUp":"x"}', ev.QueueChanged(("a", "1"), ())),
        (b'{"type":"response","id":7,"command":"prompt","success":true}', ev.Responded("7", "prompt", True)),
        (
            b'{"type":"response","command":"parse","success":false,"error":"e"}',
            ev.Responded("", "parse", False, "e"),
        ),
        (b'{"type":"auto_compaction_start","reason":"threshold"}', ev.CompactionStarted("threshold")),
        (b'{"type":"auto_compaction_end","errorMessage":"e"}', ev.CompactionEnded(error="e")),
        (b'{"type":"cockpit_run","run":"r1","agent":"pi"}', ev.DaemonStarted("r1", "pi")),
        (b'{"type":"cockpit_exit","run":"r1","code":137}', ev.DaemonExited("r1", 137)),
        (b'{"type":"bash_execution_update","id":"x","delta":"out"}', ev.ShellOutput("x", "out")),
        (b'{"type":"thinking_level_changed","level":"high"}', ev.SettingChanged("thinking_level", "high")),
        (b'{"type":"session_info_changed","name":"n"}', ev.SettingChanged("session_name", "n")),
        (b'{"type":"tool_execution_update","toolCallId":"t","partialResult":null}', ev.ToolOutput("t", "")),
        (
            b'{"type":"message_start","message":{"role":"user","content":"plain"}}',
            ev.MessageStarted("user", "plain"),
        ),
    ],
)
def test_tolerated_forms(line: bytes, event: ev.Event) -> None:
    assert decode(line) == event


UPDATE = b'{"type":"message_update","assistantMessageEvent":'


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (UPDATE + b'{"type":"text_delta","contentIndex":1,"delta":"x"}}', ev.TextDelta(1, "x")),
        (UPDATE + b'{"delta":"x","contentIndex":"1","type":"text_delta"}}', ev.TextDelta(1, "x")),
        (
            b'{"assistantMessageEvent":{"type":"text_delta","delta":"x"},"type":"message_update"}',
            ev.TextDelta(0, "x"),
        ),
        (
            UPDATE + rb'{"type":"text_delta","contentIndex":0,"delta":"\ud83d","partial":{}}}',
            ev.TextDelta(0, "\ufffd"),
        ),
        (UPDATE + rb'{"type":"text_delta","contentIndex":0,"delta":"\\ud83d"}}', ev.TextDelta(0, "\\ud83d")),
        (UPDATE + rb'{"type":"text_delta","contentIndex":0,"delta":"\ud83d\ude00"}}', ev.TextDelta(0, "😀")),
        (
            UPDATE + b'{"type":"text_delta","contentIndex":0,"delta":"\xff","partial":{}}}',
            ev.TextDelta(0, "\ufffd"),
        ),
        (UPDATE + b'{"type":"text_delta","contentIndex":0,"delta":"\x00"}}', ev.TextDelta(0, "\x00")),
        (
            UPDATE + rb'{"type":"text_delta","contentIndex":0,"delta":"a\",\"partial\":b","partial":{}},"message":{}}',
            ev.TextDelta(0, 'a","partial":b'),
        ),
        (
            UPDATE + b'{"type":"toolcall_end","contentIndex":0,"toolCall":{"type":"toolCall","id":"t","name":"n",'
            b'"arguments":{"a":1,"partial":{"b":2}}},"partial":{}},"message":{}}',
            ev.BlockEnded(0, "toolCall", '{"a":1,"partial":{"b":2}}', "n", "t"),
        ),
        (UPDATE + b'{"type":"text_end","contentIndex":0}}', ev.BlockEnded(0, "text", None)),
        (
            UPDATE + b'{"type":"text_end","contentIndex":0,"content":"all","partial":{}}}',
            ev.BlockEnded(0, "text", "all"),
        ),
    ],
)
def test_updates_of_any_form(line: bytes, event: ev.Event) -> None:
    assert decode(line) == event


def test_an_update_of_an_unknown_kind_is_kept_raw() -> None:
    event = decode(UPDATE + b'{"type":"image_delta","contentIndex":0}}')
    assert isinstance(event, ev.UnknownEvent)
    assert event.type == "message_update"


def test_a_tool_whose_line_is_too_long_ends_all_the_same() -> None:
    text = 'caf\u00e9 \U0001f680 "x"\\n' * 700_000
    start = {"type": "tool_execution_start", "toolCallId": 'c"1', "toolName": "bash", "args": {"command": "x"}}
    result = {"content": [{"type": "text", "text": text}], "details": {}}
    end = {"type": "tool_execution_end", "toolCallId": 'c"1', "toolName": "bash", "result": result, "isError": False}
    splitter, decoder = LineSplitter(), PiDecoder()
    agent = fresh_agent()
    for number, ensured in enumerate((True, False)):
        lines = [json.dumps(one, ensure_ascii=ensured, separators=(",", ":")).encode() + b"\n" for one in (start, end)]
        assert len(lines[1]) > MAX_LINE
        for chunk in (*lines, *(b'{"type":"agent_start"}\n',) * (1 - number)):
            for line in splitter.feed(chunk):
                event = decoder.decode(line.data, line.truncated, line.length)
                agent = reduce_agent(agent, Record(agent.id, 1, line.number, line.offset, line.end, 1.0, event))
                if line.truncated:
                    assert isinstance(event, ev.ToolEnded)
                    assert (event.call_id, event.name) == ('c"1', "bash")
                    assert event.text.startswith('caf\u00e9 \U0001f680 "x"\\n') and "MiB long" in event.text
                    assert agent.activity.tools == ()
    assert agent.broken_lines == 0


def test_a_call_whose_line_is_too_long_runs_all_the_same() -> None:
    head = b'{"type":"tool_execution_start","toolCallId":"c1","toolName":"write","args":{"path":"x","content":"aaaa'
    event = PiDecoder().decode(head, truncated=True, length=9 * 1024**2)
    assert isinstance(event, ev.ToolStarted)
    assert (event.call_id, event.name) == ("c1", "write") and "9.0 MiB" in str(event.arguments)


def test_a_message_or_an_answer_that_is_too_long_counts_all_the_same() -> None:
    """A text that comes with pictures was read, and `get_messages` was answered, however long the line is."""

    def head(text: str) -> ev.Event:
        return PiDecoder().decode(text.encode(), truncated=True, length=9 * 1024**2)

    content = '"content":[{"type":"text","text":"look at \\"this\\""},{"type":"image","data":"iVBORw0KGgo'
    event = head('{"type":"message_start","message":{"role":"user",' + content)
    assert isinstance(event, ev.MessageStarted) and event.role == "user"
    assert event.text.startswith('look at "this"\n') and "9.0 MiB" in event.text
    event = head('{"type":"message_end","message":{"role":"user",' + content)
    assert isinstance(event, ev.MessageEnded) and event.role == "user" and event.text.startswith('look at "this"\n')
    event = head('{"type":"message_end","message":{"role":"toolResult","toolCallId":"c1","toolName":"read",' + content)
    assert isinstance(event, ev.MessageEnded) and (event.role, event.call_id) == ("toolResult", "c1")
    event = head('{"type":"message_start","message":{"role":"assistant","content":[{"type":"thinking","thinking":"hm')
    assert event == ev.MessageStarted("assistant")
    event = head('{"type":"message_end","message":{"role":"user","content":"plain, and long')
    assert isinstance(event, ev.MessageEnded) and event.text.startswith("plain, and long\n")
    event = head('{"id":"q-1","type":"response","command":"get_messages","success":true,"data":{"messages":[{"rol')
    assert event == ev.Responded("q-1", "get_messages", True)
    event = head('{"type":"response","command":"bash","success":false,"error":"xxxx')
    assert isinstance(event, ev.Responded) and (event.command_id, event.success) == ("", False)
    assert "9.0 MiB" in event.error


@pytest.mark.parametrize("cut", range(40))
def test_a_head_may_be_cut_anywhere(cut: int) -> None:
    begin = b'{"type":"tool_execution_end","toolCallId":"c","toolName":"n","result":{"content":[{"type":"text","text":"'
    event = PiDecoder().decode(begin + '\\ud83d\\ude80\\n\\"caf\u00e9 \U0001f680 x'.encode()[:cut], True, 10**7)
    assert isinstance(event, ev.ToolEnded) and "9.5 MiB" in event.text


def test_the_head_of_an_oversized_line() -> None:
    decoder = PiDecoder()
    head = UPDATE + b'{"type":"text_delta","contentIndex":0,"delta":"x","partial":{"role":"assis'
    assert decoder.decode(head, truncated=True, length=10**9) == ev.TextDelta(0, "x")
    head = b'{"type":"agent_end","messages":[{"role":"us'
    assert decoder.decode(head, truncated=True, length=10**9) == ev.RunEnded(None)
    assert decoder.decode(b'{"type":"turn_end","mes', truncated=True, length=10**9) == ev.TurnEnded()
    for head in (
        UPDATE + b'{"type":"text_delta","contentIndex":0,"delta":"xxxx',
        b'{"type":"tool_execution_end","too',
    ):
        event = decoder.decode(head, truncated=True, length=10**9)
        assert isinstance(event, ev.BrokenLine)
        assert event.length == 10**9
        assert event.raw == head.decode()


def test_raw_text_is_bounded() -> None:
    event = decode(b'{"type":"future","x":"' + b"y" * 1_000_000 + b'"}')
    assert isinstance(event, ev.UnknownEvent)
    assert len(event.raw) == 64 * 1024


@pytest.mark.races_the_clock("compares two measured times")
def test_the_cost_of_an_update_does_not_grow_with_the_message() -> None:
    def seconds(size: int) -> float:
        copy = json.dumps({"role": "assistant", "content": [{"type": "text", "text": "y" * size}]}).encode()
        line = UPDATE + b'{"type":"text_delta","contentIndex":0,"delta":"word","partial":' + copy
        line += b'},"message":' + copy + b"}"
        decoder = PiDecoder()
        best = 1.0
        for _ in range(5):
            started = time.perf_counter()
            for _ in range(500):
                decoder.decode(line)
            best = min(best, time.perf_counter() - started)
        return best

    # A decoder that looks at the copies takes about fifty times as long.
    assert seconds(100_000) < 3 * seconds(1_000)
