"""Folding an agent's records into what is known of it: pure, total, with no clock but the records' own times.

The rules follow pi's RPC mode (badlogic/pi-mono, packages/coding-agent/src/modes/rpc, versions 0.58 to 1.6), of both
dialects: where pi is too old to say that a run is finally over, `agent_end` that nothing follows at once is the end.
Usage, turns and the count of broken lines are sums over every record ever folded, of all epochs and daemon runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cockpit.model import events as ev
from cockpit.model.content import OUTPUT, Usage
from cockpit.model.events import Record
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    LinkState,
    Process,
    ProcessState,
)
from cockpit.model.open_work import OpenTool
from cockpit.model.reduce.activity import (
    BETWEEN_RUNS,
    BUSY,
    QUEUE_DELAY,
    QUEUED_START,
    RETRY_COMING,
    SETTLE_DELAY,
    SETTLING,
    THINKING,
    UNCLAIMED,
    WAITING,
    WRITING,
    base_state,
    dialog_opened,
    dialogs_due,
    entered,
    finished,
    says_its_end,
    tool_closed,
    tool_opened,
    with_dialogs,
    working,
)
from cockpit.model.reduce.answers import OUTCOMES, responded
from cockpit.model.reduce.background import in_background, task_ended, task_goes_on, task_started
from cockpit.model.reduce.conversations import in_session
from cockpit.model.reduce.interruptions import compaction_ended, compaction_started, retry_ended, retry_started
from cockpit.model.reduce.queues import queues_changed
from cockpit.model.reduce.settings import setting_changed, settings_of_answer
from cockpit.model.reduce.spending import spent
from cockpit.model.reduce.stamp import stamped
from cockpit.model.reduce.tools import one_line, summarize_call

LAST_TEXT_LENGTH = 120
"""Characters of the latest answer kept for lists."""

_STEADY: dict[type[Any], str] = {
    ev.TextDelta: WRITING,
    ev.ThinkingDelta: THINKING,
    ev.ToolCallDelta: "calling ",
}
"""How the detail begins when one more such delta changes nothing but the time: nearly all records are of this kind."""


def only_stamps(agent: Agent, record: Record) -> bool:
    """Say whether a record changes nothing of the agent but when and where it was last heard of."""
    steady = _STEADY.get(type(record.event))
    if steady is None or not agent.run_open:
        return False
    activity = agent.activity
    return activity.state is ActivityState.WORKING and activity.detail.startswith(steady)


def reduce_agent(agent: Agent, record: Record) -> Agent:
    """Return the agent after one record. Total: no event and no order of events makes it raise."""
    if only_stamps(agent, record):
        return stamped(agent, record, worked=True)
    event = record.event
    kind = type(event)
    activity = agent.activity
    if activity.detail in BETWEEN_RUNS:
        agent = _settled(agent, record.at)
    if agent.activity.dialogs:
        agent = dialogs_due(agent, record.at)
    handler = _HANDLERS.get(kind)
    if handler is not None:
        agent = handler(agent, event, record.at)
    return stamped(agent, record, worked=kind in _WORK)


def awaits_time(agent: Agent) -> bool:
    """Say whether time alone can change an agent: a run that may be over, or a question that may expire."""
    activity = agent.activity
    return activity.detail in BETWEEN_RUNS or any(dialog.request.timeout is not None for dialog in activity.dialogs)


def settle(agent: Agent, now: float) -> Agent:
    """Decide by the clock whether an ended run is over: nothing followed within the time in which pi would go on.

    Called between records. While the link is not up silence proves nothing, so nothing is decided then; the next
    record decides, whenever it comes.
    """
    return _settled(agent, now) if agent.link.state is LinkState.UP else agent


def _settled(agent: Agent, now: float) -> Agent:
    detail = agent.activity.detail
    if detail not in BETWEEN_RUNS or agent.last_event_at is None:
        return agent
    quiet = now - agent.last_event_at
    if detail == SETTLING and not says_its_end(agent) and quiet >= SETTLE_DELAY:
        return finished(agent, agent.last_event_at)
    if detail == QUEUED_START and quiet >= QUEUE_DELAY:
        return finished(agent, now)
    return agent


def expire(agent: Agent, now: float) -> Agent:
    """Apply what only time tells: questions that timed out, and ended runs that nothing followed."""
    return dialogs_due(settle(agent, now), now)


def mark_seen(agent: Agent) -> Agent:
    """Return the agent after the operator looked at it: a finished run is no news any more."""
    if base_state(agent.activity) is not ActivityState.DONE_UNSEEN:
        return agent
    return replace(agent, activity=entered(agent.activity, ActivityState.IDLE, agent.activity.since))


def dialog_answered(agent: Agent, dialog_id: str, at: float) -> Agent:
    """Return the agent after the operator's own answer was written; agents do not echo answers."""
    rest = tuple(dialog for dialog in agent.activity.dialogs if dialog.request.dialog_id != dialog_id)
    return with_dialogs(agent, rest, at)


def abort_requested(agent: Agent, at: float) -> Agent:
    """Note that the operator's abort was written: an error that ends this run counts as aborted.

    An abort of a run that is over by then is forgotten, so that it does not colour the next one.
    """
    agent = settle(agent, at)
    busy = agent.run_open or base_state(agent.activity) in BUSY
    return replace(agent, abort_requested=True) if busy else agent


# --- runs and turns --------------------------------------------------------------------------------


def _run_started(agent: Agent, event: ev.RunStarted, at: float) -> Agent:
    fresh = working(agent, at, "", error="", retry_attempt=0, retry_of=0, retry_at=None, compaction_reason="")
    mode = event.permission_mode or agent.permission_mode
    fresh = replace(fresh, stop_reason="", former=(), permission_mode=mode)
    return in_session(fresh, event.session) if event.session else fresh


def _turn_started(agent: Agent, event: ev.TurnStarted, at: float) -> Agent:
    return replace(working(agent, at, WAITING), turns=agent.turns + 1)


def _run_ended(agent: Agent, event: ev.RunEnded, at: float) -> Agent:
    detail = RETRY_COMING if event.will_retry else SETTLING
    return working(agent, at, detail, tools=(), dialogs=())


def _run_settled(agent: Agent, event: ev.RunSettled, at: float) -> Agent:
    aborted = event.aborted is True
    agent = agent if agent.settles else replace(agent, settles=True)
    agent = spent(agent, event)
    if agent.run_open:
        return in_background(finished(agent, at, error=event.error or None, aborted=aborted), at)
    if aborted and base_state(agent.activity) in (ActivityState.DONE_UNSEEN, ActivityState.ERROR):
        return replace(agent, activity=entered(agent.activity, ActivityState.ABORTED, at, error="", detail=UNCLAIMED))
    return agent


# --- messages --------------------------------------------------------------------------------------


def _message_started(agent: Agent, event: ev.MessageStarted, at: float) -> Agent:
    if event.role != "assistant":
        return agent
    return replace(working(agent, at, ""), context_tokens=event.context or agent.context_tokens)


def _text(agent: Agent, event: ev.TextDelta, at: float) -> Agent:
    return working(agent, at, WRITING)


def _thinking(agent: Agent, event: ev.ThinkingDelta, at: float) -> Agent:
    return working(agent, at, THINKING)


def _arguments(agent: Agent, event: ev.ToolCallDelta, at: float) -> Agent:
    detail = agent.activity.detail
    return working(agent, at, detail if detail.startswith("calling ") else "calling a tool")


def _block(agent: Agent, event: ev.BlockStarted | ev.BlockEnded, at: float) -> Agent:
    if event.kind == "toolCall":
        return working(agent, at, f"calling {one_line(event.tool_name, 40) or 'a tool'}")
    detail = {"text": WRITING, "thinking": THINKING}.get(event.kind)
    return working(agent, at, detail) if detail is not None else agent


def _message_ended(agent: Agent, event: ev.MessageEnded, at: float) -> Agent:
    if event.role != "assistant" or (event.part and not event.text):
        return agent
    usage = event.usage
    good = event.stop_reason not in ("error", "aborted")
    reason = event.stop_reason
    if good and not event.text and not any(block.kind in ("toolCall", OUTPUT) for block in event.blocks):
        reason = "empty" if reason != "length" else reason
    activity = agent.activity
    detail = activity.detail if activity.detail.startswith("calling ") and reason == "toolUse" else ""
    if activity.detail not in BETWEEN_RUNS:
        activity = replace(activity, detail=detail, error=event.error if event.stop_reason == "error" else "")
    ended = replace(
        settings_of_answer(agent, event),
        activity=activity,
        usage=agent.usage + usage if usage is not None else agent.usage,
        context_tokens=usage.tokens if usage is not None and good and usage.tokens else agent.context_tokens,
        stop_reason=reason,
        last_text=_first_line(event.text) or agent.last_text,
    )
    speaks_on = activity.tools or activity.detail
    return in_background(ended, at) if ended.run_open and not speaks_on else ended


def _first_line(text: str) -> str:
    return one_line(text.lstrip()[: LAST_TEXT_LENGTH * 4].partition("\n")[0], LAST_TEXT_LENGTH)


# --- tools ---------------------------------------------------------------------------------


def _tool_started(agent: Agent, event: ev.ToolStarted, at: float) -> Agent:
    tool = OpenTool(event.call_id, one_line(event.name, 40) or "a tool", summarize_call(event.arguments), at)
    return tool_opened(agent, tool, at)


def _tool_output(agent: Agent, event: ev.ToolOutput, at: float) -> Agent:
    if event.beside:
        return task_goes_on(agent, event, at)
    if any(tool.call_id == event.call_id for tool in agent.activity.tools):
        return agent
    return tool_opened(agent, OpenTool(event.call_id, one_line(event.name, 40) or "a tool", "", at), at)


def _tool_ended(agent: Agent, event: ev.ToolEnded, at: float) -> Agent:
    return tool_closed(agent, event.call_id, at)


# --- questions, daemon, file -----------------------------------------------------------------------


def _dialog(agent: Agent, event: ev.DialogRequested, at: float) -> Agent:
    return dialog_opened(agent, event, at)


def _daemon_started(agent: Agent, event: ev.DaemonStarted, at: float) -> Agent:
    return replace(
        agent,
        process=Process(ProcessState.ALIVE, at, run_id=event.run_id),
        activity=Activity(ActivityState.STARTING, at),
        program=event.agent or agent.program,
        settles=False,
        process_usage=Usage(),
        permission_mode=agent.permission_ordered,
        background=(),
        conversation_kept=None,
        run_open=False,
        stop_reason="",
        abort_requested=False,
    )


def _daemon_exited(agent: Agent, event: ev.DaemonExited, at: float) -> Agent:
    process = agent.process
    if process.run_id and event.run_id and process.run_id != event.run_id:
        return agent  # the line of an older run that was slow to end
    cut = agent.run_open or base_state(agent.activity) in (*BUSY, ActivityState.STARTING)
    # A look at the process may have told it before, and the same line may be read again: the end was at the earlier.
    since = min(at, process.ended_at) if process.ended_at is not None else at
    known = replace(process, state=ProcessState.DEAD, since=since, ended_at=since, exit_code=event.exit_code)
    ended = replace(agent, process=known, background=())
    what = "before it was ready" if base_state(agent.activity) is ActivityState.STARTING else "in the middle of a run"
    before = agent.activity
    state = ActivityState.ERROR if cut else base_state(before)
    text = f"the agent exited with code {event.exit_code} {what}" if cut else before.error
    activity = Activity(state, since if cut else before.since, detail="" if cut else before.detail, error=text)
    return replace(ended, activity=activity, run_open=False, abort_requested=False)


def _epoch(agent: Agent, event: ev.EpochStarted, at: float) -> Agent:
    """Another file: what was open may have ended in bytes that nobody read, so the activity is unknown.

    Open questions stay: the process may be the same, a lost question blocks it for ever, and a late answer is
    harmless. How the last run ended comes back once the agent says that it is idle. Sums (usage, turns, broken
    lines) go on: the file is new, and so are its records.
    """
    before = base_state(agent.activity)
    activity = entered(Activity(dialogs=agent.activity.dialogs, since=at), ActivityState.UNKNOWN, at)
    if before in OUTCOMES and not activity.dialogs:
        activity = replace(activity, beneath=before, error=agent.activity.error)
    return replace(agent, activity=activity, run_open=False, abort_requested=False, stop_reason="")


def _broken(agent: Agent, event: ev.BrokenLine, at: float) -> Agent:
    return replace(agent, broken_lines=agent.broken_lines + 1)


_HANDLERS: dict[type[Any], Callable[[Agent, Any, float], Agent]] = {
    ev.SettingChanged: setting_changed,
    ev.RunStarted: _run_started,
    ev.RunEnded: _run_ended,
    ev.RunSettled: _run_settled,
    ev.TurnStarted: _turn_started,
    ev.MessageStarted: _message_started,
    ev.TextDelta: _text,
    ev.ThinkingDelta: _thinking,
    ev.ToolCallDelta: _arguments,
    ev.BlockStarted: _block,
    ev.BlockEnded: _block,
    ev.MessageEnded: _message_ended,
    ev.ToolStarted: _tool_started,
    ev.ToolOutput: _tool_output,
    ev.ToolEnded: _tool_ended,
    ev.TaskStarted: task_started,
    ev.TaskEnded: task_ended,
    ev.QueueChanged: queues_changed,
    ev.RetryStarted: retry_started,
    ev.RetryEnded: retry_ended,
    ev.CompactionStarted: compaction_started,
    ev.CompactionEnded: compaction_ended,
    ev.DialogRequested: _dialog,
    ev.Responded: responded,
    ev.DaemonStarted: _daemon_started,
    ev.DaemonExited: _daemon_exited,
    ev.EpochStarted: _epoch,
    ev.BrokenLine: _broken,
}

_WORK = frozenset(
    {
        ev.TextDelta,
        ev.ThinkingDelta,
        ev.ToolCallDelta,
        ev.BlockStarted,
        ev.BlockEnded,
        ev.ToolStarted,
        ev.ToolOutput,
        ev.ToolEnded,
        ev.LinesPrinted,
    }
)
"""The signs of useful work."""
