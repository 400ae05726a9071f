"""The rules of the fold one by one, where a capture cannot show them."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import FrameType

import pytest

from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.fleet import ActivityState, Agent, Link, LinkState, ProcessState
from cockpit.model.reduce.reduce import abort_requested, dialog_answered, expire, mark_seen, reduce_agent, settle
from cockpit.model.reduce.tools import one_line, summarize_call
from tests.model.captures import AGENT, START, fresh_agent

State = ActivityState
STOP = ev.MessageEnded("assistant", (ev.Block("text", "Done.\nMore."),), ev.Usage(10, 5), "stop", model="m")
STATE_IDLE = ev.Responded("p", "get_state", True, data={"isStreaming": False, "isCompacting": False})
STATE_BUSY = ev.Responded("p", "get_state", True, data={"isStreaming": True, "isCompacting": False})


def feed(agent: Agent, *events: Event, gap: float = 0.001) -> Agent:
    """Fold events, each a moment after the one before."""
    for event in events:
        at = (agent.last_event_at or START) + gap
        agent = reduce_agent(agent, Record(AGENT, 1, agent.line + 1, 0, 0, at, event))
    return agent


def ask(name: str, timeout: float | None = None) -> ev.DialogRequested:
    return ev.DialogRequested(name, "confirm", "Sure?", timeout=timeout)


def state(agent: Agent) -> ActivityState:
    return agent.activity.state


def test_an_old_run_is_over_after_a_moment_of_quiet_and_not_before_a_late_line_can_come() -> None:
    agent = feed(fresh_agent(), ev.RunStarted(), STOP, ev.RunEnded())
    ended = agent.last_event_at or 0.0
    assert state(settle(agent, ended + 0.29)) is State.WORKING, "on a busy machine what follows is read so late"
    settled = settle(agent, ended + 0.31)
    assert (state(settled), settled.activity.since, settled.run_open) == (State.DONE_UNSEEN, ended, False)
    assert state(feed(agent, STATE_BUSY, gap=0.4)) is State.WORKING  # settled first, then found at work again
    assert state(mark_seen(settled)) is State.IDLE


def test_silence_on_a_dead_link_settles_nothing() -> None:
    agent = feed(fresh_agent(), ev.RunStarted(), STOP, ev.RunEnded())
    down = replace(agent, link=Link(LinkState.DOWN))
    assert state(settle(down, START + 600)) is State.WORKING
    assert state(feed(down, ev.RetryStarted(1, 3, 2.0, "529"), gap=600.0)) is State.RETRYING
    assert state(feed(down, ev.ExtensionNotice("notify"), gap=600.0)) is State.DONE_UNSEEN


def test_a_long_silence_is_no_end() -> None:
    agent = feed(fresh_agent(), ev.RunStarted(), ev.ToolStarted("t", "bash", {"command": "make"}))
    assert state(settle(replace(agent, link=Link(LinkState.UP)), START + 6000)) is State.WORKING


def test_a_new_run_waits_for_its_settled_line() -> None:
    agent = replace(fresh_agent(), says_end=True)
    agent = feed(agent, ev.RunStarted(), STOP, ev.RunEnded(False))
    assert state(settle(agent, START + 60)) is State.WORKING
    assert state(feed(agent, ev.RunSettled())) is State.DONE_UNSEEN
    assert state(feed(agent, STATE_IDLE, gap=6.0)) is State.DONE_UNSEEN
    assert state(feed(agent, ev.RunSettled(aborted=True))) is State.ABORTED


def test_an_announced_retry_is_waited_for_whatever_the_state_says() -> None:
    agent = feed(fresh_agent(), ev.RunStarted(), ev.RunEnded(True))
    assert state(settle(agent, START + 2)) is State.WORKING
    agent = feed(agent, ev.RetryStarted(1, 3, 4.0, "overloaded"))
    assert agent.activity.retry_at == (agent.last_event_at or 0.0) + 4.0
    assert state(feed(agent, STATE_IDLE, gap=3.0)) is State.RETRYING
    overdue = feed(agent, STATE_IDLE, gap=10.0)
    assert (state(overdue), overdue.activity.error) == (State.ERROR, "overloaded")


def test_a_questions_life() -> None:
    agent = feed(fresh_agent(), ev.RunStarted(), ev.ToolStarted("t", "bash", {"command": "rm x"}), ask("d"))
    assert (state(agent), agent.activity.beneath) == (State.ASKING, State.WORKING)
    assert state(dialog_answered(agent, "d", START + 9)) is State.WORKING
    assert state(feed(agent, ev.ToolEnded("t", "bash", ""))) is State.WORKING
    assert feed(agent, ev.RunEnded()).activity.dialogs == ()
    assert feed(agent, ev.DaemonStarted("r2")).activity.dialogs == ()
    assert dialog_answered(agent, "other", START) is agent


def test_a_question_closes_with_the_last_of_the_tools_that_may_have_asked() -> None:
    tools = (ev.ToolStarted("a", "one", {}), ev.ToolStarted("b", "two", {}))
    agent = feed(fresh_agent(), ev.RunStarted(), *tools, ask("d"), ev.ToolStarted("c", "three", {}))
    agent = feed(agent, ev.ToolEnded("a", "one", ""))
    assert state(agent) is State.ASKING
    assert state(feed(agent, ev.ToolEnded("b", "two", ""))) is State.WORKING


def test_a_question_times_out_in_silence() -> None:
    agent = feed(mark_seen(feed(fresh_agent(), STATE_IDLE)), ask("d", timeout=1.5))
    assert state(expire(agent, START + 1.0)) is State.ASKING
    assert state(expire(agent, START + 2.0)) is State.IDLE
    assert state(feed(agent, ev.ExtensionNotice("notify"), gap=2.0)) is State.IDLE


def test_a_question_outside_a_run_gives_back_what_was_there() -> None:
    done = settle(feed(fresh_agent(), ev.RunStarted(), STOP, ev.RunEnded()), START + 1)
    asked = feed(done, ask("d"))
    assert state(asked) is State.ASKING
    assert state(dialog_answered(asked, "d", START + 2)) is State.DONE_UNSEEN


def test_an_error_after_an_own_abort_is_an_abort() -> None:
    failed = ev.MessageEnded("assistant", stop_reason="error", error="This operation was aborted")
    busy = feed(fresh_agent(), ev.RunStarted(), ev.TurnStarted())
    own = abort_requested(busy, START + 0.01)
    assert state(settle(feed(own, failed, ev.RunEnded()), START + 1)) is State.ABORTED
    idle = settle(feed(fresh_agent(), ev.RunStarted(), STOP, ev.RunEnded()), START + 1)
    assert not abort_requested(idle, START + 2).abort_requested


def test_drift_is_corrected_by_the_agents_own_state() -> None:
    assert state(feed(fresh_agent(), STATE_BUSY)) is State.WORKING
    lost_end = feed(fresh_agent(), ev.RunStarted(), ev.ToolStarted("t", "bash", {}))
    idle = feed(lost_end, STATE_IDLE)
    assert (state(idle), idle.activity.tools, idle.run_open) == (State.IDLE, (), False)
    compacting = ev.Responded("p", "get_state", True, data={"isStreaming": False, "isCompacting": True})
    assert state(feed(idle, compacting)) is State.COMPACTING
    assert state(feed(idle, compacting, STATE_IDLE)) is State.IDLE
    auto = feed(fresh_agent(), ev.RunStarted(), STOP, ev.RunEnded(), ev.CompactionStarted("threshold"))
    assert state(feed(auto, compacting)) is State.COMPACTING


def test_the_state_tells_model_and_window() -> None:
    data = {"model": {"id": "big", "contextWindow": 200_000}, "isStreaming": False, "isCompacting": False}
    agent = feed(fresh_agent(), ev.Responded("p", "get_state", True, data=data))
    assert (agent.model, agent.context_window) == ("big", 200_000)
    stats = {"contextUsage": {"tokens": None, "contextWindow": 100_000}}
    agent = feed(agent, STOP, ev.Responded("s", "get_session_stats", True, data=stats))
    assert (agent.context_tokens, agent.context_window, agent.last_text) == (15, 100_000, "Done.")


def test_a_refused_prompt_is_an_error_only_at_rest() -> None:
    refused = ev.Responded("p", "prompt", False, "No API key found")
    assert state(feed(fresh_agent(), STATE_IDLE, refused)) is State.ERROR
    assert state(feed(fresh_agent(), ev.RunStarted(), refused)) is State.WORKING
    assert state(feed(fresh_agent(), STATE_IDLE, refused, ev.RunStarted())) is State.WORKING


def test_queued_texts_start_a_run_after_a_compaction() -> None:
    start = (ev.RunStarted(), STOP, ev.RunEnded(), ev.CompactionStarted("threshold"))
    agent = feed(fresh_agent(), *start, ev.QueueChanged(("more",), ()), ev.CompactionEnded("threshold"))
    ended = agent.last_event_at or 0.0
    assert state(settle(agent, ended + 0.2)) is State.WORKING
    assert state(settle(agent, ended + 1.0)) is State.DONE_UNSEEN


def test_a_daemons_life() -> None:
    agent = feed(fresh_agent(), ev.DaemonStarted("r1", "scripted"))
    assert (state(agent), agent.process.state, agent.program) == (
        State.STARTING,
        ProcessState.ALIVE,
        "scripted",
    )
    assert feed(agent, ev.DaemonExited("r1", 1)).activity.error == "the agent exited with code 1 before it was ready"
    agent = feed(agent, STATE_IDLE, ev.RunStarted(), ev.QueueChanged(("x",), ()), ev.RetryStarted(1, 3, 2.0))
    assert feed(agent, ev.DaemonExited("r0", 0)).process.state is ProcessState.ALIVE
    dead = feed(agent, ev.DaemonExited("r1", 137))
    assert (dead.process.state, dead.process.exit_code, state(dead)) == (ProcessState.DEAD, 137, State.ERROR)
    assert (dead.activity.steering, dead.activity.retry_at, dead.run_open) == ((), None, False)
    again = feed(dead, ev.DaemonStarted("r2"))
    assert (state(again), again.process.run_id, again.process.exit_code) == (State.STARTING, "r2", None)
    done = settle(feed(again, STATE_IDLE, ev.RunStarted(), STOP, ev.RunEnded()), START + 60)
    assert state(feed(done, ev.DaemonExited("r2", 0))) is State.DONE_UNSEEN


def test_a_new_file_resets_the_state_but_no_sum_and_no_question() -> None:
    agent = feed(fresh_agent(), ev.RunStarted(), ev.TurnStarted(), STOP, ask("d"), ev.EpochStarted("replaced"))
    assert (state(agent), agent.activity.beneath) == (State.ASKING, State.UNKNOWN)
    assert (agent.usage.tokens, agent.turns, agent.run_open) == (15, 1, False)
    done = settle(feed(fresh_agent(), ev.RunStarted(), STOP, ev.RunEnded()), START + 60)
    fresh = feed(done, ev.EpochStarted("truncated"))
    assert state(fresh) is State.UNKNOWN
    assert state(feed(fresh, STATE_IDLE)) is State.DONE_UNSEEN
    assert state(feed(fresh, STATE_BUSY)) is State.WORKING


def test_details_follow_the_stream() -> None:
    steps: list[tuple[Event, str]] = [
        (ev.RunStarted(), ""),
        (ev.TurnStarted(), "waiting for the model"),
        (ev.MessageStarted("assistant"), ""),
        (ev.ThinkingDelta(0, "hm"), "thinking"),
        (ev.TextDelta(1, "I will"), "writing"),
        (ev.BlockStarted(2, "toolCall"), "calling a tool"),
        (ev.ToolCallDelta(2, "{"), "calling a tool"),
        (ev.BlockEnded(2, "toolCall", "{}", "bash", "t"), "calling bash"),
        (ev.ToolStarted("t", "bash", {"command": "make  \n test"}), "calling bash"),
        (ev.ToolEnded("t", "bash", "ok"), ""),
        (ev.TurnEnded(), ""),
    ]
    agent = fresh_agent()
    for event, detail in steps:
        agent = feed(agent, event)
        assert agent.activity.detail == detail, event
        if isinstance(event, ev.ToolStarted):
            assert [tool.summary for tool in agent.activity.tools] == ["make test"]
    assert agent.last_work_at is not None


@pytest.mark.parametrize(
    ("arguments", "summary"),
    [
        ({"command": " ls \n -l "}, "ls -l"),
        ({"content": "x", "path": "a.py"}, "a.py"),
        ({"odd": "value"}, "odd: value"),
        ({"flag": True, "depth": 3}, "depth: 3"),
        ({"edits": []}, ""),
        ({"command": "x" * 5000}, "x" * 199 + "…"),
    ],
)
def test_summaries_are_one_short_line(arguments: dict[str, object], summary: str) -> None:
    assert summarize_call(arguments) == summary


def test_a_blank_of_any_kind_is_one_blank() -> None:
    assert one_line("a\u2028b\tc\r\nd") == "a b c d"


def test_a_delta_is_cheap() -> None:
    agent = feed(fresh_agent(), ev.RunStarted(), ev.TextDelta(0, "a"))
    record = Record(AGENT, 1, 9, 0, 0, START + 9, ev.TextDelta(0, "b"))
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        reduce_agent(agent, record)
    finally:
        sys.setprofile(None)
    assert calls <= 12, "counted and not timed: it is the commonest of all events, several hundred a second"
