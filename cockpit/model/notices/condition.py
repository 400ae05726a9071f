"""Facts that call the operator: what waits, failed, died, is lost from sight or done; what is put off calls nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cockpit.model.attention import SENTENCE_PART, Attention, Urgency
from cockpit.model.fleet import Agent, Fleet, LinkState, Power, ProcessState, Vm
from cockpit.model.ids import AgentId
from cockpit.model.inbox.entries import inbox
from cockpit.model.reduce.tools import one_line
from cockpit.model.why import headline

DEBOUNCE = 3.0
"""Seconds for which something must hold before it is told: most that is over sooner needs nobody."""

LOST_AFTER = 60.0
"""Seconds without a link after which an agent is lost from sight: shorter breaks mend themselves."""

STATES: Mapping[Urgency, str] = {
    Urgency.ASKING: "asking",
    Urgency.FAILED: "failed",
    Urgency.UNDELIVERED: "undelivered",
    Urgency.COMMAND: "command failed",
    Urgency.BLOCKED: "blocked",
    Urgency.UNFITTING: "does not fit",
    Urgency.REVIEW: "to review",
    Urgency.DONE: "done",
}
"""The state that each sort of entry of the inbox is told as."""

DEAD, GONE, LOST = "VM dead", "VM gone", "lost from sight"


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact that calls the operator for as long as it holds."""

    key: str
    """Stays the same while it is the same occasion, for every process that shares the history, and over restarts."""
    state: str
    sentence: str
    urgent: bool
    """It asks, failed or died: it is told at once."""
    agent: AgentId | None = None
    name: str = ""
    """The agent's."""
    agents: tuple[AgentId, ...] = ()
    """All whom one cause stopped."""
    reason: str = ""
    question: str = ""
    hold: float = DEBOUNCE
    """Seconds for which it must hold before it is told."""


def conditions(fleet: Fleet, now: float) -> tuple[Condition, ...]:
    """Return everything that calls, the most urgent first."""
    vms = {vm.id: vm for vm in fleet.vms}
    agents = {agent.id: agent for agent in fleet.agents}
    found = {one.key: one for one in (_of_entry(item, agents) for item in inbox(fleet, now).shown)}
    for agent in fleet.agents:
        for one in _of_agent(agent, vms.get(agent.vm_id), fleet):
            found.setdefault(one.key, one)
    return tuple(sorted(found.values(), key=lambda one: not one.urgent))


def words(fleet: Fleet, now: float) -> dict[AgentId, str]:
    """Return the word the list shows for each agent."""
    vms = {vm.id: vm for vm in fleet.vms}
    return {agent.id: headline(agent, vms.get(agent.vm_id), now).word for agent in fleet.agents}


def _of_entry(item: Attention, agents: Mapping[AgentId, Agent]) -> Condition:
    agent = agents.get(item.agent) if item.agent is not None else None
    asks = item.urgency is Urgency.ASKING
    said = item.sentence
    if agent is not None:
        for opening in (f"{agent.name} asks: ", f"{agent.name} failed: "):
            said = said.removeprefix(opening)
    return Condition(
        _key(item, agent),
        STATES[item.urgency],
        item.sentence,
        item.urgency.waits,
        item.agent,
        agent.name if agent is not None else item.owed.asker if item.owed is not None else "",
        item.agents,
        reason="" if asks else said,
        question=(item.owed.text if item.owed is not None else said) if asks else "",
    )


def _key(item: Attention, agent: Agent | None) -> str:
    """Return what names an occasion, without anything that each process measures for itself."""
    sort = item.urgency.name.lower()
    if item.owed is not None:
        return f"{sort} {item.owed.key}"
    if item.budget is not None:
        return f"{sort} budget {item.budget.scope} {item.budget.stage.value}"
    if item.command is not None:
        return f"{sort} command {item.command}"
    if item.finding is not None:
        return f"{sort} finding {item.finding.kind.value} {item.finding.vm}"
    if item.task is not None:
        return f"{sort} task {item.task} {item.since:.3f}"
    if len(item.agents) > 1 and item.cause is not None:
        return f"{sort} cause {' '.join(str(part) for part in item.cause.key)}"
    if item.urgency is Urgency.FAILED and agent is not None and agent.process.state is ProcessState.DEAD:
        return f"{sort} exit {agent.id} {agent.process.run_id}"
    return f"{sort} agent {item.agent} {item.since:.3f}"


def _of_agent(agent: Agent, vm: Vm | None, fleet: Fleet) -> Iterator[Condition]:
    if agent.elsewhere or vm is None:
        return
    if vm.power is Power.DEAD:
        sentence = f"{agent.name} on host {vm.host} died" if vm.host else f"the VM of {agent.name} died"
        state, teller = ("dead", "host") if vm.host else (DEAD, "platform")
        yield Condition(f"dead {vm.id}", state, sentence, True, agent.id, agent.name, reason=f"the {teller} says so")
    elif vm.power is Power.GONE:
        if not _is_ours(vm, fleet):
            sentence = f"{agent.name} is gone from host {vm.host}" if vm.host else f"the VM of {agent.name} is gone"
            state, teller = ("gone", "host") if vm.host else (GONE, "platform")
            reason = f"the {teller} lists it no more, and nobody here destroyed it"
            yield Condition(f"gone {vm.id}", state, sentence, True, agent.id, agent.name, reason=reason)
    elif _is_unseen(agent, vm):
        reason = (
            one_line(agent.link.reason, SENTENCE_PART)
            or f"{f'host {vm.host}' if vm.host else 'its VM'} does not answer"
        )
        sentence = f"{agent.name} is lost from sight: {reason}"
        key = f"lost {vm.id}"
        yield Condition(key, LOST, sentence, False, agent.id, agent.name, reason=reason, hold=LOST_AFTER)


def _is_unseen(agent: Agent, vm: Vm) -> bool:
    """Say whether a VM that runs is not reached now."""
    return vm.power is Power.RUNNING and agent.link.state in (LinkState.DOWN, LinkState.CONNECTING, LinkState.SILENT)


def _is_ours(vm: Vm, fleet: Fleet) -> bool:
    """Say whether a VM went because this cockpit, or one of the same history, destroyed it."""
    agent = fleet.agent_on(vm.id)
    destroyed = any(one.agent == agent.id and one.verb == "destroy" for one in fleet.receipts) if agent else False
    return destroyed or any(kept.vm == vm.id for kept in fleet.kept)
