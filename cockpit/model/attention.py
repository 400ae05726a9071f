"""What wants the operator, most urgent first: questions, failures, lost texts, stuck tasks, what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from cockpit.model.board import Task
from cockpit.model.dwelling import all_words, kind_words
from cockpit.model.failures import failed_at, is_undelivered, wanting
from cockpit.model.fleet import (
    ActivityState,
    Agent,
    Fleet,
    Power,
    ProcessState,
    Vm,
)
from cockpit.model.ids import AgentId, CommandId, TaskId
from cockpit.model.names import vm_called
from cockpit.model.open_work import OpenDialog
from cockpit.model.owed import Owed, OwedKind
from cockpit.model.provider_words import said_in
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.reconciliation import Finding, FindingKind, Suggestion, findings_of
from cockpit.model.reduce.activity import base_state
from cockpit.model.reduce.tools import one_line
from cockpit.model.usage.budget import still_frozen
from cockpit.model.usage.causes import Cause, CauseKind, cause_of, joined, words_of
from cockpit.model.usage.standing import ASKS, BudgetStage, Standing, scope_words, subject_of

SENTENCE_PART = 120
"""Characters of somebody's own words inside a sentence."""


class Urgency(IntEnum):
    """The order of the inbox."""

    ASKING = 0
    FAILED = 1
    UNDELIVERED = 2
    """A text that no agent is known to have read."""
    COMMAND = 3
    BLOCKED = 4
    UNFITTING = 5
    """Something that does not fit, about which an act is suggested."""
    REVIEW = 6
    DONE = 7

    @property
    def waits(self) -> bool:
        """Whether somebody is held up until the operator acts: asks and failures. The rest is counted apart."""
        return self <= Urgency.COMMAND


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
    dialog: OpenDialog | None = None
    """What its agent asks by itself."""
    finding: Finding | None = None
    """What does not fit, with the suggested act."""
    owed: Owed | None = None
    """The question or blocker of the board or the feed."""
    cause: Cause | None = None
    """What refused its agents alike: one entry for all of them, and one act."""
    agents: tuple[AgentId, ...] = ()
    """Those of a cause; the first of them is `agent`."""
    budget: Standing | None = None
    """The budget that is used up, or nearly."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How much wants the operator, by what it wants."""

    waiting: int = 0
    """Asks and failures."""
    blocked: int = 0
    unfitting: int = 0
    """What does not fit: nobody is held up by it, but it costs, or names what is gone."""
    to_review: int = 0
    done: int = 0
    """Finished runs that nobody has looked at."""

    @property
    def total(self) -> int:
        """How many entries the inbox has."""
        return self.waiting + self.blocked + self.unfitting + self.to_review + self.done


NOTHING_WANTED = Tally()


def tally(items: Iterable[Attention]) -> Tally:
    """Count what wants the operator."""
    urgencies = [item.urgency for item in items]
    return Tally(
        waiting=sum(urgency.waits for urgency in urgencies),
        blocked=urgencies.count(Urgency.BLOCKED),
        unfitting=urgencies.count(Urgency.UNFITTING),
        to_review=urgencies.count(Urgency.REVIEW),
        done=urgencies.count(Urgency.DONE),
    )


def attention(fleet: Fleet, now: float) -> tuple[Attention, ...]:
    """Return everything that wants the operator: by urgency, and the longest waiting first."""
    vms = {vm.id: vm for vm in fleet.vms}
    names = {agent.id: agent.name for agent in fleet.agents}
    found: list[Attention] = []
    for agent in fleet.agents:
        found.extend(_of_agent(agent, vms.get(agent.vm_id)))
    found = [*_by_cause(found, fleet, now)]
    found.extend(_of_budgets(fleet, now))
    found.extend(_of_owed(owed) for owed in fleet.owed)
    told = {owed.task for owed in fleet.owed if owed.kind is OwedKind.BLOCKER}
    for task in fleet.tasks:
        if not (task.status == "blocked" and task.id in told):
            found.extend(_of_task(task))
    found.extend(
        _of_finding(finding, fleet.vm(finding.vm)) for finding in findings_of(fleet, now) if _is_wanted(finding)
    )
    failed = [item for item in found if item.urgency is Urgency.FAILED]
    given_up = frozenset(agent for item in failed for agent in (item.agent, *item.agents) if agent is not None)
    found.extend(_of_receipt(receipt, names) for receipt in wanting(fleet.receipts, now, given_up))
    return tuple(sorted(found, key=lambda item: (item.urgency, item.since, item.sentence)))


def _of_agent(agent: Agent, vm: Vm | None) -> Iterator[Attention]:
    if vm is not None and vm.power is Power.GONE:
        return  # its VM was destroyed: nothing can be done for it
    activity = agent.activity
    for dialog in activity.dialogs:
        question = one_line(dialog.request.title or dialog.request.message or dialog.request.method, SENTENCE_PART)
        yield Attention(Urgency.ASKING, f"{agent.name} asks: {question}", dialog.since, agent.id, dialog=dialog)
    state = base_state(activity)
    if agent.process.state is ProcessState.DEAD:
        code = f" with code {agent.process.exit_code}" if agent.process.exit_code is not None else ""
        during = " in the middle of a run" if state is ActivityState.ERROR else ""
        yield Attention(Urgency.FAILED, f"{agent.name} exited{code}{during}", agent.process.since, agent.id)
    elif state is ActivityState.ERROR:
        reason = one_line(said_in(activity.error), SENTENCE_PART) or "no reason was given"
        yield Attention(Urgency.FAILED, f"{agent.name} failed: {reason}", activity.since, agent.id)
    if state is ActivityState.DONE_UNSEEN:
        oddity = f": {activity.detail}" if activity.detail else ""
        yield Attention(Urgency.DONE, f"{agent.name} is done{oddity}", activity.since, agent.id)


def _by_cause(items: Iterable[Attention], fleet: Fleet, now: float) -> Iterator[Attention]:
    """Join the failures that have one cause into one entry, which names its agents; all else stays as it is."""
    causes: dict[tuple[CauseKind, str], list[tuple[Attention, Agent, Cause]]] = {}
    for item in items:
        agent = fleet.agent(item.agent) if item.agent is not None and item.urgency is Urgency.FAILED else None
        cause = cause_of(agent) if agent is not None and agent.process.state is not ProcessState.DEAD else None
        if agent is None or cause is None:
            yield item
        else:
            causes.setdefault(cause.key, []).append((item, agent, cause))
    for members in causes.values():
        cause = joined(one for _, _, one in members)
        first, agent, _ = members[0]
        said = one_line(said_in(agent.activity.error), SENTENCE_PART)
        if len(members) == 1:
            sentence = f"{agent.name} failed: {words_of(cause, now)}: {said}"
        else:
            names = one_line(", ".join(one.name for _, one, _ in members), SENTENCE_PART)
            sentence = f"{len(members)} agents failed ({names}): {words_of(cause, now)}: {said}"
        since = min(item.since for item, _, _ in members)
        yield replace(first, sentence=sentence, since=since, cause=cause, agents=tuple(one.id for _, one, _ in members))


def _of_budgets(fleet: Fleet, now: float) -> Iterator[Attention]:
    for standing in fleet.spending.budgets:
        record = standing.record
        since = record.at if record is not None and record.at else now
        paused = still_frozen(standing, fleet)
        agent = subject_of(standing.scope)
        what = f"budget of {scope_words(standing)}: {standing.words}"
        if standing.stage in ASKS and standing.is_over:
            frozen = f" · {all_words(len(paused), map(fleet.vm, paused))} frozen" if paused else ""
            yield Attention(
                Urgency.ASKING, f"{what}{frozen} · raise, stop or let finish?", since, agent, budget=standing
            )
        elif standing.stage is BudgetStage.OPEN and paused:
            names = one_line(", ".join(vm_called(vm, fleet.agents) for vm in paused), SENTENCE_PART)
            yield Attention(Urgency.ASKING, f"{what} · still frozen for it: {names}", since, agent, budget=standing)
        elif standing.warns and standing.stage is BudgetStage.OPEN:
            part = f"{standing.part:.0%} of the " if standing.part < 10 else ""
            yield Attention(Urgency.UNFITTING, f"{part}{what}", now, agent, budget=standing)


def _of_owed(owed: Owed) -> Attention:
    """Return the entry of a question or a blocker; what blocks a task stands for the task too."""
    asks = owed.kind is OwedKind.QUESTION
    about = f" ({one_line(owed.title, SENTENCE_PART)})" if owed.title else ""
    text = one_line(owed.text, SENTENCE_PART)
    sentence = f"{owed.asker or 'somebody'}{about} {'asks' if asks else 'is blocked'}: {text}"
    if owed.draft:
        sentence += " · your answer did not go out yet"
    elif owed.lost:
        sentence += " · its task is on the board no more"
    urgency = Urgency.ASKING if asks else Urgency.BLOCKED
    return Attention(urgency, sentence, owed.at, task=owed.task, owed=owed)


def _of_task(task: Task) -> Iterator[Attention]:
    words = {"blocked": (Urgency.BLOCKED, "is blocked"), "in_review": (Urgency.REVIEW, "waits for review")}
    if task.status in words:
        urgency, state = words[task.status]
        title = one_line(task.title, SENTENCE_PART)
        yield Attention(urgency, f"Task {title} {state}", task.updated_at, task=task.id)


APART = frozenset({FindingKind.AGENT_DEAD, FindingKind.KEPT})
"""Findings that are no entry of their own: a dead agent is a failure already, and what is kept for undo fits."""


def _is_wanted(finding: Finding) -> bool:
    return finding.suggestion is not Suggestion.WAIT and finding.kind not in APART


def _of_finding(finding: Finding, vm: Vm | None) -> Attention:
    called = finding.called if finding.called != finding.vm else f"{kind_words(vm)} {finding.vm[:8]}"
    sentence = f"{called} · {finding.kind.value}: {'; '.join(finding.evidence)}"
    return Attention(Urgency.UNFITTING, sentence, finding.since, finding.agent, finding=finding)


def _of_receipt(receipt: Receipt, names: dict[AgentId, str]) -> Attention:
    whose = f" for {names[receipt.agent]}" if receipt.agent in names else ""
    outcome = "failed" if receipt.stage is Stage.FAILED else "is unconfirmed"
    reason = one_line(receipt.reason, SENTENCE_PART) or "no reason was given"
    sentence = f"{receipt.verb}{whose} {outcome}: {reason}"
    urgency = Urgency.COMMAND
    if is_undelivered(receipt):
        urgency = Urgency.UNDELIVERED
        sentence += f': "{one_line(receipt.text, SENTENCE_PART)}"'
    return Attention(urgency, sentence, failed_at(receipt), receipt.agent, command=receipt.id)
