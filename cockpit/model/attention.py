"""What wants the operator, most urgent first: questions, failures, stuck tasks, failed commands, finished runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from cockpit.model.fleet import ActivityState, Agent, Fleet, Power, ProcessState, Receipt, Stage, Task, Vm
from cockpit.model.ids import AgentId, CommandId, TaskId
from cockpit.model.reduce.activity import base_state
from cockpit.model.reduce.tools import one_line

RECEIPT_AGE = 3600.0
"""Seconds for which a failed command calls for attention; after that it is history."""

SENTENCE_PART = 120
"""Characters of somebody's own words inside a sentence."""


class Urgency(IntEnum):
    """The order of the inbox."""

    ASKING = 0
    FAILED = 1
    TASK = 2
    COMMAND = 3
    DONE = 4


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing that wants the operator."""

    urgency: Urgency
    sentence: str
    since: float
    """Unix seconds."""
    agent: AgentId | None = None
    task: TaskId | None = None
    command: CommandId | None = None


def attention(fleet: Fleet, now: float) -> tuple[Attention, ...]:
    """Return everything that wants the operator: by urgency, and the longest waiting first."""
    vms = {vm.id: vm for vm in fleet.vms}
    names = {agent.id: agent.name for agent in fleet.agents}
    found: list[Attention] = []
    for agent in fleet.agents:
        found.extend(_of_agent(agent, vms.get(agent.vm_id)))
    for task in fleet.tasks:
        found.extend(_of_task(task))
    for receipt in fleet.receipts:
        found.extend(_of_receipt(receipt, names, now))
    return tuple(sorted(found, key=lambda item: (item.urgency, item.since, item.sentence)))


def _of_agent(agent: Agent, vm: Vm | None) -> Iterator[Attention]:
    if vm is not None and vm.power is Power.GONE:
        return  # its VM was destroyed: nothing can be done for it
    activity = agent.activity
    for dialog in activity.dialogs:
        question = one_line(dialog.request.title or dialog.request.message or dialog.request.method, SENTENCE_PART)
        yield Attention(Urgency.ASKING, f"{agent.name} asks: {question}", dialog.since, agent.id)
    state = base_state(activity)
    if agent.process.state is ProcessState.DEAD:
        code = f" with code {agent.process.exit_code}" if agent.process.exit_code is not None else ""
        during = " in the middle of a run" if state is ActivityState.ERROR else ""
        yield Attention(Urgency.FAILED, f"{agent.name} exited{code}{during}", agent.process.since, agent.id)
    elif state is ActivityState.ERROR:
        reason = one_line(activity.error, SENTENCE_PART) or "no reason was given"
        yield Attention(Urgency.FAILED, f"{agent.name} failed: {reason}", activity.since, agent.id)
    if state is ActivityState.DONE_UNSEEN:
        oddity = f": {activity.detail}" if activity.detail else ""
        yield Attention(Urgency.DONE, f"{agent.name} is done{oddity}", activity.since, agent.id)


def _of_task(task: Task) -> Iterator[Attention]:
    words = {"blocked": "is blocked", "in_review": "waits for review"}
    if task.status in words:
        title = one_line(task.title, SENTENCE_PART)
        yield Attention(Urgency.TASK, f"Task {title} {words[task.status]}", task.updated_at, task=task.id)


def _of_receipt(receipt: Receipt, names: dict[AgentId, str], now: float) -> Iterator[Attention]:
    if receipt.stage not in (Stage.FAILED, Stage.UNCONFIRMED):
        return
    since = receipt.stages[-1][1] if receipt.stages else receipt.created_at
    if now - since > RECEIPT_AGE:
        return
    whose = f" for {names[receipt.agent]}" if receipt.agent in names else ""
    outcome = "failed" if receipt.stage is Stage.FAILED else "is unconfirmed"
    reason = one_line(receipt.reason, SENTENCE_PART) or "no reason was given"
    sentence = f"{receipt.verb}{whose} {outcome}: {reason}"
    yield Attention(Urgency.COMMAND, sentence, since, receipt.agent, command=receipt.id)
