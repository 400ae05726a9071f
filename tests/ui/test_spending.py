"""What is spent, on the screen: its sums, a budget, one that is used up, and a text to an agent that was paused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.usage import BudgetAct, ChangeBudget, ResumeAndSend
from cockpit.model.content import Usage
from cockpit.model.fleet import Activity, ActivityState, Link, LinkState, Power
from cockpit.model.ids import agent_of
from cockpit.model.usage.port import UsageReport
from cockpit.model.usage.spending import Spending
from cockpit.model.usage.standing import AGENT_SCOPE, FLEET, BudgetRecord, BudgetStage, Limit, Standing
from cockpit.model.usage.sums import Sum
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.form import GuardedForm
from cockpit.ui.dialogs.usage import UsageDialog
from cockpit.ui.widgets.plain import Plain
from tests.remote.waiting import until
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import cockpit

pytestmark = pytest.mark.usefixtures("short_pauses")


async def test_the_sums_are_gone_through_by_keys_and_lead_to_a_budget() -> None:
    engine = scene()
    usage = engine.coordination.usage
    of_ada, of_model = Sum("a", "ada", Usage(1000, cost=1.25), 4), Sum("m", "opus", Usage(1000, cost=1.25), 4)
    usage.found = UsageReport(0.0, 1.0, of_ada, (of_ada,), models=(of_model,))
    async with cockpit(engine) as (pilot, home, _):
        await pilot.press("U")
        await until(lambda: isinstance(pilot.app.screen, UsageDialog))
        dialog = pilot.app.screen

        def text() -> str:
            return str(dialog.query_one("#text", Plain).content)

        await until(lambda: "ada" in text() and "opus" not in text())
        await pilot.press("right", "right", "right")
        await until(lambda: "opus" in text())
        await pilot.press("1")
        await until(lambda: len(usage.reports) > 1)
        assert usage.reports[-1] == engine.now() - 86_400.0
        await pilot.press("b")
        await until(lambda: isinstance(pilot.app.screen, GuardedForm))
        await pilot.pause()
        await pilot.press("tab", *"two", "enter")
        await pilot.pause()
        assert "dollars such as 5" in str(pilot.app.screen.query_one("#problem", Plain).content)
        assert engine.ordered == []
        await pilot.press(*["backspace"] * 3, *"2M tokens", "enter")
        await until(lambda: bool(engine.ordered))
        scope = f"{AGENT_SCOPE}{home.selected}"
        assert engine.ordered == [ChangeBudget(scope, BudgetAct.SET, Limit(tokens=2_000_000))]


async def test_a_budget_that_is_used_up_asks_and_is_let_finish() -> None:
    engine = scene()
    agents = tuple(agent.id for agent in engine.fleet.agents)
    record = BudgetRecord(FLEET, Limit(cost=5.0), BudgetStage.FROZEN, vms=(vm_id(1),))
    used_up = Standing(FLEET, "fleet", Limit(cost=5.0), Usage(cost=5.5), agents, BudgetStage.FROZEN, record=record)
    paused = tuple(replace(vm, power=Power.PAUSED) if vm.id == vm_id(1) else vm for vm in engine.fleet.vms)
    engine.change(replace(engine.fleet, vms=paused, spending=Spending(budgets=(used_up,))))
    async with cockpit(engine) as (pilot, _home, _):
        await pilot.press("I")
        await pilot.pause()
        await pilot.press("slash", *"raise, stop")
        await pilot.pause()
        await pilot.press("enter", "enter")
        await until(lambda: isinstance(pilot.app.screen, GuardedForm))
        await pilot.pause()
        assert pilot.app.screen.query_one("#amount").value == "7.5"  # type: ignore[attr-defined]
        await pilot.press("right", "enter")
        await until(lambda: bool(engine.ordered))
        assert engine.ordered == [ChangeBudget(FLEET, BudgetAct.FINISH)]


async def test_a_text_to_who_was_paused_resumes_it_after_a_question_and_no_gives_the_text_back() -> None:
    engine = scene()
    paused = tuple(replace(vm, power=Power.PAUSED) if vm.id == vm_id(1) else vm for vm in engine.fleet.vms)
    idle = Activity(ActivityState.IDLE)
    agents = tuple(
        replace(one, activity=idle, run_open=False, link=Link(LinkState.PAUSED)) if one.vm_id == vm_id(1) else one
        for one in engine.fleet.agents
    )
    engine.change(replace(engine.fleet, vms=paused, agents=agents))
    async with cockpit(engine) as (pilot, home, _):
        agent = agent_of(vm_id(1))
        assert home.selected == agent
        for answer, ordered in (("n", []), ("y", [ResumeAndSend(vm_id(1), Prompt(agent, "go on"))])):
            if not home.composer.text:
                await pilot.press("p", *"go on")
            await pilot.press("enter")
            await until(lambda: isinstance(pilot.app.screen, ConfirmDialog))
            await pilot.pause()
            await pilot.press(answer)
            await until(lambda: pilot.app.screen is home)
            await pilot.pause()
            assert engine.ordered == ordered
            assert home.composer.text == ("" if ordered else "go on")
