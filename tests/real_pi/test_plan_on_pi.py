"""A plan of twelve tasks for six real pi: one is killed at work, one used its budget up, one asks the operator.

What happened is read from the board over plain HTTP, and from what the agents' own files say they were told.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from cockpit.engine import watcher
from cockpit.engine.engine import Engine
from cockpit.engine.usage import desk
from cockpit.model.attention import Urgency, attention
from cockpit.model.commands.agent import Answer
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.plan import CreatePlan, RunPlan
from cockpit.model.commands.usage import BudgetAct, ChangeBudget
from cockpit.model.fleet import Agent, AgentKind, Power
from cockpit.model.plan.read import read_plan
from cockpit.model.usage.standing import AGENT_SCOPE, Limit
from tests.engine.evidence import agent_place, vm_home
from tests.engine.test_plans import AT_ONCE, WAITS, Oracle, told
from tests.fleets import FleetUnderTest, order, until
from tests.inside import on_host
from tests.real_pi.installations import MODEL
from tests.real_pi.test_cockpit_on_pi import bash, fleet, pi, tools

__all__ = ["fleet", "pi"]

ASKING, LOST, DEAR = 3, 6, 7
"""The tasks whose agent asks, is killed, and has spent what it may."""

GATE = """
export default function (pi) {
	pi.on("tool_call", async (event, ctx) => {
		if (event.toolName !== "bash" || !String(event.input.command).includes("rollout")) return;
		if (!(await ctx.ui.confirm("Roll it out?", "It is needed"))) return { block: true, reason: "not allowed" };
	});
}
"""
"""Asks before a command, as the published gates for permissions do."""


def script(number: int) -> str:
    """Return what the model has the agent of a task do."""
    if number == ASKING:
        return tools(bash("echo rollout"), bash("board submit 'it was allowed'"))
    if number in (LOST, DEAR):
        return tools(bash(f"until [ -e gate-{number} ]; do sleep 0.05; done"), bash(f"board submit 'late {number}'"))
    return tools(bash(f"echo {number} >f{number}.txt"), bash(f"board submit 'done {number}'"))


def plan_text() -> str:
    """Return the plan as a person writes it."""
    lines = ["# twelve", f"at once: {AT_ONCE}", ""]
    for number in range(1, 13):
        lines.append(f"## T{number}: Task {number}")
        if number in WAITS:
            lines.append("after: " + ", ".join(f"T{before}" for before in WAITS[number]))
        lines += [f"paths: f{number}.txt", "accept: it is said", "", script(number), ""]
    return "\n".join(lines)


def open_gate(fleet: FleetUnderTest, agents: list[Agent], number: int) -> None:
    """Let the run of a task go on, whoever has it."""
    for agent in agents:
        (vm_home(fleet, agent.vm_id) / "workspace" / f"gate-{number}").touch()


async def worker_of(engine: Engine, oracle: Oracle, number: int) -> Agent:
    """Return the agent that has a task, once a tool of its works on it."""

    def at_work(tasks: dict[int, dict[str, Any]]) -> bool:
        name = tasks[number].get("assignee")
        found = [agent for agent in engine.fleet.agents if agent.name == name]
        return tasks[number]["status"] == "in_progress" and bool(found and found[0].activity.tools)

    await oracle.until(at_work, f"task {number} at work")
    return engine.agent_named(oracle.tasks()[number]["assignee"])


@pytest.mark.timeout(300)  # Six agents of node on a busy machine.
@pytest.mark.parametrize("pi", ["newest"], indirect=True)
async def test_a_plan_of_twelve_tasks_on_six_pi(
    fleet: FleetUnderTest, isolated_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "BOARD_INTERVAL", 0.5)  # Each step waits for an approval given on the board alone.
    monkeypatch.setattr(desk, "LOOK_INTERVAL", 0.2)
    extensions = isolated_home / ".pi" / "agent" / "extensions"
    extensions.mkdir(parents=True)
    (extensions / "gate.ts").write_text(GATE, encoding="utf-8")
    plan = read_plan(plan_text()).plan
    assert plan is not None
    async with fleet.engine() as engine:
        oracle = Oracle(engine)
        spawns = (Spawn(f"w{one}", AgentKind.WORKER, program="pi", model=MODEL) for one in range(6))
        await asyncio.gather(*(order(engine, spawn) for spawn in spawns))
        agents = list(engine.fleet.agents)
        await order(engine, CreatePlan(plan))
        await order(engine, RunPlan("twelve"))
        engine.coordination.plans.hand_out()

        victim = await worker_of(engine, oracle, LOST)
        inside = int((agent_place(fleet, victim.vm_id) / "pid").read_text())
        os.kill(on_host(inside, victim.vm_id), signal.SIGKILL)
        await oracle.until(lambda tasks: tasks[LOST].get("assignee") not in (victim.name, None), "another agent")
        open_gate(fleet, agents, LOST)
        await oracle.until(lambda tasks: tasks[LOST]["status"] == "done", "the task of the killed one")

        # What waits for the answer has not begun; what does not is done.
        asking = next(agent for agent in engine.fleet.agents if agent.activity.dialogs)
        assert oracle.tasks()[ASKING]["assignee"] == asking.name and oracle.tasks()[5]["status"] == "open"
        await order(engine, Answer(asking.id, asking.activity.dialogs[0].request.dialog_id, confirmed=True))

        dear = await worker_of(engine, oracle, DEAR)
        scope = f"{AGENT_SCOPE}{dear.id}"
        await order(engine, ChangeBudget(scope, BudgetAct.SET, Limit(tokens=dear.usage.tokens)))
        await until(engine, lambda: engine.fleet_state.power(dear.vm_id) is Power.PAUSED, "the freeze")
        await until(engine, lambda: is_asked(engine, dear), "the question in the inbox")
        open_gate(fleet, agents, DEAR)
        task = oracle.tasks()[DEAR]
        assert (task["status"], task["assignee"]) == ("in_progress", dear.name), "frozen in the midst, and not given on"
        await order(engine, ChangeBudget(scope, BudgetAct.RAISE, Limit(tokens=10_000_000)))

        await oracle.until(lambda tasks: all(task["status"] == "done" for task in tasks.values()), "the end")
        await oracle.until(lambda tasks: oracle.head()["status"] == "done", "the word that the plan is done")
        final = oracle.tasks()
        assert final[DEAR]["assignee"] == dear.name and oracle.most > 1
        assert {number for number, task in final.items() if "lost:1" in task["tags"]} == {LOST}
        # Each was told to one agent, once; that of the killed one to a second.
        assert told(fleet) == {task["id"]: 1 + (number == LOST) for number, task in final.items()}
        summaries = {number: task["notes"][-2]["content"] for number, task in final.items()}
        assert summaries[LOST] == "late 6" and summaries[ASKING] == "it was allowed" and summaries[12] == "done 12"
        oracle.client.close()


def is_asked(engine: Engine, agent: Agent) -> bool:
    """Say whether the operator is asked about an agent's budget."""
    items = attention(engine.fleet, engine.now())
    return any(
        item.budget is not None and agent.id in item.budget.agents and item.urgency is Urgency.ASKING for item in items
    )
