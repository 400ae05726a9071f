"""What a look at a process tells: an old fact that is learnt again keeps its time, another run has its own."""

from __future__ import annotations

import pytest

from cockpit.agents.scaffold.answers import AgentState, ProbeResult
from cockpit.engine.streams.process import looked_at
from cockpit.model.fleet import UNKNOWN_TIME, Process, ProcessState

NOW = 1000.0
ALIVE = Process(ProcessState.ALIVE, 900.0, run_id="r1")
DEAD = Process(ProcessState.DEAD, 950.0, 1, run_id="r1", ended_at=950.0)
UNKNOWN = Process(ProcessState.UNKNOWN, 940.0, run_id="r1")


@pytest.mark.parametrize(
    ("known", "result", "since", "ended_at"),
    [
        (ALIVE, ProbeResult(AgentState.ALIVE, "r1", started_ago=50.0), 900.0, None),
        (ALIVE, ProbeResult(AgentState.ALIVE, "r2", started_ago=50.0), 950.0, None),
        (Process(), ProbeResult(AgentState.ALIVE, "r1", started_ago=50.0), 950.0, None),
        (Process(), ProbeResult(AgentState.ALIVE, "r1"), UNKNOWN_TIME, None),
        (DEAD, ProbeResult(AgentState.ALIVE, "r2", started_ago=5.0), 995.0, None),
        (ALIVE, ProbeResult(AgentState.DEAD, "r1", ended_ago=30.0, written_ago=60.0), 970.0, 970.0),
        (ALIVE, ProbeResult(AgentState.DEAD, "r1", written_ago=60.0), 1000.0, 1000.0),
        (UNKNOWN, ProbeResult(AgentState.DEAD, "r1", written_ago=60.0), 940.0, 940.0),
        (UNKNOWN, ProbeResult(AgentState.DEAD, "r1"), 1000.0, 1000.0),
        (DEAD, ProbeResult(AgentState.DEAD, "r1", ended_ago=7.0), 950.0, 950.0),
        (DEAD, ProbeResult(AgentState.DEAD, "r2", ended_ago=7.0), 993.0, 993.0),
        (ALIVE, ProbeResult(AgentState.ABSENT), 1000.0, None),
        (UNKNOWN, ProbeResult(AgentState.ABSENT, "r1"), 940.0, None),
        (DEAD, ProbeResult(AgentState.ABSENT, "r1"), 1000.0, 950.0),
    ],
)
def test_times(known: Process, result: ProbeResult, since: float, ended_at: float | None) -> None:
    seen = looked_at(known, result, NOW)
    assert (seen.since, seen.ended_at) == (since, ended_at)
    assert seen.run_id == result.run_id


def test_the_last_words_and_the_code_are_those_of_the_look() -> None:
    seen = looked_at(ALIVE, ProbeResult(AgentState.DEAD, "r1", exit_code=3, errors=("oh",), ended_ago=1.0), NOW)
    assert (seen.state, seen.exit_code, seen.errors) == (ProcessState.DEAD, 3, ("oh",))
