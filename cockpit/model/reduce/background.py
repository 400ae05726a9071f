"""Work beside a run: while some of it goes on behind the end of a run, the agent counts as working."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.fleet import (
    ActivityState,
    Agent,
)
from cockpit.model.open_work import OpenTask
from cockpit.model.reduce.activity import ABORTED_RUN, OPEN_LIMIT, base_state, entered
from cockpit.model.reduce.tools import one_line
from cockpit.model.tool_use import TaskEnded, TaskStarted, ToolOutput

IN_BACKGROUND = "in the background: "
"""How the detail begins of an agent whose run is over, or that has nothing more to say in it."""

BESIDE = frozenset({ActivityState.DONE_UNSEEN, ActivityState.WORKING, ActivityState.ABORTED})
"""The states of a run, open or over, in which what goes on beside it counts."""


def task_started(agent: Agent, event: TaskStarted, at: float) -> Agent:
    """Return the agent with one more task."""
    others = tuple(task for task in agent.background if task.task_id != event.task_id)
    what, sub_agent = one_line(event.what, 120), one_line(event.sub_agent, 40)
    named = what or ("a sub-agent" if sub_agent else "a task")
    task = OpenTask(event.task_id, named, at, event.call_id, sub_agent, heard_at=at)
    return replace(agent, background=(*others, task)[-OPEN_LIMIT:])


def task_goes_on(agent: Agent, event: ToolOutput, at: float) -> Agent:
    """Return the agent after a sub-agent said what it is at: it opens no call and no run, however late it comes."""

    def goes_on(task: OpenTask) -> OpenTask:
        if task.call_id != event.call_id:
            return task
        doing = one_line(event.text, 120) or task.doing
        tokens, calls = event.tokens or task.tokens, event.calls or task.calls
        return replace(task, doing=doing, tokens=tokens, calls=calls, heard_at=at)

    tasks = tuple(map(goes_on, agent.background))
    if tasks == agent.background:
        return agent
    agent = replace(agent, background=tasks)
    return in_background(agent, at) if goes_on_alone(agent) else agent


def task_ended(agent: Agent, event: TaskEnded, at: float) -> Agent:
    """Return the agent without a task; with the last one behind the end of its run it is done, or aborted."""
    left = tuple(task for task in agent.background if task.task_id != event.task_id)
    if left == agent.background:
        return agent
    waited, agent = goes_on_alone(agent), replace(agent, background=left)
    if not waited:
        return agent
    if left:
        return in_background(agent, at)
    if agent.run_open:
        return replace(agent, activity=replace(agent.activity, detail=""))
    state = ActivityState.ABORTED if was_aborted(agent) else ActivityState.DONE_UNSEEN
    return replace(agent, abort_requested=False, activity=entered(agent.activity, state, at, detail=""))


def goes_on_alone(agent: Agent) -> bool:
    """Say whether an agent counts as working for nothing but what goes on beside its run."""
    return agent.activity.detail.startswith(IN_BACKGROUND)


def was_aborted(agent: Agent) -> bool:
    """Say whether the run of such an agent was aborted, or what went on beside it."""
    return not agent.run_open and (agent.abort_requested or agent.stop_reason == ABORTED_RUN)


def in_background(agent: Agent, at: float) -> Agent:
    """Return the agent at work behind the end of a run that was no failure, if some task goes on.

    An abort ends a run and not what goes on beside it, which begins another run when it has ended.
    """
    if not agent.background or base_state(agent.activity) not in BESIDE:
        return agent
    last = agent.background[-1]
    detail = f"{IN_BACKGROUND}{last.what}" + (f" · {last.doing}" if last.doing else "")
    return replace(agent, activity=entered(agent.activity, ActivityState.WORKING, at, detail=detail))
