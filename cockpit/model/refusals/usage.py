"""Why a command about what is spent is refused."""

from __future__ import annotations

from cockpit.model.commands.usage import (
    BudgetAct,
    ChangeBudget,
    ContinueLimited,
    FreezeForBudget,
    PauseIdle,
    ResumeAndSend,
    UsageCommand,
)
from cockpit.model.dwelling import its_words
from cockpit.model.fleet import Fleet, Power
from cockpit.model.refusals.agent import of_text_later
from cockpit.model.refusals.grounds import NO_AGENT, Refusal, RefusalCode
from cockpit.model.usage.idle import why_not_idle
from cockpit.model.usage.standing import FLEET, subject_of


def of_usage(command: UsageCommand, fleet: Fleet) -> Refusal | None:
    match command:
        case ChangeBudget():
            return _of_budget(command, fleet)
        case FreezeForBudget():
            return None
        case PauseIdle(vm=vm_id):
            sentence = why_not_idle(vm_id, fleet)
            return Refusal(RefusalCode.WORKING, sentence) if sentence else None
        case ResumeAndSend(vm=vm_id):
            vm = fleet.vm(vm_id)
            if vm is None or vm.power not in (Power.PAUSED, Power.SLEEPING):
                return Refusal(RefusalCode.ALREADY, f"{its_words(vm)} is not paused: send the text as it is")
            return of_text_later(command.then, fleet)
        case ContinueLimited(agents=agents):
            return None if any(fleet.agent(agent) is not None for agent in agents) else NO_AGENT


def _of_budget(command: ChangeBudget, fleet: Fleet) -> Refusal | None:
    subject = subject_of(command.scope)
    if command.scope != FLEET and (subject is None or fleet.agent(subject) is None):
        return NO_AGENT
    limit = command.limit
    if command.act in (BudgetAct.SET, BudgetAct.RAISE):
        if not limit.is_set:
            return Refusal(
                RefusalCode.BAD_NUMBER, "a budget needs an amount: dollars such as 5, or tokens such as 2M tokens"
            )
        if (limit.cost is not None and limit.cost < 0) or (limit.tokens is not None and limit.tokens < 0):
            return Refusal(RefusalCode.BAD_NUMBER, "a budget is not below nothing")
    standing = next((one for one in fleet.spending.budgets if one.scope == command.scope), None)
    if standing is None:
        if command.act is BudgetAct.SET:
            return None
        return Refusal(RefusalCode.NO_BUDGET, "no budget is set there")
    if command.act is BudgetAct.RAISE:
        before = standing.limit
        lower = (limit.cost is not None and before.cost is not None and limit.cost <= before.cost) or (
            limit.tokens is not None and before.tokens is not None and limit.tokens <= before.tokens
        )
        if lower:
            return Refusal(RefusalCode.BAD_NUMBER, f"it is no more than now: {standing.words}")
    if command.act is BudgetAct.REMOVE and not standing.own:
        return Refusal(RefusalCode.NO_BUDGET, "it stands in the configuration ([budgets] in config.toml)")
    if command.act in (BudgetAct.STOP, BudgetAct.FINISH) and not (standing.is_over or standing.vms):
        return Refusal(RefusalCode.ALREADY, f"nothing is frozen for it: {standing.words}")
    return None
