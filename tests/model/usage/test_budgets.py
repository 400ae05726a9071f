"""Budgets: how far each is, what is frozen and when, and what is asked; resuming by hand is not fought."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.attention import Urgency, attention, tally
from cockpit.model.content import Usage
from cockpit.model.fleet import Activity, ActivityState, Agent, AgentKind, Fleet, Power, Vm
from cockpit.model.ids import AgentId, VmId
from cockpit.model.usage.budget import has_finished, is_at_rest, standings, to_freeze
from cockpit.model.usage.spending import Spending
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

DAY = "2026-11-29"
NOW = 1_800_000_000.0


def agent(name: str, parent: str = "", *, works: bool = True) -> Agent:
    """Return an agent on a VM of its own name."""
    return Agent(AgentId(name), name, AgentKind.WORKER, VmId(f"vm-{name}"), parent=parent, source="s", run_open=works)


def fleet(*agents: Agent, paused: tuple[str, ...] = ()) -> Fleet:
    """Return a fleet of agents, some on paused VMs."""
    vms = tuple(Vm(one.vm_id, Power.PAUSED if one.name in paused else Power.RUNNING, source="s") for one in agents)
    return Fleet(vms=vms, agents=agents)


LEAD, WORK = agent("lead"), agent("work", "lead")
BOTH = fleet(LEAD, WORK)


def found(
    budgets: BudgetDefaults, *records: BudgetRecord, costs: tuple[float, float] = (1.0, 2.0), of: Fleet = BOTH
) -> dict[str, Standing]:
    """Return the standings of a fleet where the two have spent so much."""
    totals = {LEAD.id: Usage(cost=costs[0]), WORK.id: Usage(cost=costs[1])}
    known = standings(of, totals, Usage(cost=sum(costs)), records, budgets, day=DAY)
    return {one.scope: one for one in known}


def test_agents_families_and_the_day_have_budgets_of_their_own() -> None:
    known = found(BudgetDefaults(Limit(cost=10.0), Limit(cost=4.0), Limit(cost=2.0)))
    assert {scope: round(one.part, 3) for scope, one in known.items()} == {
        FLEET: 0.3,
        f"{AGENT_SCOPE}lead": 0.5,
        f"{AGENT_SCOPE}work": 1.0,
        f"{FAMILY_SCOPE}lead": 0.75,
    }
    assert known[f"{FAMILY_SCOPE}lead"].agents == (LEAD.id, WORK.id)


def test_the_operators_own_limit_stands_before_the_configurations() -> None:
    own = BudgetRecord(f"{AGENT_SCOPE}work", Limit(cost=8.0))
    known = found(BudgetDefaults(agent=Limit(cost=2.0)), own)
    assert (known[f"{AGENT_SCOPE}work"].part, known[f"{AGENT_SCOPE}work"].own) == (0.25, True)
    assert not known[f"{AGENT_SCOPE}lead"].own


def test_what_is_used_up_freezes_whoever_runs_working_or_not_and_never_the_services() -> None:
    idle = agent("idle", works=False)
    of = fleet(LEAD, WORK, idle)
    of = replace(of, vms=tuple(replace(vm, hosts_services="yes" if vm.id == LEAD.vm_id else "") for vm in of.vms))
    over = found(BudgetDefaults(Limit(cost=3.0)), of=of)[FLEET]
    assert to_freeze(over, of) == (WORK.vm_id, idle.vm_id)
    assert to_freeze(found(BudgetDefaults(Limit(cost=3.01)), of=of)[FLEET], of) == ()


@pytest.mark.parametrize("stage", [BudgetStage.FROZEN, BudgetStage.STOPPED, BudgetStage.FINISHED])
def test_who_is_resumed_by_hand_is_frozen_again_only_for_more(stage: BudgetStage) -> None:
    record = BudgetRecord(FLEET, stage=stage, period=DAY, spent=Usage(cost=3.0))
    budgets = BudgetDefaults(Limit(cost=2.0))
    assert to_freeze(found(budgets, record)[FLEET], BOTH) == ()
    assert to_freeze(found(budgets, record, costs=(1.0, 2.5))[FLEET], BOTH) == (LEAD.vm_id, WORK.vm_id)
    finishing = replace(record, stage=BudgetStage.FINISHING)
    assert to_freeze(found(budgets, finishing, costs=(1.0, 2.5))[FLEET], BOTH) == ()


def test_a_freeze_that_was_cut_off_is_done_again_and_another_day_begins_anew() -> None:
    budgets = BudgetDefaults(Limit(cost=2.0))
    cut = BudgetRecord(FLEET, stage=BudgetStage.FREEZING, period=DAY, spent=Usage(cost=3.0))
    assert to_freeze(found(budgets, cut)[FLEET], BOTH) == (LEAD.vm_id, WORK.vm_id)
    before = BudgetRecord(FLEET, stage=BudgetStage.FINISHING, period="2026-11-28", spent=Usage(cost=3.0))
    assert found(budgets, before)[FLEET].stage is BudgetStage.OPEN


def test_what_is_read_late_of_frozen_agents_is_no_reason_to_freeze_again() -> None:
    frozen = fleet(LEAD, WORK, paused=("lead", "work"))
    record = BudgetRecord(FLEET, stage=BudgetStage.FROZEN, period=DAY, spent=Usage(cost=2.9))
    assert is_at_rest(found(BudgetDefaults(Limit(cost=2.0)), record, of=frozen)[FLEET], frozen)
    assert not is_at_rest(found(BudgetDefaults(Limit(cost=2.0)), record)[FLEET], BOTH)


def test_what_may_finish_has_finished_when_no_run_is_open() -> None:
    record = BudgetRecord(FLEET, stage=BudgetStage.FINISHING, period=DAY)
    standing = found(BudgetDefaults(Limit(cost=2.0)), record)[FLEET]
    assert not has_finished(standing, BOTH)
    assert has_finished(standing, fleet(replace(LEAD, run_open=False), replace(WORK, run_open=False)))


def test_the_inbox_asks_for_what_is_used_up_and_says_what_is_nearly() -> None:
    budgets = BudgetDefaults(agent=Limit(cost=2.4))
    record = BudgetRecord(f"{AGENT_SCOPE}work", Limit(cost=1.0), BudgetStage.FROZEN, "", Usage(cost=2.0), NOW)
    known = found(budgets, record)
    known[f"{AGENT_SCOPE}lead"] = replace(known[f"{AGENT_SCOPE}lead"], spent=Usage(cost=2.0))
    items = attention(replace(BOTH, spending=Spending(budgets=tuple(known.values()))), NOW)
    asked = [item for item in items if item.budget is not None]
    assert [(item.urgency, item.agent) for item in asked] == [
        (Urgency.ASKING, WORK.id),
        (Urgency.UNFITTING, LEAD.id),
    ]
    assert "raise, stop or let finish?" in asked[0].sentence


def refused(name: str, error: str, provider: str = "anthropic", at: float = NOW) -> Agent:
    """Return an agent whose run failed."""
    activity = Activity(ActivityState.ERROR, at, error=error)
    return replace(agent(name, works=False), provider=provider, activity=activity)


def test_one_cause_is_one_entry_that_names_its_agents() -> None:
    limit = "429 rate limit: try again in 30 minutes"
    of = fleet(
        refused("a", limit, at=NOW - 60),
        refused("b", "usage limit reached", at=NOW),
        refused("c", "401 invalid x-api-key"),
        refused("d", "401 invalid x-api-key"),
        refused("e", "429 rate limit", "openai"),
        refused("f", "503 upstream connect error"),
        refused("g", "the tool broke"),
    )
    items = attention(of, NOW)
    groups = sorted(tuple(item.agents) for item in items if item.cause is not None)
    assert groups == [("a", "b"), ("c", "d"), ("e",), ("f",)]
    assert tally(items).waiting == 5
    whole = next(item for item in items if item.agents == (AgentId("a"), AgentId("b")))
    assert whole.cause is not None and whole.cause.until == NOW - 60 + 1800
    assert "a, b" in whole.sentence and "until" in whole.sentence
