"""What budgets there are, how far each is, and what is to be done about it: pure rules over a fleet and its sums."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from cockpit.model.content import Usage
from cockpit.model.family import ancestors_of, descendants_of, parents_of
from cockpit.model.fleet import Agent, Fleet, Power
from cockpit.model.ids import AgentId, VmId
from cockpit.model.usage.standing import (
    AGENT_SCOPE,
    FAMILY_SCOPE,
    FLEET,
    BudgetDefaults,
    BudgetRecord,
    BudgetStage,
    Limit,
    Standing,
)

HALTED = (Power.PAUSED, Power.SLEEPING)


def standings(
    fleet: Fleet,
    totals: Mapping[AgentId, Usage],
    today: Usage,
    records: Iterable[BudgetRecord],
    defaults: BudgetDefaults,
    *,
    day: str,
    everyone: Sequence[Agent] = (),
    late: Collection[AgentId] = (),
    today_at_least: bool = False,
) -> tuple[Standing, ...]:
    """Return every budget that is set, and those of which something is still frozen, the fullest first.

    Args:
        fleet: who is there.
        totals: what each agent spent since the beginning.
        today: what all spent today.
        records: what is kept.
        defaults: what the configuration sets.
        day: the local date of today.
        everyone: agents that are gone, for what families spent with them.
        late: agents of whose files the beginning was not read.
        today_at_least: something of today is known to lack.
    """
    known = {record.scope: record for record in records}
    parents = parents_of([*fleet.agents, *everyone])
    heads = set(parents.values())
    names = {agent.id: agent.name for agent in (*everyone, *fleet.agents)}
    living = [agent for agent in fleet.agents if not agent.elsewhere]
    found = [_standing(FLEET, "fleet", defaults.day, today, [a.id for a in living], known, day, lacking=today_at_least)]
    for agent in living:
        own = totals.get(agent.id, Usage())
        scope = f"{AGENT_SCOPE}{agent.id}"
        found.append(_standing(scope, agent.name, defaults.agent, own, [agent.id], known, "", lacking=agent.id in late))
        scope = f"{FAMILY_SCOPE}{agent.id}"
        if agent.id not in heads and scope not in known:
            continue
        below = [agent.id, *descendants_of(agent.id, parents)]
        spent = sum((totals.get(member, Usage()) for member in below), Usage())
        # The configuration's bound is of whole families; one inside another gets it only where the operator says so.
        usual = defaults.family if not any(True for _ in ancestors_of(agent.id, parents)) else Limit()
        there = [member for member in below if fleet.agent(member) is not None]
        lacking = any(member in late for member in below)
        found.append(_standing(scope, names[agent.id], usual, spent, there, known, "", lacking=lacking))
    wanted = (replace(one, warn_from=defaults.warn_from) for one in found if one.limit.is_set or one.vms)
    return tuple(sorted(wanted, key=lambda one: (-one.part, one.scope)))


def _standing(
    scope: str,
    name: str,
    usual: Limit,
    spent: Usage,
    agents: Sequence[AgentId],
    known: Mapping[str, BudgetRecord],
    period: str,
    *,
    lacking: bool,
) -> Standing:
    record = known.get(scope)
    limit = record.limit if record is not None and record.limit.is_set else usual
    own = record is not None and record.limit.is_set
    # What was done about one day says nothing of the next one.
    stage = record.stage if record is not None and record.period == period else BudgetStage.OPEN
    return Standing(scope, name, limit, spent, tuple(agents), stage, lacking, own, record)


def to_freeze(standing: Standing, fleet: Fleet) -> tuple[VmId, ...]:
    """Return the VMs that are to be frozen now for a budget: those of its agents that run, without the services' host.

    A budget that is used up freezes them once. After that something must have been spent beyond what was known then:
    whoever resumes a VM by hand is not frozen again for what was spent before.
    """
    if not standing.is_over or standing.stage is BudgetStage.FINISHING:
        return ()
    if standing.stage not in (BudgetStage.OPEN, BudgetStage.FREEZING) and not _more_than_known(standing):
        return ()
    found = []
    for agent_id in standing.agents:
        agent = fleet.agent(agent_id)
        vm = fleet.vm(agent.vm_id) if agent is not None else None
        if vm is not None and vm.power is Power.RUNNING and not vm.hosts_services and not vm.doubt:
            found.append(vm.id)
    return tuple(dict.fromkeys(found))


def _more_than_known(standing: Standing) -> bool:
    spent, known = standing.spent, standing.record.spent if standing.record is not None else Usage()
    return spent.cost > known.cost + 1e-9 or spent.tokens > known.tokens


def has_finished(standing: Standing, fleet: Fleet) -> bool:
    """Say whether what was let finish has come to its end: no run of its agents is open on a VM that runs."""
    if standing.stage is not BudgetStage.FINISHING:
        return False
    for agent_id in standing.agents:
        agent = fleet.agent(agent_id)
        vm = fleet.vm(agent.vm_id) if agent is not None else None
        if agent is not None and agent.run_open and vm is not None and vm.power not in HALTED:
            return False
    return True


def is_at_rest(standing: Standing, fleet: Fleet) -> bool:
    """Say whether all is frozen for a budget that is to be: what is still read of before counts for nothing then."""
    if standing.stage not in (BudgetStage.FROZEN, BudgetStage.STOPPED) or not _more_than_known(standing):
        return False
    vms = {agent.vm_id for agent_id in standing.agents if (agent := fleet.agent(agent_id)) is not None}
    return not any(vm.power is Power.RUNNING and not vm.hosts_services for vm in fleet.vms if vm.id in vms)


def still_frozen(standing: Standing, fleet: Fleet) -> tuple[VmId, ...]:
    """Return which of the VMs that were frozen for a budget are still paused."""
    return tuple(vm_id for vm_id in standing.vms if (vm := fleet.vm(vm_id)) is not None and vm.power in HALTED)
