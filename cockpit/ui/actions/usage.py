"""What is spent: the picture of it, budgets, and what is done about one that is used up, or about refused agents."""

from __future__ import annotations

from cockpit.model.attention import Attention
from cockpit.model.commands.usage import BudgetAct, ChangeBudget, ContinueLimited
from cockpit.model.usage.amounts import parse_limit
from cockpit.model.usage.causes import words_of
from cockpit.model.usage.standing import AGENT_SCOPE, FAMILY_SCOPE, FLEET, Limit, Standing, scope_words
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.form import Field, GuardedForm, Values
from cockpit.ui.dialogs.usage import BUDGET, UsageDialog
from cockpit.ui.widgets.choice_field import Choice

AMOUNT = ours("5, $2.50, 2M tokens")
"""How an amount may be typed."""

FAULT = "an amount is dollars such as 5 or $2.50, or tokens such as 2M tokens"


def _limit_in(text: str) -> Limit | None:
    parsed = parse_limit(text)
    return Limit(*parsed) if parsed is not None else None


def open_usage(home: HomePort) -> None:
    """Show what is spent."""

    def finish(result: str | None) -> None:
        if result == BUDGET:
            set_budget(home)

    home.open_dialog(UsageDialog(home.engine), finish)


def set_budget(home: HomePort) -> None:
    """Ask for a budget of the fleet, of the selected agent, or of all below it."""
    if home.read_only:
        home.warn(ours("the cockpit is read-only"), title=ours("No budget"))
        return
    scopes = [Choice(FLEET, ours("the fleet, each day"))]
    if (agent := home.agent) is not None:
        scopes += [
            Choice(f"{AGENT_SCOPE}{agent.id}", clean_line(agent.name)),
            Choice(f"{FAMILY_SCOPE}{agent.id}", our_line("{} and all below it", agent.name)),
        ]

    def command(values: Values) -> ChangeBudget | None:
        if not values["amount"].strip():
            return ChangeBudget(values["scope"], BudgetAct.REMOVE)
        limit = _limit_in(values["amount"])
        return ChangeBudget(values["scope"], BudgetAct.SET, limit) if limit is not None else None

    def check(values: Values) -> str:
        wanted = command(values)
        return home.engine.disabled_reason(wanted) if wanted is not None else FAULT

    def finish(values: Values | None) -> None:
        if values is not None and (wanted := command(values)) is not None:
            home.promise(home.command(wanted), ours("the budget is kept"))

    first = scopes[1 if agent is not None else 0]
    fields = (
        Field("scope", ours("of"), "choice", first.value, choices=tuple(scopes)),
        Field("amount", ours("at most"), placeholder=AMOUNT),
    )
    intro = ours("At 80 % it is said, at 100 % its agents freeze and you are asked. Empty takes your own limit away.")
    home.open_dialog(GuardedForm(ours("Budget"), fields, check, intro=intro), finish)


def settle_budget(home: HomePort, standing: Standing) -> None:
    """Ask what becomes of a budget that is used up, or nearly: raise it, let what runs finish, or stop it."""
    acts = (
        Choice(BudgetAct.RAISE.value, ours("raise it and go on")),
        Choice(BudgetAct.FINISH.value, ours("let what runs come to its end")),
        Choice(BudgetAct.STOP.value, ours("end the runs, leave them paused")),
    )

    def command(values: Values) -> ChangeBudget | None:
        act = BudgetAct(values["act"])
        if act is not BudgetAct.RAISE:
            return ChangeBudget(standing.scope, act)
        limit = _limit_in(values["amount"])
        return ChangeBudget(standing.scope, act, limit) if limit is not None else None

    def check(values: Values) -> str:
        wanted = command(values)
        return home.engine.disabled_reason(wanted) if wanted is not None else FAULT

    def finish(values: Values | None) -> None:
        if values is not None and (wanted := command(values)) is not None:
            home.promise(home.command(wanted), our_line("budget of {}: done", scope_words(standing)))

    fields = (
        Field("act", ours("what"), "choice", BudgetAct.RAISE.value, choices=acts),
        Field("amount", ours("new limit"), value=_half_more(standing.limit), placeholder=AMOUNT),
    )
    intro = our_line("{}: {}", scope_words(standing), standing.words)
    home.open_dialog(GuardedForm(ours("Budget"), fields, check, intro=intro), finish)


def _half_more(limit: Limit) -> str:
    """Return the half more of a limit, as it is typed."""
    parts = [f"{limit.cost * 1.5:.4g}"] if limit.cost is not None else []
    parts += [f"{int(limit.tokens * 1.5)} tokens"] if limit.tokens is not None else []
    return " ".join(parts)


def continue_refused(home: HomePort, item: Attention) -> None:
    """Tell all agents of a cause to go on."""
    if item.cause is not None:
        home.command(ContinueLimited(item.agents, words_of(item.cause, home.engine.now())))


ACTIONS: tuple[Action, ...] = (
    Action("usage.open", "U", "usage", "See", "Show what is spent, its course, budgets and sums", open_usage),
    Action(
        "usage.budget",
        "",
        "budget",
        "See",
        "Bound what the fleet, the agent or its family may spend",
        set_budget,
        writes=True,
    ),
)
