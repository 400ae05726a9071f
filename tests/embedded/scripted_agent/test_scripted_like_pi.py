"""The scripted agent's stream has the same types, in the same order, with the same fields, as recorded real pi."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.agents import captures
from tests.embedded.scripted_agent.process import ScriptedProcess, scripted

DIALECTS = {"accumulated": "", "delta": ".v0.87.1"}
both = pytest.mark.parametrize("dialect", list(DIALECTS))

Shape = tuple[Any, ...]

OPTIONAL = {"responseId"}
"""Real pi writes it in `message_start` or not, as its provider's first bytes happen to arrive."""


def shape(record: dict[str, Any]) -> Shape:
    """Return what must be equal: the type, the fields, and the fields of what they hold."""
    kind = record["type"]
    fields = tuple(key for key in record if key != "type")
    if kind == "message_update":
        change = record["assistantMessageEvent"]
        return (kind, fields, change["type"], tuple(change))
    if kind in ("message_start", "message_end"):
        message = record["message"]
        keys = tuple(key for key in message if key not in OPTIONAL or kind == "message_end")
        if message["role"] == "system":
            return (kind, "system")
        # Real pi puts errorMessage before or after the timestamp.
        return (kind, message["role"], tuple(sorted(keys)), message.get("stopReason"))
    if kind == "turn_end":
        return (kind, fields, record["message"]["stopReason"], len(record["toolResults"]))
    if kind == "agent_end":
        return (
            kind,
            fields,
            record.get("willRetry"),
            tuple(message["role"] for message in record["messages"]),
        )
    if kind == "tool_execution_update":
        return (kind, fields, tuple(record["partialResult"]))
    if kind == "tool_execution_end":
        return (kind, fields, tuple(record["result"]), record["isError"])
    if kind == "queue_update":
        return (kind, fields, len(record["steering"]), len(record["followUp"]))
    if kind in ("auto_retry_start", "auto_retry_end"):
        return (kind, fields, record["attempt"], record.get("success"))
    if kind == "response":
        return (kind, fields, record["command"], record["success"])
    return (kind, fields)


def shapes(records: list[dict[str, Any]]) -> list[Shape]:
    """Return the shapes of a stream; repeated ones count once, and what only asks is left out."""
    kept: list[Shape] = []
    for record in records:
        if record["type"] == "response" and record["command"].startswith("get_"):
            continue
        found = shape(record)
        if not kept or kept[-1] != found:
            kept.append(found)
    return kept


def real(name: str, dialect: str, runs: int = 1) -> list[Shape]:
    """Return the shapes of the first runs of a capture, up to the last command's answer."""
    records = list(captures.objects(f"{name}{DIALECTS[dialect]}.jsonl"))
    last = "agent_settled" if dialect == "delta" else "agent_end"
    ends = [index for index, record in enumerate(records) if record["type"] == last]
    end = ends[runs - 1] + 1
    while end < len(records) and records[end].get("command") in ("abort", "get_state"):
        end += 1
    return shapes(records[:end])


async def finish(agent: ScriptedProcess) -> None:
    """Wait for the end of the run and for a response after it."""
    await agent.settled()
    await agent.answer("get_state")


@both
async def test_a_text_answer(tmp_path: Path, dialect: str) -> None:
    async with scripted(tmp_path, dialect=dialect) as agent:
        agent.send("prompt", message="[say 40]")
        await finish(agent)
    assert agent.dialect == dialect
    assert shapes(agent.records) == real("simple_text", dialect)


@both
async def test_thinking_and_tools(tmp_path: Path, dialect: str) -> None:
    async with scripted(tmp_path, dialect=dialect) as agent:
        await agent.answer("set_thinking_level", level="medium")
        start = len(agent.records)
        agent.send(
            "prompt",
            message="[think 20] [say I will run the checks first.]"
            "[bash for i in 1 2 3; do echo step $i; sleep 0.2; done]"
            "[write notes.md] [edit notes.md] [think 5] [read notes.md] [say Done.]",
        )
        await finish(agent)
    expected = real("thinking_tools", dialect)
    assert tools(shapes(agent.records[start:])) == tools(expected)


def tools(stream: list[Shape]) -> list[Shape]:
    """Leave out what a model may write before a tool call: real pi's model chose its own words."""
    return [found for found in stream if not (found[0] == "message_update" and "toolcall" not in found[2])]


@both
async def test_steering_during_a_tool(tmp_path: Path, dialect: str) -> None:
    async with scripted(tmp_path, dialect=dialect) as agent:
        command = "for k in 1 2 3; do echo tick $k; sleep 0.4; done"
        agent.send(
            "prompt",
            message=f"[say Working.] [bash {command}] [bash {command}] [say b] [bash {command}] [say c]",
        )
        await agent.until(lambda record: bool(record.get("partialResult", {}).get("content")))
        agent.send("steer", message="[say Noted.]")
        await finish(agent)
    stream, expected = shapes(agent.records), real("steer_midrun", dialect)
    # How many snapshots a command gives depends on the clock; the steer falls between two of them.
    assert without_snapshots(stream) == without_snapshots(expected)


def without_snapshots(stream: list[Shape]) -> list[Shape]:
    kept: list[Shape] = []
    for found in stream:
        if found[0] != "tool_execution_update" and (not kept or kept[-1] != found):
            kept.append(found)
    return kept


@both
async def test_follow_ups_one_at_a_time(tmp_path: Path, dialect: str) -> None:
    async with scripted(tmp_path, dialect=dialect) as agent:
        command = "for k in 1 2 3; do echo tick $k; sleep 0.3; done"
        agent.send("prompt", message=f"[say Working.] [bash {command}] [say a] [bash {command}] [say c]")
        await agent.until(lambda record: bool(record.get("partialResult", {}).get("content")))
        agent.send("follow_up", message="[say 10]")
        agent.send("follow_up", message="[say 10]")
        await finish(agent)
    assert without_snapshots(shapes(agent.records)) == without_snapshots(real("follow_up_queue", dialect))


@both
async def test_a_retry_that_recovers(tmp_path: Path, dialect: str) -> None:
    async with scripted(tmp_path, dialect=dialect) as agent:
        agent.send("prompt", message="[say First a command.] [bash echo ok] [fail 2] [say Recovered.]")
        await agent.until(lambda r: r["type"] == "auto_retry_end")
        await agent.settled(after=len(agent.records) - 1)
    expected = real("retry_recovers", dialect, runs=1 if dialect == "delta" else 3)
    assert without_snapshots(shapes(agent.records)) == without_snapshots(expected)


@both
async def test_a_retry_that_gives_up(tmp_path: Path, dialect: str) -> None:
    async with scripted(tmp_path, dialect=dialect) as agent:
        agent.send("prompt", message="[fail forever] [say Never said.]")
        await agent.until(lambda r: r["type"] == "auto_retry_end")
        state = await agent.answer("get_state")
        assert not state["data"]["isStreaming"]
    expected = real("retry_gives_up", dialect, runs=1 if dialect == "delta" else 4)
    got = shapes(agent.records)
    if dialect == "accumulated":
        got.remove(("auto_retry_end", ("success", "attempt", "finalError"), 3, False))
    assert got == expected
    delays = [record["delayMs"] for record in agent.of("auto_retry_start")]
    assert delays == [40, 80, 160]


@both
async def test_an_abort_while_text_streams(tmp_path: Path, dialect: str) -> None:
    async with scripted(tmp_path, dialect=dialect, speed=2) as agent:
        agent.send("prompt", message="[say 400]")
        await agent.until(lambda r: r.get("assistantMessageEvent", {}).get("type") == "text_delta")
        response = await agent.answer("abort")
        assert response["success"]
    assert shapes(agent.records) == real("abort_text", dialect)


@both
async def test_an_abort_while_a_tool_runs(tmp_path: Path, dialect: str) -> None:
    async with scripted(tmp_path, dialect=dialect) as agent:
        agent.send("prompt", message="[bash echo tick 1; sleep 60] [say Never said.]")
        await agent.until(lambda r: bool(r.get("partialResult", {}).get("content")))
        response = await agent.answer("abort")
        assert response["success"]
    assert shapes(agent.records) == real("abort_tool", dialect)
    assert agent.tool_results() == [("bash", "tick 1\n\n\nCommand aborted", True)]


@both
async def test_queued_texts_survive_an_abort(tmp_path: Path, dialect: str) -> None:
    async with scripted(tmp_path, dialect=dialect, speed=5) as agent:
        agent.send("prompt", message="[say 400]")
        await agent.until(lambda r: r.get("assistantMessageEvent", {}).get("type") == "text_delta")
        await agent.answer("steer", message="[say 8]")
        await agent.answer("follow_up", message="[say 8]")
        await agent.answer("abort")
        start = len(agent.records)
        await agent.answer("prompt", message="[say 8]")
        await agent.settled(after=start)
    assert without_updates(shapes(agent.records)) == without_updates(real("abort_with_queue", dialect, runs=2))


def without_updates(stream: list[Shape]) -> list[Shape]:
    """Leave out updates: whether one falls between two commands depends on the clock."""
    return [found for found in stream if found[0] != "message_update"]


@both
async def test_a_prompt_while_busy(tmp_path: Path, dialect: str) -> None:
    async with scripted(tmp_path, dialect=dialect) as agent:
        command = "for k in 1 2 3; do echo tick $k; sleep 0.4; done"
        agent.send("prompt", message=f"[say Working.] [bash {command}] [say a] [bash {command}] [say c]")
        await agent.kind("tool_execution_update")
        refused = await agent.answer("prompt", message="Plain.")
        assert "already processing" in refused["error"]
        await agent.answer("prompt", message="[say s]", streamingBehavior="steer")
        await agent.answer("prompt", message="[say f]", streamingBehavior="followUp")
        await agent.answer("prompt", message="[say w]", streamingBehavior="bogus")
        await finish(agent)
    assert without_snapshots(without_updates(shapes(agent.records))) == without_snapshots(
        without_updates(real("prompt_while_busy", dialect))
    )
    assert agent.user_texts()[1:] == ["[say s]", "[say w]", "[say f]"]
