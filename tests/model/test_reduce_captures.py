"""Every capture folded: the states an operator would have seen, and sums that plain json agrees with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.model.content import Usage
from cockpit.model.fleet import Agent
from cockpit.model.reduce.reduce import abort_requested, dialog_answered, expire
from tests.model.captures import NAMES, answers, fold, objects


def answer_all(agent: Agent, at: float) -> Agent:
    """The operator answers whatever is asked."""
    for dialog in agent.activity.dialogs:
        agent = dialog_answered(agent, dialog.request.dialog_id, at)
    return agent


def wait_long(agent: Agent, at: float) -> Agent:
    """Nobody answers."""
    return expire(agent, at + 1.5)


RUN = "working done-unseen"
ASKED = "asking idle " * 5
EXTENSION_ACTS: dict[int, Callable[[Agent, float], Agent]] = {
    **dict.fromkeys((6, 9, 12, 15, 18), answer_all),
    21: wait_long,
}

SEQUENCES: dict[str, str] = {
    "simple_text": f"unknown idle {RUN}",
    "thinking_tools": f"unknown idle {RUN}",
    "steer_midrun": f"unknown idle {RUN} {RUN}",
    "follow_up_queue": f"unknown idle {RUN} {RUN}",
    "queue_while_idle": f"unknown idle {RUN} {RUN}",
    "abort_text": f"unknown idle working aborted {RUN}",
    "abort_tool": "unknown idle working aborted",
    "retry_recovers": f"unknown idle working retrying working retrying {RUN}",
    "retry_gives_up": "unknown idle working retrying working retrying working retrying working error",
    # The first wait is cancelled, which leaves the failure; the second run is aborted, by a client that is no cockpit.
    "retry_aborted": "unknown idle working retrying error working retrying error aborted",
    "stream_dropped": f"unknown idle working retrying {RUN}",
    "errors_not_retried": f"unknown idle working error working error {RUN} {RUN} working error",
    "extension_ui": f"unknown idle {ASKED}asking idle working asking {RUN} working asking {RUN} working asking {RUN}"
    " working asking working aborted",
    "dialog_abort_hang": "unknown idle working asking working aborted",
    "startup_dialog": "unknown idle asking",
    "compaction_auto": f"unknown idle {RUN} {RUN} working compacting done-unseen {RUN}"
    " working compacting working error",
    "compaction_busy": f"unknown idle {RUN} {RUN} working compacting {RUN} {RUN} compacting idle",
    "compaction_manual": f"unknown idle compacting idle {RUN} {RUN} {RUN} {RUN} compacting idle compacting idle {RUN}",
    "compaction_midrun": f"unknown idle {RUN} {RUN} working compacting idle {RUN}",
    # Seven lives without a line of the scaffold in between: only the new process's own word ends the old run.
    "exits": "unknown idle working idle working",
    "restart_same_out": f"unknown idle {RUN} working idle {RUN} {RUN}",
}

OTHERWISE: dict[str, str] = {
    # The settled end is said, so the run stays open between the end of the compaction and that line.
    "compaction_auto.v0.87.1": f"unknown idle {RUN} {RUN} working compacting {RUN} {RUN}"
    " working compacting working error",
    # An empty session is refused, and a run is ended in full before it is compacted.
    "compaction_manual.v0.87.1": f"unknown idle compacting idle {RUN} {RUN} {RUN} {RUN} compacting idle"
    f" compacting idle {RUN}",
    "compaction_midrun.v0.87.1": f"unknown idle {RUN} {RUN} working aborted compacting idle {RUN}",
    # What is queued runs by itself after a failure, which is then no end.
    "error_queue.v1.6.0": f"unknown idle {RUN}",
    "retry_gives_up_queue.v1.6.0": f"unknown idle working retrying working retrying working retrying {RUN}",
    # Manual compaction emitted nothing before pi 0.63.1.
    "compaction_manual.v0.58.3": f"unknown idle {RUN} {RUN} {RUN} {RUN} {RUN}",
}

# What pi 1.6.0 says of these is what 0.87.1 says.
OTHERWISE |= {
    f"{name}.v1.6.0": OTHERWISE[f"{name}.v0.87.1"]
    for name in ("compaction_auto", "compaction_manual", "compaction_midrun")
}
# Its settled end says at once that the run was aborted.
OTHERWISE["retry_aborted.v1.6.0"] = "unknown idle working retrying error working retrying aborted"

ACTS: dict[str, dict[int, Callable[[Agent, float], Agent]]] = {
    "abort_tool.jsonl": {23: abort_requested},
    "abort_tool.v0.87.1.jsonl": {24: abort_requested},
    "dialog_abort_hang.v0.87.1.jsonl": {28: abort_requested},
    "extension_ui.jsonl": EXTENSION_ACTS | {57: answer_all, 99: answer_all, 143: answer_all},
    "extension_ui.v0.87.1.jsonl": EXTENSION_ACTS
    | {59: answer_all, 102: answer_all, 147: answer_all, 191: abort_requested},
}
ACTS |= {name.replace("v0.87.1", "v1.6.0"): acts for name, acts in ACTS.items() if "v0.87.1" in name}


def expected_sequence(name: str) -> str | None:
    stem = name.removesuffix(".jsonl")
    return OTHERWISE.get(stem) or SEQUENCES.get(stem.partition(".")[0])


@pytest.mark.parametrize(
    "name", [name for name in NAMES if expected_sequence(name) and name != "extension_ui.v0.58.3.jsonl"]
)
def test_states_are_those_of_the_protocol(name: str) -> None:
    _, states = fold(name, before=ACTS.get(name))
    assert " ".join(states) == expected_sequence(name)


def test_an_operators_cancelled_backoff_is_no_failure() -> None:
    _, states = fold("retry_aborted.jsonl", before={25: abort_requested})
    assert states[-2:] == ["retrying", "aborted"]


@pytest.mark.parametrize("name", NAMES)
def test_usage_is_the_sum_over_answers_and_compactions(name: str) -> None:
    agent, _ = fold(name)
    sums = [message["usage"] for message in answers(name)]
    sums += [
        found["result"]["usage"]
        for found in objects(name)
        if found.get("type") == "compaction_end" and "usage" in (found.get("result") or {})
    ]
    expected = Usage(
        sum(usage["input"] for usage in sums),
        sum(usage["output"] for usage in sums),
        sum(usage["cacheRead"] for usage in sums),
        sum(usage["cacheWrite"] for usage in sums),
        sum(usage["cost"]["total"] for usage in sums),
    )
    assert agent.usage.tokens == expected.tokens
    assert (agent.usage.input, agent.usage.output) == (expected.input, expected.output)
    assert agent.usage.cost == pytest.approx(expected.cost)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("queries")])
def test_the_last_answer_leaves_its_marks(name: str) -> None:
    agent, _ = fold(name)
    found = answers(name)
    if not found:
        return
    good = [message for message in found if message["stopReason"] not in ("error", "aborted")]
    if good and good[-1]["usage"]["totalTokens"]:
        assert agent.context_tokens == good[-1]["usage"]["totalTokens"]
    assert agent.model == found[-1]["model"]
    assert agent.turns == sum(line.get("type") == "turn_start" for line in objects(name))


def test_odd_ends_are_flagged() -> None:
    seen: list[str] = []

    def look(agent: Agent, at: float) -> Agent:
        seen.append(agent.activity.detail)
        return agent

    fold("errors_not_retried.jsonl", before={64: look, 74: look})
    assert seen == ["the answer was cut by the output limit", "the answer is empty"]


def test_broken_lines_are_counted() -> None:
    agent, _ = fold("extension_ui.v0.58.3.jsonl")
    assert agent.broken_lines == 2


def test_nothing_stays_open_after_the_last_run() -> None:
    for name in NAMES:
        agent, states = fold(name)
        if states[-1] not in ("working", "asking"):
            assert (agent.activity.tools, agent.activity.dialogs, agent.run_open) == ((), (), False), name
