"""A budget on a real fleet: used up, it freezes a working agent once, whoever looks; a restart keeps it.

A text to a paused agent resumes it in the same act, and an idle VM is paused only where nothing of its agent runs.
"""

from __future__ import annotations

from unittest import mock

import pytest

from cockpit.engine.engine import Engine
from cockpit.engine.usage import desk
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.usage import BudgetAct, ChangeBudget, FreezeForBudget, PauseIdle, ResumeAndSend
from cockpit.model.commands.vm import Pause
from cockpit.model.fleet import Agent, Power
from cockpit.model.usage.idle import why_not_idle
from cockpit.model.usage.standing import AGENT_SCOPE, BudgetStage, Limit, Standing
from tests.fleets import FleetUnderTest, order, spawned, until

WORK = "[slow 100] [bash echo one] [bash echo two] [say 700]"
"""Answers that cost something, and then a long one."""

NAP = (
    "[bash setsid sh -c 'echo $$ > napping; exec sleep 300' >/dev/null 2>&1 &"
    " until test -s napping; do sleep 0.02; done] [say 3]"
)
"""Leaves a process behind that has nothing to do with the run any more: it is its own before the run goes on."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at what is spent more often than a person needs."""
    monkeypatch.setattr(desk, "LOOK_INTERVAL", 0.2)


def standing(engine: Engine, agent: Agent) -> Standing | None:
    """Return the budget of an agent."""
    scope = f"{AGENT_SCOPE}{agent.id}"
    return next((one for one in engine.fleet.spending.budgets if one.scope == scope), None)


def is_at(engine: Engine, agent: Agent, stage: BudgetStage) -> bool:
    """Say whether a budget has come to a stage."""
    found = standing(engine, agent)
    return found is not None and found.stage is stage


async def test_a_budget_freezes_once_outlives_a_restart_and_goes_on_when_it_is_raised(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine, fleet.engine() as other:
        ordered: list[str] = []
        for one in (engine, other):
            real = one.running[0].dispatcher.dispatch

            def noted(command: object, real: object = real) -> object:
                if isinstance(command, FreezeForBudget):
                    ordered.append(command.scope)
                return real(command)  # type: ignore[operator]

            mock.patch.object(one.running[0].dispatcher, "dispatch", noted).start()
        ada = await spawned(engine, "ada")
        scope = f"{AGENT_SCOPE}{ada.id}"
        await order(engine, ChangeBudget(scope, BudgetAct.SET, Limit(tokens=10)))
        engine.dispatch(Prompt(ada.id, WORK))
        for one in (engine, other):
            await until(one, lambda one=one: is_at(one, ada, BudgetStage.FROZEN), "the freeze")  # type: ignore[misc]
        await until(engine, lambda: engine.fleet_state.power(ada.vm_id) is Power.PAUSED, "the pause")
        assert ordered == [scope]
        assert engine.fleet.agents[0].run_open, "it was frozen in the midst of its run"
        mock.patch.stopall()
    async with fleet.engine() as engine:
        await until(engine, lambda: is_at(engine, ada, BudgetStage.FROZEN), "what was done is known after a restart")
        more = Limit(tokens=10_000_000)
        await order(engine, ChangeBudget(scope, BudgetAct.RAISE, more))
        assert engine.fleet_state.power(ada.vm_id) is Power.RUNNING
        await until(engine, lambda: not engine.fleet_state.agents[ada.id].run_open, "the end of its run")
        known = engine.fleet_state.agents[ada.id].usage

        def is_counted() -> bool:
            found = standing(engine, ada)
            return found is not None and found.spent.tokens == known.tokens

        await until(engine, is_counted, "the whole run is counted, once")
        assert [one.usage.tokens for one in (await engine.coordination.usage.report(0.0)).agents] == [known.tokens]


async def test_a_text_resumes_and_an_idle_vm_is_paused_unless_something_runs_there(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        bob = await spawned(engine, "bob")
        await order(engine, Pause(bob.vm_id))
        await order(engine, ResumeAndSend(bob.vm_id, Prompt(bob.id, NAP)))

        def idle() -> bool:
            known = engine.fleet_state.agents[bob.id]
            return known.turns > bob.turns and not why_not_idle(bob.vm_id, engine.fleet)

        await until(engine, idle, "the end of what was sent")
        await order(engine, PauseIdle(bob.vm_id, 60.0))
        assert engine.fleet_state.power(bob.vm_id) is Power.RUNNING
        assert "sleep 300" in " ".join(step.detail for step in engine.fleet.operations[-1].steps)
        await order(engine, Prompt(bob.id, "[bash kill $(cat napping)] [say 3]"))
        await until(engine, idle, "the end of its process")
        await order(engine, PauseIdle(bob.vm_id, 60.0))
        assert engine.fleet_state.power(bob.vm_id) is Power.PAUSED
