"""With the diet an operator sees what he sees without it, at the same places, for every capture."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from cockpit.agents.framing import Line, LineSplitter
from cockpit.model.events import BlockEnded, BrokenLine, Record
from cockpit.model.fleet import Agent
from cockpit.model.reduce.reduce import expire, reduce_agent
from cockpit.model.transcript.transcript import Transcript
from cockpit.remote.tail.filter import Piece
from tests.model.captures import NAMES, START, content, fresh_agent
from tests.wire_filter.pipes import INTERPRETERS, FilterProcess, filtered, lines_of, pieces_of, places, records_of

pytestmark = pytest.mark.parametrize("interpreter", INTERPRETERS)


@cache
def raw_lines(name: str) -> tuple[Line, ...]:
    return tuple(LineSplitter().feed(content(name)))


@cache
def pieces(interpreter: str, name: str) -> tuple[Piece, ...]:
    return tuple(filtered(interpreter, content(name)))


def shown(records: list[Record]) -> list[tuple[Any, ...]]:
    """Return everything a transcript shows of records."""
    transcript = Transcript()
    for record in records:
        transcript.apply(record)
    transcript.expire(START + 1e9)
    return [
        (
            entry.key,
            entry.kind,
            entry.title,
            entry.text,
            entry.diff,
            entry.open,
            entry.failed,
            entry.exit_code,
            entry.duration,
            entry.call_id,
            entry.line,
        )
        for entry in transcript.entries()
    ]


def state(records: list[Record]) -> list[Agent]:
    """Return the states an agent goes through."""
    agent = fresh_agent()
    states = []
    for record in records:
        agent = reduce_agent(agent, record)
        states.append(agent)
    return [*states, expire(agent, START + 1e9)]


@pytest.mark.parametrize("name", NAMES)
def test_every_line_stands_where_it_stood(interpreter: str, name: str) -> None:
    data = content(name)
    lines = list(lines_of(pieces(interpreter, name)))
    assert places(lines) == places(raw_lines(name))
    at = 0
    for piece in pieces(interpreter, name):
        original = data[at : at + piece.length]
        assert original.endswith(piece.ending) if piece.cut else original == piece.data
        at += piece.length


BUILD = "slow_build.v1.6.0.jsonl"


def test_the_second_copy_of_a_tools_output_does_not_travel(interpreter: str) -> None:
    raw = [line for line in content(BUILD).split(b"\n") if b"structuredContent" in line]
    kept = [line.data for line in lines_of(pieces(interpreter, BUILD)) if b"tool_execution_end" in line.data]
    assert len(kept) == len(raw) > 0
    for before, now in zip(raw, kept, strict=True):
        result = json.loads(now)["result"]
        copy = json.loads(before)["result"]["structuredContent"]
        assert result["structuredContent"] == ({"exit_code": copy["exit_code"]} if isinstance(copy, dict) else "")
        assert result["content"] == json.loads(before)["result"]["content"]
    assert sum(map(len, kept)) < 0.6 * sum(map(len, raw))


@pytest.mark.parametrize("name", NAMES)
def test_transcript_and_state_are_the_same(interpreter: str, name: str) -> None:
    raw = records_of(raw_lines(name))
    slim = records_of(lines_of(pieces(interpreter, name)))
    assert shown(slim) == shown(raw)
    assert state(slim) == state(raw)


@pytest.mark.parametrize("name", NAMES)
def test_only_the_copies_of_finished_blocks_are_missing(interpreter: str, name: str) -> None:
    raw = records_of(raw_lines(name))
    slim = records_of(lines_of(pieces(interpreter, name)))
    for expected, found in zip(raw, slim, strict=True):
        if expected.event != found.event:
            assert isinstance(expected.event, BlockEnded) and expected.event.kind != "toolCall"
            assert found.event == BlockEnded(expected.event.index, expected.event.kind, None)


def update(kind: str, message: dict[str, Any], **fields: object) -> bytes:
    """Return an update of the accumulated dialect."""
    news = {"type": kind, "contentIndex": len(message["content"]) - 1, **fields, "partial": message}
    return line({"type": "message_update", "assistantMessageEvent": news, "message": message})


def line(record: object) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def message(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks), "usage": {}, "timestamp": 1, "stopReason": "stop"}


def call(arguments: object, name: str = "bash", identity: str = "toolu_1") -> dict[str, Any]:
    return {"type": "toolCall", "id": identity, "name": name, "arguments": arguments}


PAD = line({"type": "response", "id": "pad", "command": "get_state", "success": True, "data": {"x": "x" * 4096}})
NEEDLE = ',"partial":{"role":"assistant","content":[]},"message":{'
NESTED = {"a": "b" * 200, "partial": {"role": "assistant", "content": []}, "message": {"role": "x"}}
LONG = "x" * 2000


@pytest.mark.parametrize(
    "tricky",
    [
        pytest.param(update("text_delta", message({"type": "text", "text": LONG}), delta=NEEDLE), id="needle in delta"),
        pytest.param(update("text_end", message({"type": "text", "text": LONG}), content=NEEDLE), id="needle in end"),
        pytest.param(update("toolcall_end", message(call(NESTED)), toolCall=call(NESTED)), id="needle is an argument"),
        pytest.param(update("toolcall_start", message(call({}), call(NESTED, 'a"b\\', "ü\u2028\n"))), id="odd name"),
        pytest.param(update("toolcall_start", message({"type": "text", "text": LONG})), id="start without a call"),
        pytest.param(update("text_delta", message({"type": "text", "text": LONG}), delta=7), id="delta is a number"),
        pytest.param(update("text_delta", message({"type": "text", "text": LONG}))[:700] + b"\n", id="half an update"),
        pytest.param(
            b'{"type":"turn_end","message":{"role":"assistant","x":"' + b"y" * 999 + b"\n", id="half a turn_end"
        ),
        pytest.param(
            b'{"type":"turn_end","message":{"role":"assis{"type":"cockpit_run","x":"' + b"y" * 999 + b'"}\n', id="glued"
        ),
        pytest.param(line({"type": "agent_end", "messages": [LONG], "willRetry": True}), id="will retry"),
        pytest.param(line({"type": "agent_end", "messages": [{"willRetry": LONG}]}), id="a nested willRetry"),
        pytest.param(line({"type": "agent_end", "messages": [LONG], "more": {"willRetry": True}}), id="unknown end"),
        pytest.param(line({"type": "agent_end", "messages": [LONG]})[:-1] + b"\r\n", id="CR"),
        pytest.param(
            b'{"type":"message_start","message":{"role":"assistant","x":"\xff\xfe' + LONG.encode() + b'"}}\n',
            id="utf-8",
        ),
        pytest.param(line({"type": "message_start", "message": {"role": "user", "content": LONG}}), id="a user"),
    ],
)
def test_tricky_lines_mean_the_same(interpreter: str, tricky: bytes) -> None:
    data = PAD + tricky + PAD
    slim = records_of(lines_of(filtered(interpreter, data)))
    for expected, found in zip(records_of(LineSplitter().feed(data)), slim, strict=True):
        if isinstance(expected.event, BlockEnded) and expected.event.kind == "text":
            assert found.event == BlockEnded(expected.event.index, "text", None)
        elif isinstance(expected.event, BrokenLine):
            assert isinstance(found.event, BrokenLine)
        else:
            assert found.event == expected.event
        assert (found.line, found.offset, found.end) == (expected.line, expected.offset, expected.end)


def test_a_call_is_named_by_its_own_block(interpreter: str) -> None:
    """The copy can be ahead: the block that just started need not be the newest one in it."""
    ahead = message({"type": "text", "text": LONG}, call({"a": "}]"}, "first", "1"), call({}, "second", "2"))
    news = {"type": "toolcall_start", "contentIndex": 1, "partial": ahead}
    data = PAD + line({"type": "message_update", "assistantMessageEvent": news, "message": ahead})
    pieces = filtered(interpreter, data)
    assert pieces[-1].cut and len(pieces[-1].data) < 150
    assert records_of(lines_of(pieces))[-1].event == records_of(LineSplitter().feed(data))[-1].event


def test_a_growing_tool_output_is_told_by_the_difference(interpreter: str) -> None:
    output = "".join(f"line {number} ü\n" for number in range(400))
    lines = []
    for end in range(0, len(output), 40):
        for identity in ("one", "two"):
            result = {"content": [{"type": "text", "text": output[: end + len(identity)]}], "details": {}}
            lines.append(line({"type": "tool_execution_update", "toolCallId": identity, "partialResult": result}))
    data = PAD + b"".join(lines)
    frames = FilterProcess(interpreter).run([data])
    assert b"".join(piece.data for piece in pieces_of(frames)) == data
    assert len(frames) < len(PAD) + 4 * len(output) < len(data) / 20
