"""The verbs about what agents and machines cost."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, application, choice, run
from cockpit.model.commands.usage import BudgetAct
from cockpit.model.usage.sums import By

budget = typer.Typer(help="Budgets: without a word behind it, their list.", rich_markup_mode=None)
application.add_typer(budget, name="budget")

Scope = Annotated[str, typer.Argument(help="fleet (each day), an agent, or family:AGENT (with all below it).")]
Amount = Annotated[str, typer.Argument(help='Dollars such as 5, or tokens such as "2M tokens".')]

Since = Annotated[str, typer.Option("--since", help="A span such as 90m, 1h30m, 7d, or a time; a week unless said.")]


@application.command()
def usage(
    by: Annotated[str, typer.Argument(help="agent, family, task, model or day.")] = By.AGENT.value,
    since: Since = "",
    as_json: Json = False,
) -> None:
    """Say what was spent: tokens and cost, the rate, the day's end at it, and hours of VMs and disks."""
    from cockpit.cli import usage as counting

    wanted = choice("usage", by, By)
    run(lambda headless: counting.usage(headless, wanted, since, as_json))


@budget.callback(invoke_without_command=True)
def budgets(context: typer.Context, as_json: Json = False) -> None:
    """List the budgets, the fullest first."""
    from cockpit.cli import budget as work

    if context.invoked_subcommand is None:
        run(lambda headless: work.show(headless, as_json))


@budget.command("set")
def set_budget(scope: Scope, amount: Amount, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Bound what may be spent: at 80 % it is said, at 100 % the VMs are frozen and you are asked."""
    _change(BudgetAct.SET, scope, amount, dry_run, as_json)


@budget.command("raise")
def raise_budget(scope: Scope, amount: Amount, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Set a budget higher, and resume what was frozen for it."""
    _change(BudgetAct.RAISE, scope, amount, dry_run, as_json)


@budget.command("stop")
def stop_budget(scope: Scope, dry_run: DryRun = False, as_json: Json = False) -> None:
    """End the runs of what was frozen; its VMs stay paused."""
    _change(BudgetAct.STOP, scope, "", dry_run, as_json)


@budget.command("finish")
def finish_budget(scope: Scope, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Resume what was frozen, until its runs are over."""
    _change(BudgetAct.FINISH, scope, "", dry_run, as_json)


@budget.command("remove")
def remove_budget(scope: Scope, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Take your own budget away, and resume what was frozen for it."""
    _change(BudgetAct.REMOVE, scope, "", dry_run, as_json)


def _change(act: BudgetAct, scope: str, amount: str, dry_run: bool, as_json: bool) -> None:
    from cockpit.cli import budget as work

    run(lambda headless: work.change(headless, act, scope, amount, dry_run, as_json))
