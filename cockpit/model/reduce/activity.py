"""Transitions of one agent's activity: entering a state, ending a run, opening and closing questions and tools."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    LinkState,
)
from cockpit.model.open_work import OpenDialog, OpenTool

SETTLE_DELAY = 0.3
"""Seconds after `agent_end` without a retry or a compaction until the run counts as over (pi before 0.80.4).

Both are written within the same millisecond, and so is the answer to an abort that ended the run; but a busy machine
may stop pi between two lines, and what is looked for on a VM now and then finds them in two looks. What is judged too
early is told as failed, although it is tried again."""

QUEUE_DELAY = 0.5
"""Seconds after a compaction with queued texts until no run counts as coming: pi starts it 0.1 s later."""

OVERDUE = 5.0
"""Seconds until an announced step (a retry, a settled run, a queued text) counts as not coming, if the agent itself
says that it is idle."""

SETTLING = "settling"
"""Detail: the run ended, and pi may still retry, compact or go on."""

UNCLAIMED = "nobody has said by whom"
"""Detail of an aborted run: no cockpit is known to have asked for it; an extension that aborts leaves it at that."""

BY_ANOTHER = "by another client of the agent"
"""Detail of an aborted run: the agent answered an abort that no cockpit wrote."""

ABORTS = frozenset({"This operation was aborted", "Operation aborted", "Request was aborted"})
"""What pi calls the failure of an answer that an abort cut (0.87 ends a run so if a tool ran); no provider says it."""

QUEUED_START = "starting a queued text"
"""Detail: a compaction ended, and pi takes up what is queued."""

ABORTED_RUN = "aborted"
"""Reason to stop of an answer that an abort cut, and of a run that was aborted."""

RETRY_COMING = "about to retry"
"""Detail: the run ended, and pi said that a retry follows."""

WAITING = "waiting for the model"
THINKING = "thinking"
WRITING = "writing"

BETWEEN_RUNS = frozenset({SETTLING, QUEUED_START, RETRY_COMING})

ODD_ENDS = {
    "length": "the answer was cut by the output limit",
    "empty": "the answer is empty",
    "silent": "it fell silent, and nothing that it printed says that it is done",
}
"""What is odd about a run that ended well, by the last answer's reason to stop."""

OPEN_LIMIT = 128
"""Tools, and dialogs, held open at once; a stream that never closes any must not grow the state."""

BUSY = frozenset({ActivityState.WORKING, ActivityState.RETRYING, ActivityState.COMPACTING})
"""The states in which an abort means something."""


def base_state(activity: Activity) -> ActivityState:
    """Return the state apart from any open question."""
    return activity.beneath if activity.state is ActivityState.ASKING else activity.state


def entered(activity: Activity, state: ActivityState, at: float, **changes: Any) -> Activity:
    """Return the activity in a state, under its open questions if there are any; `since` moves with what shows."""
    asking = bool(changes.get("dialogs", activity.dialogs))
    shown = ActivityState.ASKING if asking else state
    changes["state"] = shown
    changes["beneath"] = state if asking else ActivityState.UNKNOWN
    if shown is not activity.state:
        changes["since"] = at
    return replace(activity, **changes)


def working(agent: Agent, at: float, detail: str, **changes: Any) -> Agent:
    """Return the agent at work in an open run."""
    activity = agent.activity
    # Text can stream while a tool's question waits, but a compaction that ends late must not hide the new run.
    if agent.run_open and not changes and activity.detail == detail and base_state(activity) is ActivityState.WORKING:
        return agent
    return replace(
        agent, run_open=True, activity=entered(activity, ActivityState.WORKING, at, detail=detail, **changes)
    )


def finished(agent: Agent, at: float, *, error: str | None = None, aborted: bool = False) -> Agent:
    """Return the agent after the true end of a run, judged by the last answer's stop reason.

    Args:
        agent: the agent.
        at: when the run ended, unix seconds.
        error: the text of a failure that stands whatever the last answer was; None lets the answer decide.
        aborted: the agent said that the run was aborted.
    """
    reason = agent.stop_reason
    failed = error is not None or reason == "error"
    text = ""
    detail = ""
    said = error or agent.activity.error
    if aborted or reason == ABORTED_RUN or (failed and (agent.abort_requested or said in ABORTS)):
        state = ActivityState.ABORTED
        detail = "" if agent.abort_requested else UNCLAIMED
        agent = replace(agent, stop_reason=ABORTED_RUN)
    elif failed:
        state = ActivityState.ERROR
        text = said or "the agent gave no reason"
    else:
        state = ActivityState.DONE_UNSEEN
        detail = ODD_ENDS.get(reason, "")
    return _at_rest(agent, state, at, detail=detail, error=text)


def rested(agent: Agent, at: float) -> Agent:
    """Return the agent idle, where nothing is known of how its run ended."""
    return _at_rest(agent, ActivityState.IDLE, at, detail="", error="")


def _at_rest(agent: Agent, state: ActivityState, at: float, *, detail: str, error: str) -> Agent:
    # A run's end closes the questions of the run; those of an extension's own command hold up no run, but nobody
    # can tell the two apart, and an answer that comes late is harmless (see `DialogRequested`).
    dialogs = () if agent.run_open else agent.activity.dialogs
    activity = entered(
        agent.activity,
        state,
        at,
        detail=detail,
        error=error,
        tools=(),
        dialogs=dialogs,
        retry_attempt=0,
        retry_of=0,
        retry_at=None,
        compaction_reason="",
    )
    return replace(agent, run_open=False, abort_requested=False, activity=activity)


def with_dialogs(agent: Agent, dialogs: tuple[OpenDialog, ...], at: float) -> Agent:
    """Return the agent with exactly these open questions."""
    activity = agent.activity
    if dialogs == activity.dialogs:
        return agent
    return replace(agent, activity=entered(activity, base_state(activity), at, dialogs=dialogs))


def dialog_opened(agent: Agent, request: DialogRequested, at: float) -> Agent:
    """Return the agent with one more question waiting."""
    others = tuple(dialog for dialog in agent.activity.dialogs if dialog.request.dialog_id != request.dialog_id)
    opened = OpenDialog(request, at, tuple(tool.call_id for tool in agent.activity.tools))
    return with_dialogs(agent, (*others, opened)[-OPEN_LIMIT:], at)


def dialogs_due(agent: Agent, now: float) -> Agent:
    """Close the questions whose time is up: the agent answered itself and said nothing."""
    waiting = tuple(
        dialog
        for dialog in agent.activity.dialogs
        if dialog.request.timeout is None or now < dialog.since + dialog.request.timeout
    )
    return with_dialogs(agent, waiting, now)


def tool_opened(agent: Agent, tool: OpenTool, at: float) -> Agent:
    """Return the agent with one more tool call running."""
    others = tuple(known for known in agent.activity.tools if known.call_id != tool.call_id)
    return working(agent, at, f"calling {tool.name}", tools=(*others, tool)[-OPEN_LIMIT:])


def tool_closed(agent: Agent, call_id: str, at: float) -> Agent:
    """Return the agent without a tool call, and without the questions that only this call still waited for."""
    activity = agent.activity
    tools = tuple(tool for tool in activity.tools if tool.call_id != call_id)
    still_open = {tool.call_id for tool in tools}
    dialogs = tuple(
        dialog for dialog in activity.dialogs if not dialog.gates or not still_open.isdisjoint(dialog.gates)
    )
    detail = f"calling {tools[-1].name}" if tools else ""
    return working(agent, at, detail, tools=tools, dialogs=dialogs)


def says_its_end(agent: Agent) -> bool:
    """Say whether an agent writes a line of its own once nothing follows: its kind knows, or it has shown it."""
    return agent.settles or agent.says_end


def is_settling(agent: Agent) -> bool:
    """Say whether only time can tell if an agent's run has ended: the link is up, and nothing says that more comes."""
    return (
        agent.run_open
        and agent.activity.detail == SETTLING
        and not says_its_end(agent)
        and agent.link.state is LinkState.UP
    )
