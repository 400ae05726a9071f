"""What is known of an agent's process after a look at it: an old fact that is learnt again keeps its time."""

from __future__ import annotations

from cockpit.agents.scaffold.answers import AgentState, ProbeResult
from cockpit.model.fleet import UNKNOWN_TIME, Process, ProcessState
from cockpit.model.scaffold import LOW_DISK, Scaffold

STATES = {
    AgentState.ALIVE: ProcessState.ALIVE,
    AgentState.DEAD: ProcessState.DEAD,
    AgentState.ABSENT: ProcessState.UNKNOWN,
}


def scaffold_of(result: ProbeResult, out_bound: int) -> Scaffold | None:
    """Return what a look found around the agent; None if no agent was ever started there."""
    if result.state is AgentState.ABSENT:
        return None
    # What changes with every line is kept as coarse as it is told: a look that finds no trouble changes nothing.
    disk = result.disk_left if result.disk_left is not None and result.disk_left < LOW_DISK else None
    size, bound = (result.out_size, out_bound) if 0 < out_bound < result.out_size else (0, 0)
    held = (result.fifo, result.keeper, result.session, result.keeper_session)
    return Scaffold(*held, disk, size, bound, result.reports, result.beats)


def looked_at(known: Process, result: ProbeResult, now: float, out_bound: int = 0) -> Process:
    """Return what is known of a process after a look at it; what was known already keeps its time.

    Args:
        now: unix seconds here.
        out_bound: bytes its output file may have; 0 sets no bound.
    """
    state = STATES[result.state]
    same_run = known.run_id in ("", result.run_id)
    ended_at = known.ended_at if same_run else None
    if state is ProcessState.DEAD:
        ago = result.ended_ago
        if ago is None and known.state is not ProcessState.ALIVE:
            ago = result.written_ago  # Nobody saw it alive after its last word.
        ended_at = ended_at if ended_at is not None else now - (ago or 0.0)
        since = ended_at
    elif state is ProcessState.UNKNOWN:
        since = known.since if known.state is state else now
    else:
        ended_at = None
        started_at = now - result.started_ago if result.started_ago is not None else UNKNOWN_TIME
        since = known.since if known.state is state and same_run else started_at
    absent = result.state is AgentState.ABSENT
    scaffold = scaffold_of(result, out_bound)
    code, errors, run_id = result.exit_code, result.errors, result.run_id
    also = known.looked_also_at if absent else ()
    return Process(state, since, code, errors, run_id, ended_at, absent, also, scaffold)
