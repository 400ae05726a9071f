"""What Claude Code wrote, as events, state and transcript; the oracle is the recording itself, read as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cockpit.agents.claude.decode import ClaudeDecoder
from cockpit.model import events as ev
from cockpit.model.fleet import ActivityState
from cockpit.model.ids import CommandId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.reduce.reduce import reduce_agent
from cockpit.model.sub_agents import sub_agents_of
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.usage.causes import CauseKind, cause_of
from cockpit.model.why import why
from tests.agents.claude.captures import AGENT, NAMES, events, folded, lines, objects, records

LIMIT, KEY, GATEWAY = CauseKind.LIMIT, CauseKind.KEY, CauseKind.GATEWAY
TELLS_NOTHING = {
    *("content_block_stop", "message_delta", "message_stop", "signature_delta", "task_updated", "thinking_tokens"),
}
"""Lines that repeat others or are noise; what is void of a question its tool's end tells, too."""


def line(**record: Any) -> bytes:
    """Return a record as a line."""
    return json.dumps(record).encode()


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_the_recordings_is_known(name: str) -> None:
    unknown = {event.type for event in events(name) if isinstance(event, ev.UnknownEvent)}
    assert unknown <= TELLS_NOTHING | {"control_cancel_request"}
    assert not [event for event in events(name) if isinstance(event, ev.BrokenLine)]
    _, transcript = folded(*lines(name))
    assert not [entry for entry in transcript.entries() if entry.kind is EntryKind.RAW]


@pytest.mark.parametrize("name", NAMES)
def test_tokens_and_dollars_are_those_of_the_processes(name: str) -> None:
    """A process sums up for each model what it used, sub-agents and summaries included; that of a turn is without."""
    agent, _ = folded(*lines(name))
    spent = dict.fromkeys(("inputTokens", "outputTokens", "cacheReadInputTokens", "costUSD"), 0.0)
    before = dict(spent)
    for result in (record for record in objects(name) if record["type"] == "result"):
        sums = {key: sum(used[key] for used in result["modelUsage"].values()) for key in spent}
        # The sums of a process never fall: where they do, another process has begun.
        base = before if all(sums[key] >= before[key] for key in spent) else dict.fromkeys(spent, 0.0)
        spent = {key: spent[key] + sums[key] - base[key] for key in spent}
        before = sums
        assert sums["costUSD"] == pytest.approx(result["total_cost_usd"])
    assert agent.usage.input == spent["inputTokens"] and agent.usage.output == spent["outputTokens"]
    assert agent.usage.cache_read == spent["cacheReadInputTokens"]
    assert agent.usage.cost == pytest.approx(spent["costUSD"])


@pytest.mark.parametrize("name", [name for name in NAMES if objects(name)[-1]["type"] == "result"])
def test_the_result_alone_ends_a_run_and_its_text_is_the_answer(name: str) -> None:
    said = lines(name)
    result = json.loads(said[-1])
    before, _ = folded(*said[:-1])
    after, transcript = folded(*said)
    aborted = str(result.get("terminal_reason", "")).startswith("aborted")
    assert before.run_open is not aborted and not after.run_open
    if result["is_error"]:
        assert after.activity.state is (ActivityState.ABORTED if aborted else ActivityState.ERROR)
        assert aborted or after.activity.error == result["result"]
    elif result["result"] and result["num_turns"]:
        assert after.activity.state is ActivityState.DONE_UNSEEN
        assert transcript.final_text() == result["result"]
        assert records(*said)[-1].event.answer == result["result"]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_streamed_stands_there_once(name: str) -> None:
    _, transcript = folded(*lines(name))
    whole = [
        block["text"]
        for record in objects(name)
        if record["type"] == "assistant" and not record["parent_tool_use_id"]
        for block in record["message"]["content"]
        if block["type"] == "text"
    ]
    shown = [entry.text for entry in transcript.entries() if entry.kind is EntryKind.ANSWER]
    assert [text for text in shown if text in whole] == whole, "each once, in its order"


def test_a_tool_runs_from_its_call_to_its_result() -> None:
    said = lines("tools_allowed")
    for record in objects("tools_allowed"):
        if record["type"] == "assistant" and record["message"]["content"][0]["type"] == "tool_use":
            at = objects("tools_allowed").index(record)
            agent, _ = folded(*said[: at + 1])
            assert [tool.call_id for tool in agent.activity.tools] == [record["message"]["content"][0]["id"]]
    agent, transcript = folded(*said)
    tools = [entry for entry in transcript.entries() if entry.kind is EntryKind.TOOL]
    results = [record for record in objects("tools_allowed") if record["type"] == "user"]
    assert len(tools) == len(results) > 2 and not any(entry.open or entry.failed for entry in tools)
    assert any("-- second item" in entry.diff and "+- second item, revised" in entry.diff for entry in tools)
    assert [entry for entry in transcript.entries() if entry.kind is EntryKind.THINKING]
    assert not agent.activity.tools


def test_a_retry_is_one_until_the_model_speaks() -> None:
    said = lines("api_errors")
    first = next(at for at, record in enumerate(objects("api_errors")) if record.get("subtype") == "api_retry")
    agent, _ = folded(*said[: first + 1])
    assert agent.activity.state is ActivityState.RETRYING and "529" in agent.activity.error
    speaks = next(at for at, event in enumerate(events("api_errors")) if isinstance(event, ev.TextDelta))
    agent, _ = folded(*said[: speaks + 1])
    assert agent.activity.state is ActivityState.WORKING


def test_an_open_question_ends_with_the_interrupt() -> None:
    said = lines("interrupt_while_asking")
    asked = next(
        at for at, event in enumerate(events("interrupt_while_asking")) if isinstance(event, ev.DialogRequested)
    )
    agent, _ = folded(*said[: asked + 1])
    assert agent.activity.state is ActivityState.ASKING
    agent, _ = folded(*said)
    assert not agent.activity.dialogs and agent.activity.state is ActivityState.ABORTED


def test_what_an_interrupt_leaves_at_work_is_said_and_what_was_asked_is_not_done() -> None:
    """2.1.112 writes no result for the run until the sub-agent beside it has ended, and then one of another run."""
    name = "interrupt_beside_sub_agent"
    said, told = lines(name), objects(name)
    cut = 1 + next(at for at, one in enumerate(told) if "[Request interrupted" in json.dumps(one))
    ended = 1 + next(at for at, one in enumerate(told) if one.get("subtype") == "task_notification")
    agent, _ = folded(*said[:cut])
    assert agent.activity.state is ActivityState.WORKING and not agent.run_open and not agent.activity.dialogs
    assert agent.activity.detail == "in the background: count files"
    sentences = why(agent, None, float(cut))
    assert "Its run was aborted: it counts as working for what goes on beside it." in sentences
    agent, _ = folded(*said[:ended])
    assert agent.activity.state is ActivityState.ABORTED and not agent.background
    agent, _ = folded(*said)
    assert agent.activity.state is ActivityState.DONE_UNSEEN

    book, agent, prompt = ReceiptBook(), AGENT, Receipt(CommandId("a"), AGENT.id, "prompt", "x", Stage.WRITTEN, 0.0)
    prompt = replace(prompt, text=next(str(one["message"]["content"]) for one in told if one.get("isReplay")))
    book.add(prompt)
    stages = []
    for record in records(*said):
        after = reduce_agent(agent, record)
        changed = book.observe(record, settled=agent.run_open and not after.run_open)
        stages += [(record.line, one.stage, one.reason) for one in changed]
        agent = after
    assert stages[-1] == (cut, Stage.FAILED, "the run was aborted")


def test_a_run_that_has_said_its_words_waits_for_what_goes_on_beside_it() -> None:
    """2.1.112 says that a run is over when its sub-agents have ended, too."""
    begun = [
        line(type="system", subtype="init", session_id="s"),
        line(type="system", subtype="task_started", task_id="a1", tool_use_id="t1", description="look behind"),
        line(type="assistant", message={"id": "m", "content": [{"type": "text", "text": "It looks."}]}),
    ]
    agent, _ = folded(*begun)
    assert agent.run_open and agent.activity.detail == "in the background: look behind"
    assert "It has said what it had to say: its run is over with what goes on beside it." in why(agent, None, 3.0)
    agent, _ = folded(*begun, line(type="system", subtype="task_notification", task_id="a1", status="completed"))
    assert agent.run_open and agent.activity.detail == ""


def test_a_text_told_late_does_not_cut_the_answer_that_streams() -> None:
    _, transcript = folded(*lines("simple_partial"))
    assert [entry.kind for entry in transcript.entries()] == [EntryKind.USER, EntryKind.ANSWER]
    assert not any(entry.failed or entry.open for entry in transcript.entries())


def test_another_session_than_before_is_never_silent() -> None:
    one, other = (line(type="system", subtype="init", session_id=name) for name in ("one", "other"))
    end = line(type="result", subtype="success", is_error=False, result="x", usage={}, total_cost_usd=0)
    agent, transcript = folded(one, end, one, end)
    assert agent.conversation.id == "one" and not list(transcript.entries())
    agent, transcript = folded(one, end, b'{"type":"cockpit_run","run":"r2","agent":"claude"}', other, end)
    assert agent.conversation.id == "other"
    assert [entry.failed for entry in transcript.entries() if "other" in entry.title] == [True]
    _, transcript = folded(line(type="cockpit_session", id=""))
    assert "begins anew" in next(iter(transcript.entries())).text


def test_work_in_the_background_counts_as_working_behind_the_run() -> None:
    init = line(type="system", subtype="init", session_id="s")
    begun = line(type="system", subtype="task_started", task_id="b1", tool_use_id="t", description="sleep 20")
    end = line(type="result", subtype="success", is_error=False, result="x", usage={}, total_cost_usd=0)
    over = line(type="system", subtype="task_notification", task_id="b1", status="completed", summary="sleep 20")
    agent, _ = folded(init, begun, end)
    assert agent.activity.state is ActivityState.WORKING and "sleep 20" in agent.activity.detail
    assert not agent.run_open, "the run itself is over: what was asked is done"
    agent, transcript = folded(init, begun, end, over)
    assert agent.activity.state is ActivityState.DONE_UNSEEN and not agent.background
    assert "completed" in list(transcript.entries())[-1].title
    agent, _ = folded(init, begun, over, end)
    assert agent.activity.state is ActivityState.DONE_UNSEEN
    agent, _ = folded(init, begun, end, b'{"type":"cockpit_exit","run":"","code":137}')
    assert not agent.background and agent.activity.state is ActivityState.ERROR


def test_a_sub_agent_is_shown_in_the_call_that_made_it() -> None:
    call = {"type": "tool_use", "id": "t1", "name": "Task", "input": {"description": "look"}}
    inner = {"type": "tool_use", "id": "t2", "name": "Bash", "input": {"command": "ls"}}
    result = {"type": "tool_result", "tool_use_id": "t2", "content": "files"}
    said = (
        line(type="system", subtype="init", session_id="s"),
        line(type="assistant", message={"content": [call]}, parent_tool_use_id=None),
        line(type="assistant", message={"content": [inner]}, parent_tool_use_id="t1"),
        line(type="user", message={"content": [result]}, parent_tool_use_id="t1"),
    )
    agent, transcript = folded(*said)
    assert [tool.name for tool in agent.activity.tools] == ["Task"]
    [task] = [entry for entry in transcript.entries() if entry.kind is EntryKind.TOOL]
    assert task.open and "ls" in task.text
    assert not [entry for entry in transcript.entries() if entry.kind is EntryKind.RAW], (
        "no line of it is shown as it is"
    )


def test_a_line_that_was_cut_is_told() -> None:
    event = ClaudeDecoder().decode(b'{"type":"user","message":{"content":"', truncated=True, length=9_000_000)
    assert isinstance(event, ev.BrokenLine) and event.length == 9_000_000


def test_an_abort_of_a_cockpit_is_claimed_though_its_answer_comes_before_the_end() -> None:
    said = lines("interrupt_text")
    end = next(at for at, record in enumerate(objects("interrupt_text")) if record["type"] == "result")
    answer = line(type="control_response", response={"subtype": "success", "request_id": "abort:ck-1", "response": {}})
    ours, _ = folded(*said[:end], answer, said[end])
    assert (ours.activity.state, ours.activity.detail) == (ActivityState.ABORTED, "")
    foreign = answer.replace(b"ck-1", b"somebody")
    theirs, _ = folded(*said[:end], foreign, said[end])
    assert theirs.activity.state is ActivityState.ABORTED and theirs.activity.detail
    idle, _ = folded(*said[: end + 1], answer)
    assert not idle.abort_requested, "at rest there is nothing to end"


def test_a_sub_agent_is_shown_with_what_it_does_and_opens_nothing_once_its_call_and_its_run_are_over() -> None:
    """As versions 2.1.112 and 2.1.197 write it: the call of one in the background ends at once, its words follow."""
    call = {"type": "tool_use", "id": "t1", "name": "Task", "input": {"description": "look behind"}}
    begun = [
        line(type="system", subtype="init", session_id="s"),
        line(type="assistant", parent_tool_use_id=None, message={"id": "m", "content": [call]}),
        line(type="system", subtype="task_started", task_id="a1", tool_use_id="t1", description="look behind"),
    ]
    called = {"type": "tool_result", "tool_use_id": "t1", "content": "launched"}
    over = [
        line(type="user", message={"role": "user", "content": [called]}, parent_tool_use_id=None),
        line(type="result", subtype="success", is_error=False, result="done", terminal_reason="completed"),
    ]
    works = line(type="system", subtype="task_progress", task_id="a1", tool_use_id="t1", description="Running ls")
    words = {"content": [{"type": "tool_use", "name": "Bash", "input": {"command": "ls"}}]}
    ends = line(type="system", subtype="task_notification", task_id="a1", tool_use_id="t1", status="completed")
    agent, _ = folded(*begun, works)
    assert [(task.what, task.doing) for task in agent.background] == [("look behind", "Running ls")]
    agent, _ = folded(*begun, *over, works)
    assert not agent.run_open and not agent.activity.tools
    assert agent.activity.state is ActivityState.WORKING
    assert agent.activity.detail == "in the background: look behind · Running ls"
    late = line(type="assistant", parent_tool_use_id="t1", message=words)
    agent, transcript = folded(*begun, *over, late, ends, late)
    assert [entry.open for entry in transcript.entries() if entry.kind is EntryKind.TOOL] == [False]
    assert not agent.run_open and not agent.activity.tools and not agent.background
    assert agent.activity.state is ActivityState.DONE_UNSEEN


@pytest.mark.parametrize(
    ("status", "word", "end", "kind"),
    [
        (429, "rate_limit", "API Error: Request rejected (429) · mock error 429", LIMIT),
        (500, "server_error", "API Error: 500 mock error. This is a server-side issue, usually temporary", GATEWAY),
        (529, "rate_limit", 'API Error: 529 {"type":"error","error":{"type":"overloaded_error"}}', GATEWAY),
        (529, "overloaded", "API Error: 529 mock error. This is a server-side issue, usually temporary", GATEWAY),
        (401, "authentication_failed", "Failed to authenticate. API Error: 401 mock error", KEY),
        (403, "authentication_failed", "Failed to authenticate. API Error: 403 mock error", KEY),
        (None, "server_error", "API Error: Connection closed mid-response. It may be incomplete.", GATEWAY),
    ],
)
def test_what_the_provider_refuses_is_told_as_it_is(status: int | None, word: str, end: str, kind: CauseKind) -> None:
    """As versions 2.1.112 and 2.1.197 write it: the older calls an overload a limit of rate while it waits."""
    init = line(type="system", subtype="init", session_id="s")
    waits = line(
        type="system",
        subtype="api_retry",
        attempt=1,
        max_retries=9,
        retry_delay_ms=5e2,
        error_status=status,
        error=word,
    )
    said = line(
        type="assistant",
        message={"model": "<synthetic>", "content": [{"type": "text", "text": end}]},
        parent_tool_use_id=None,
        error=word,
    )
    over = line(type="result", subtype="success", is_error=True, result=end, terminal_reason="completed")
    waiting, _ = folded(init, waits)
    assert waiting.activity.state is ActivityState.RETRYING and (waiting.activity.retry_attempt == 1)
    if status is not None:
        cause = cause_of(waiting)
        assert cause is not None and cause.kind is kind and str(status) in waiting.activity.error
    failed, _ = folded(init, waits, said, over)
    cause = cause_of(failed)
    assert failed.activity.state is ActivityState.ERROR and failed.activity.error == end and not failed.run_open
    assert cause is not None and cause.kind is kind


def test_a_sub_agent_is_told_from_a_command_with_what_it_uses_until_its_task_ends() -> None:
    """As versions 2.1.112 and 2.1.197 write it: the older names no kind of a sub-agent."""
    init = line(type="system", subtype="init", session_id="s")
    begun = {"type": "system", "subtype": "task_started", "description": "count the files", "task_type": "local_agent"}
    older = line(**begun, task_id="a1", tool_use_id="t1")
    newer = line(**begun, task_id="a2", tool_use_id="t2", subagent_type="Explore")
    command = line(**{**begun, "task_type": "local_bash"}, task_id="b1", tool_use_id="t3")
    used = {"total_tokens": 1475, "tool_uses": 2, "duration_ms": 66927}
    works = line(type="system", subtype="task_progress", task_id="a1", tool_use_id="t1", description="ls", usage=used)
    over = {"type": "system", "subtype": "task_notification", "status": "completed", "summary": "count the files"}
    agent, _ = folded(init, older, newer, command, works)
    assert [(one.task.sub_agent, one.task.doing, one.task.tokens, one.task.calls) for one in sub_agents_of(agent)] == [
        ("sub-agent", "ls", 1475, 2),
        ("Explore", "", 0, 0),
    ]
    assert [task.what for task in agent.background if not task.sub_agent] == ["count the files"]
    end = line(type="result", subtype="success", is_error=False, result="x", usage={}, total_cost_usd=0)
    agent, transcript = folded(init, older, works, end, line(**over, task_id="a1", usage=used))
    told = list(transcript.entries())[-1]
    assert not sub_agents_of(agent) and told.title == "sub-agent completed"
    assert told.text == "count the files · 2 tool calls · 1475 tokens · 1 min"


@pytest.mark.parametrize("turns", [0, 1, 4])
def test_a_connection_that_broke_in_the_midst_is_no_success_though_2_1_112_calls_it_one(turns: int) -> None:
    """The end of a model's answer has its reason; a command of its own, which takes no turn, has none either."""
    init = line(type="system", subtype="init", session_id="s")
    said = line(
        type="assistant",
        message={"id": "m", "model": "x", "content": [{"type": "text", "text": "word1 word2"}], "stop_reason": None},
        parent_tool_use_id=None,
    )
    end = line(
        type="result",
        subtype="success",
        is_error=False,
        num_turns=turns,
        result="word1 word2",
        stop_reason=None,
        terminal_reason="completed",
    )
    agent, transcript = folded(init, said, end)
    assert transcript.final_text() == "word1 word2" and not agent.run_open
    if turns == 0:
        assert agent.activity.state is ActivityState.DONE_UNSEEN
        return
    assert agent.activity.state is ActivityState.ERROR and "closed mid-response" in agent.activity.error
    cause = cause_of(agent)
    assert cause is not None and cause.kind is GATEWAY
