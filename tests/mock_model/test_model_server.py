"""The scripted model server says what its scenarios promise, in both protocols."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.mock_model.scenario import SUMMARY, UNICODE
from tests.mock_model.server import ModelServerThread

TOOLS = (
    'mock:tools([{"write": {"path": "a", "content": "(x)"}}, [{"bash": {"command": "ls"}}, {"read": {"path": "a"}}]])'
)


@pytest.fixture
def model() -> Iterator[ModelServerThread]:
    with ModelServerThread() as server:
        yield server


def ask(model: ModelServerThread, messages: list[dict[str, Any]], system: str = "") -> dict[str, Any]:
    """Ask in the Anthropic protocol; return what the stream adds up to."""
    body = {"model": "m", "stream": True, "messages": messages, "system": system}
    answer = httpx.post(f"{model.url}/v1/messages?beta=true", json=body, timeout=20)
    answer.raise_for_status()
    events = [json.loads(line[6:]) for line in answer.text.split("\n") if line.startswith("data: ")]
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    return {
        "text": "".join(delta.get("text", "") for delta in deltas),
        "thinking": "".join(delta.get("thinking", "") for delta in deltas),
        "tools": [
            (event["content_block"]["name"], arguments(events, event["index"]))
            for event in events
            if event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use"
        ],
        "stop": [event["delta"]["stop_reason"] for event in events if event["type"] == "message_delta"],
        "input": events[0]["message"]["usage"]["input_tokens"],
    }


def arguments(events: list[dict[str, Any]], index: int) -> Any:
    deltas = [event["delta"] for event in events if event.get("index") == index and "delta" in event]
    return json.loads("".join(delta["partial_json"] for delta in deltas))


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def result(text: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": content}]}


ASSISTANT: dict[str, Any] = {"role": "assistant", "content": [{"type": "text", "text": "mock:text(words=1)"}]}


def test_an_unmarked_task_is_quoted(model: ModelServerThread) -> None:
    assert "fix the parser" in ask(model, [user("mock:empty()"), ASSISTANT, user("fix the parser")])["text"]


def test_text_thinking_and_usage(model: ModelServerThread) -> None:
    assert ask(model, [user("mock:text(words=3, input=777)")]) == {
        "text": "word1 word2 word3", "thinking": "", "tools": [], "stop": ["end_turn"], "input": 777
    }  # fmt: skip
    assert ask(model, [user("mock:think(words=2)")])["thinking"] == "word1 word2"
    assert ask(model, [user("mock:unicode()")])["text"] == UNICODE
    assert ask(model, [user("mock:length(words=1)")])["stop"] == ["max_tokens"]
    assert ask(model, [user("mock:empty()")])["text"] == ""
    assert len(ask(model, [user("mock:long(tokens=3000)")])["text"].split()) == 3000


def test_tools_follow_the_turns(model: ModelServerThread) -> None:
    first = ask(model, [user(TOOLS)])
    assert first["tools"] == [("write", {"path": "a", "content": "(x)"})] and first["stop"] == ["tool_use"]
    second = ask(model, [user(TOOLS), ASSISTANT, result("ok")])
    assert second["tools"] == [("bash", {"command": "ls"}), ("read", {"path": "a"})]
    third = ask(model, [user(TOOLS), ASSISTANT, result("ok"), ASSISTANT, result("a-file")])
    assert third["tools"] == [] and "a-file" in third["text"]
    steered = ask(model, [user(TOOLS), ASSISTANT, result("ok"), user("stop that")])
    assert "stop that" in steered["text"]


def test_errors_recover_after_so_many(model: ModelServerThread) -> None:
    body = {"model": "m", "stream": True, "messages": [user("mock:error(429, retry_after=2, times=1)")]}
    refused = httpx.post(f"{model.url}/v1/messages", json=body)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert httpx.post(f"{model.url}/v1/messages", json=body).status_code == 200
    for status in (400, 401, 500, 529):
        body["messages"] = [user(f"mock:error({status})")]
        assert httpx.post(f"{model.url}/v1/messages", json=body).status_code == status
    body["messages"] = [user("mock:overflow()")]
    assert "too long" in httpx.post(f"{model.url}/v1/messages", json=body).text
    body["messages"] = [user("mock:nonsense()")]
    assert "nonsense" in httpx.post(f"{model.url}/v1/messages", json=body).text


def test_a_dropped_and_a_stalled_stream(model: ModelServerThread) -> None:
    with pytest.raises(httpx.TransportError):
        ask(model, [user("mock:drop(words=5)")])
    body = {"model": "m", "stream": True, "messages": [user("mock:stall(words=2)")]}
    with (
        pytest.raises(httpx.ReadTimeout),
        httpx.stream("POST", f"{model.url}/v1/messages", json=body, timeout=0.3) as stream,
    ):
        for _ in stream.iter_raw():
            pass


def test_a_summary_is_fixed_text(model: ModelServerThread) -> None:
    system = "You are a context summarization assistant."
    assert ask(model, [user("mock:error(500) in the conversation")], system)["text"] == SUMMARY


def test_the_other_protocol(model: ModelServerThread) -> None:
    messages: list[dict[str, Any]] = [{"role": "system", "content": "x"}, {"role": "user", "content": TOOLS}]
    body = {"model": "m", "stream": True, "messages": messages}
    text = httpx.post(f"{model.url}/v1/chat/completions", json=body).text
    chunks = [json.loads(line[6:]) for line in text.split("\n") if line.startswith("data: {")]
    calls = [call for chunk in chunks for choice in chunk["choices"] for call in choice["delta"].get("tool_calls", [])]
    assert calls[0]["function"]["name"] == "write"
    assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {
        "path": "a",
        "content": "(x)",
    }
    assert chunks[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert chunks[-1]["usage"]["completion_tokens"] > 0
    assert text.endswith("data: [DONE]\n\n")
    messages += [{"role": "assistant", "tool_calls": []}, {"role": "tool", "content": "1"}] * 2
    assert "All 2 steps" in "".join(
        choice["delta"].get("content", "")
        for line in httpx.post(f"{model.url}/v1/chat/completions", json=body).text.split("\n")
        if line.startswith("data: {")
        for choice in json.loads(line[6:])["choices"]
    )


def test_of_several_texts_in_one_message_the_newest_counts(model: ModelServerThread) -> None:
    texts = ("mock:text(words=9)", "[interrupted]", "mock:text(words=2)")
    merged = {"role": "user", "content": [{"type": "text", "text": text} for text in texts]}
    assert ask(model, [merged])["text"] == "word1 word2"


@pytest.mark.parametrize("by", ["tool's result", "system"])
def test_a_text_told_behind_a_tool_is_what_the_user_says_last(model: ModelServerThread, by: str) -> None:
    said = "The user sent a new message while you were working:\nmock:text(words=2)\n\nIMPORTANT: do not ignore it."
    behind = (
        [result(f"fine\n\n{said}")] if by == "tool's result" else [result("fine"), {"role": "system", "content": said}]
    )
    assert ask(model, [user(TOOLS), ASSISTANT, *behind])["text"] == "word1 word2"
