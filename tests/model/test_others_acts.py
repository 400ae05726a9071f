"""What others do to an agent at work: settings that stand, and aborts that are no failure and say whose they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model import events as ev
from cockpit.model.attention import attention
from cockpit.model.events import Event, Record
from cockpit.model.fleet import ActivityState, Agent, Fleet
from cockpit.model.ids import CommandId
from cockpit.model.reduce.activity import BY_ANOTHER, UNCLAIMED
from cockpit.model.reduce.reduce import abort_requested, reduce_agent, settle
from cockpit.model.why import why
from tests.model.captures import AGENT, START, fresh_agent, records

OURS = CommandId("ck-0123456789ab")
MODEL = {"id": "new", "provider": "other", "contextWindow": 1000}
ABORTED = ev.MessageEnded("assistant", stop_reason="error", error="This operation was aborted")


def feed(agent: Agent, *events: Event) -> Agent:
    """Fold events, a moment apart."""
    for event in events:
        at = (agent.last_event_at or START) + 0.001
        agent = reduce_agent(agent, Record(AGENT, 1, agent.line + 1, 0, 0, at, event))
    return agent


def at_work() -> Agent:
    """An agent in a run, whose model and thinking level are known."""
    known = ev.Responded("x", "get_state", True, data={"model": {"id": "old", "provider": "p"}, "thinkingLevel": "low"})
    return feed(replace(fresh_agent(), dialect="delta"), known, ev.RunStarted(), ev.TurnStarted())


def answer(model: str = "old", level: str = "low", provider: str = "p") -> Event:
    """An answer that was asked for with these settings."""
    blocks = (ev.Block("text", "x"),)
    return ev.MessageEnded("assistant", blocks, stop_reason="stop", model=model, thinking=level, provider=provider)


@pytest.mark.parametrize(
    "told",
    [
        (ev.Responded("x", "set_model", True, data=MODEL), ev.SettingChanged("thinking_level", "high")),
        (ev.Responded("x", "cycle_model", True, data={"model": MODEL, "thinkingLevel": "high"}),),
        (
            ev.Responded("x", "set_model", True, data=MODEL),
            ev.Responded("x", "cycle_thinking_level", True, data={"level": "high"}),
        ),
        (ev.Responded("x", "get_state", True, data={"model": MODEL, "thinkingLevel": "high", "isStreaming": True}),),
    ],
)
def test_what_was_set_in_a_run_stands_after_it(told: tuple[Event, ...]) -> None:
    agent = feed(at_work(), *told, answer(), ev.TurnEnded(), answer(), ev.RunEnded(False), ev.RunSettled())
    assert (agent.model, agent.provider, agent.thinking, agent.context_window) == ("new", "other", "high", 1000)
    # What the next run answers with is news again.
    agent = feed(agent, ev.RunStarted(), answer("old", "low"))
    assert (agent.model, agent.provider, agent.thinking) == ("old", "p", "low")


def test_two_changes_in_a_run_and_one_back() -> None:
    agent = feed(at_work(), *(ev.SettingChanged("thinking_level", level) for level in ("high", "off")))
    assert feed(agent, answer(level="high")).thinking == "off"
    assert feed(agent, answer(level="low")).thinking == "off"
    assert feed(agent, ev.SettingChanged("thinking_level", "low"), answer(level="low")).thinking == "low"


def test_a_model_that_only_an_answer_names_is_known_by_it() -> None:
    agent = feed(at_work(), answer("silent", "max", "elsewhere"))
    assert (agent.model, agent.provider, agent.thinking) == ("silent", "elsewhere", "max")


def ended(dialect: str, reason: str = "error") -> tuple[Event, ...]:
    """How a run ends in which an abort came during a tool."""
    end: tuple[Event, ...] = (ev.RunEnded(False), ev.RunSettled()) if dialect == "delta" else (ev.RunEnded(),)
    return (replace(ABORTED, stop_reason=reason), ev.TurnEnded(), *end)


@pytest.mark.parametrize("dialect", ["accumulated", "delta"])
@pytest.mark.parametrize("reason", ["error", "aborted"])
@pytest.mark.parametrize(
    ("command_id", "detail"), [(OURS, ""), ("somebody", BY_ANOTHER), ("", BY_ANOTHER), (None, UNCLAIMED)]
)
def test_an_abort_is_no_failure_and_says_whose_it_was(
    dialect: str, reason: str, command_id: str | None, detail: str
) -> None:
    agent = feed(replace(at_work(), dialect=dialect), *ended(dialect, reason))
    if command_id is not None:
        agent = feed(agent, ev.Responded(command_id, "abort", True))
    agent = settle(agent, START + 5)
    assert (agent.activity.state, agent.activity.detail) == (ActivityState.ABORTED, detail)
    assert attention(Fleet(agents=(agent,)), START + 5) == ()
    said = f"Its run was aborted 5s ago{f'; {detail}' if detail else ''}."
    assert said in [line.replace("5 s", "5s") for line in why(agent, None, agent.activity.since + 5)]


def test_an_abort_that_we_wrote_is_ours_without_an_answer() -> None:
    agent = feed(abort_requested(at_work(), START + 1), *ended("delta"))
    assert (agent.activity.state, agent.activity.detail) == (ActivityState.ABORTED, "")


def test_an_abort_of_nothing_changes_nothing() -> None:
    done = feed(at_work(), answer(), ev.RunEnded(False), ev.RunSettled())
    assert feed(done, ev.Responded("x", "abort", True)).activity == done.activity
    ours = feed(abort_requested(at_work(), START + 1), *ended("delta"))
    assert feed(ours, ev.Responded("x", "abort", True)).activity == ours.activity


@pytest.mark.parametrize("name", ["retry_aborted.jsonl", "retry_aborted.v0.87.1.jsonl", "retry_aborted.v1.6.0.jsonl"])
def test_a_backoff_that_somebody_else_aborts(name: str) -> None:
    agent = fresh_agent()
    for record in records(name):
        agent = reduce_agent(agent, record)
    assert (agent.activity.state, agent.activity.detail) == (ActivityState.ABORTED, BY_ANOTHER)
