"""Headless verbs about budgets: list, set, raise, stop, let finish, remove."""

from __future__ import annotations

from typing import Any

from cockpit.cli import output
from cockpit.cli.courses import carry_out_all, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nobody, only
from cockpit.cli.rehearsal import rehearse
from cockpit.engine.port import HeadlessPort
from cockpit.errors import Refused, UsageError
from cockpit.model.commands.usage import BudgetAct, ChangeBudget, words_of_limit
from cockpit.model.usage.amounts import parse_limit
from cockpit.model.usage.standing import AGENT_SCOPE, FAMILY_SCOPE, FLEET, Limit, Standing, scope_words
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.text.streams import say

FAMILY = "family:"
"""How the family of an agent is typed: `family:ada`."""


async def show(headless: Headless, as_json: bool) -> int:
    """List the budgets, the fullest first."""
    async with headless.engine(nobody) as engine:
        await engine.coordination.usage.refresh()
        budgets = engine.fleet.spending.budgets
    if as_json:
        output.print_json([budget_object(one) for one in budgets])
    elif not budgets:
        say(ours("no budget is set: cockpit budget set fleet 20, or [budgets] in config.toml"))
    else:
        rows = [
            (scope_words(one), f"{one.part:.0%}" if one.part < 100 else "over", one.words, one.stage.value, _by(one))
            for one in budgets
        ]
        output.print_table(("BUDGET", "SPENT", "OF", "STATE", "SET BY"), rows)
    return ExitCode.DONE


async def change(headless: Headless, act: BudgetAct, scope: str, amount: str, dry_run: bool, as_json: bool) -> int:
    """Do something about a budget.

    Args:
        act: what.
        scope: `fleet`, an agent, or `family:AGENT`.
        amount: dollars such as `5`, or tokens such as `2M tokens`; only for set and raise.
    """
    limit = Limit()
    if act in (BudgetAct.SET, BudgetAct.RAISE):
        parsed = parse_limit(amount)
        if parsed is None:
            raise UsageError(f"{amount!r} is no amount", hint='dollars such as 5 or $2.50, or tokens: "2M tokens"')
        limit = Limit(*parsed)
    named = scope.removeprefix(FAMILY)
    async with headless.engine(nobody if scope == FLEET else only(named)) as engine:
        await engine.coordination.usage.refresh()
        command = ChangeBudget(_scope(engine, scope), act, limit)
        what = _words(act, scope, words_of_limit(limit))
        if dry_run:
            return rehearse(engine, command, what, as_json, {"scope": command.scope})
        if refusal := engine.disabled_reason(command):
            raise Refused(our_line("cannot {}: {}", what, refusal))
        receipts = await carry_out_all(engine, [command])
        await engine.coordination.usage.refresh()
        standing = next((one for one in engine.fleet.spending.budgets if one.scope == command.scope), None)
    if as_json:
        output.print_json(budget_object(standing) if standing is not None else {"scope": command.scope, "limit": None})
    elif standing is not None:
        say(our_line("{}: {}", scope_words(standing), standing.words))
    return ExitCode.FAILED if say_failed(receipts) else ExitCode.DONE


def _words(act: BudgetAct, scope: str, limit: str) -> Clean:
    """Return what an act would do, as the end of a sentence."""
    match act:
        case BudgetAct.SET:
            return our_line("set the budget of {} to {}", scope, limit)
        case BudgetAct.RAISE:
            return our_line("raise the budget of {} to {}, and resume what was frozen for it", scope, limit)
        case BudgetAct.STOP:
            return our_line("end the runs of what was frozen for the budget of {}", scope)
        case BudgetAct.FINISH:
            return our_line("resume what was frozen for the budget of {}, until its runs are over", scope)
        case BudgetAct.REMOVE:
            return our_line("take away your own budget of {}", scope)


def _scope(engine: HeadlessPort, typed: str) -> str:
    """Return the scope that was typed; raises as `agent_named` does."""
    if typed == FLEET:
        return FLEET
    if typed.startswith(FAMILY):
        return f"{FAMILY_SCOPE}{engine.agent_named(typed.removeprefix(FAMILY)).id}"
    return f"{AGENT_SCOPE}{engine.agent_named(typed).id}"


def _by(standing: Standing) -> str:
    return "you" if standing.own else "config"


def budget_object(standing: Standing) -> dict[str, Any]:
    """Return a budget for JSON."""
    return {
        "scope": standing.scope,
        "name": standing.name,
        "limit_cost": standing.limit.cost,
        "limit_tokens": standing.limit.tokens,
        "cost": standing.spent.cost,
        "tokens": standing.spent.tokens,
        "part": standing.part if standing.part != float("inf") else None,
        "over": standing.is_over,
        "warns": standing.warns,
        "at_least": standing.at_least,
        "state": standing.stage.value,
        "own": standing.own,
        "frozen_vms": list(standing.vms),
    }
