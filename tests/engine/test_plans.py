"""A plan of twelve tasks on the embedded fleet: six workers, one killed, one asking, its cockpit killed in the midst.

What happened is read from the board over plain HTTP, and from what the agents' own files say they were told.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from cockpit.engine import watcher
from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Answer
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.plan import CreatePlan, RunPlan
from cockpit.model.fleet import AgentKind
from cockpit.model.plan.read import read_plan
from cockpit.model.plan.schedule import Outlook, TaskState
from tests.fleets import LIMIT, FleetUnderTest, order

AT_ONCE = 3
WAITS = {4: (1, 2), 5: (3,), 6: (4,), 7: (4, 5), 8: (7,), 9: (6,), 10: (8, 9), 11: (10,), 12: (10,)}
ASKING, LONG = 3, 6
"""The task whose agent asks, and the one whose agent is killed."""


def script(number: int) -> str:
    """Return what the agent of a task does."""
    if number == ASKING:
        return "[ask confirm Go on? | It is needed] [say Asked and answered.]"
    if number == LONG:
        return "[bash sleep 3] [say It took long.]"
    return f"[bash echo {number}] [say Done with {number}.]"


def plan_text() -> str:
    """Return the plan as a person writes it."""
    lines = ["# twelve", f"at once: {AT_ONCE}", ""]
    for number in range(1, 13):
        lines.append(f"## T{number}: Task {number}")
        if number in WAITS:
            lines.append("after: " + ", ".join(f"T{before}" for before in WAITS[number]))
        lines += [f"paths: f{number}.txt", "accept: it is said", "", script(number), ""]
    return "\n".join(lines)


class Oracle:
    """The board and the registry over plain HTTP, and what is asserted of every look at them."""

    def __init__(self, engine: Engine) -> None:
        environment = engine.running[0].source.environment
        self.client = httpx.Client(
            base_url=environment["VERS_INFRA_URL"],
            headers={"Authorization": f"Bearer {environment['VERS_AUTH_TOKEN']}"},
            timeout=30,
        )
        self.most = 0

    def tasks(self) -> dict[int, dict[str, Any]]:
        """Return the tasks of the plan by their numbers, after checking that none runs before its time."""
        listed = self.client.get("/board/tasks").json()["tasks"]
        found = {int(task["title"].split()[-1]): task for task in listed if task["title"].startswith("T")}
        by_id = {task["id"]: task for task in listed}
        at_work = [task for task in found.values() if task["status"] == "in_progress"]
        self.most = max(self.most, len(at_work))
        assert len(at_work) <= AT_ONCE
        for task in at_work:
            assert all(by_id[before]["status"] == "done" for before in task["dependencies"]), task["title"]
        return found

    def head(self) -> dict[str, Any]:
        """Return the task that stands for the plan."""
        listed = self.client.get("/board/tasks").json()["tasks"]
        (head,) = [task for task in listed if "plan-head" in task["tags"]]
        return dict(head)

    def approve(self) -> None:
        """Approve what was handed in, as the operator does."""
        for task in self.tasks().values():
            if task["status"] == "in_review":
                self.client.post(f"/board/tasks/{task['id']}/approve", json={"approvedBy": "noah"}).raise_for_status()

    async def until(self, condition: Any, what: str) -> None:
        """Wait for something on the board, approving meanwhile."""
        async with asyncio.timeout(4 * LIMIT):
            while not condition(self.tasks()):
                self.approve()
                await asyncio.sleep(0.2)


def told(fleet: FleetUnderTest) -> Counter[str]:
    """Return how often each task was handed to an agent whose VM is there, by what their files say."""
    counts: Counter[str] = Counter()
    for out in Path(fleet.root).rglob("out"):
        for line in out.read_bytes().splitlines() if out.is_file() else []:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            message = said.get("message") if said.get("type") == "message_start" else None
            if isinstance(message, dict) and message.get("role") == "user":
                text = json.dumps(message)
                if "Its id is " in text:
                    counts[text.split("Its id is ")[1].split(".")[0]] += 1
    return counts


def seen(engine: Engine) -> Outlook:
    """Return the plan as a cockpit sees it."""
    (status,) = engine.coordination.plans.known()
    return status.outlook


@pytest.mark.timeout(600)  # Six agents and three cockpits on a busy machine.
async def test_a_plan_of_twelve_tasks(fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each step waits for an approval that is given on the board alone.
    monkeypatch.setattr(watcher, "BOARD_INTERVAL", 0.5)
    plan = read_plan(plan_text()).plan
    assert plan is not None
    async with fleet.engine() as engine:
        oracle = Oracle(engine)
        await asyncio.gather(*(order(engine, Spawn(f"w{number}", AgentKind.WORKER)) for number in range(6)))
        await asyncio.gather(*(order(engine, CreatePlan(plan)) for _ in range(2)))
        await order(engine, RunPlan("twelve"))
        made = oracle.tasks()
        assert sorted(made) == list(range(1, 13))
        for number, before in WAITS.items():
            assert made[number]["dependencies"] == [made[one]["id"] for one in before]
        assert {task["createdBy"] for task in made.values()} == {"operator"}
        vms = {agent.name: agent.vm_id for agent in engine.fleet.agents}

    # A cockpit hands the first tasks out, and is killed at once.
    first = await asyncio.create_subprocess_exec(
        *fleet.command("plan", "run", "twelve"), env=fleet.environment(), stderr=asyncio.subprocess.DEVNULL
    )
    await oracle.until(lambda tasks: any(task["status"] == "in_progress" for task in tasks.values()), "a first task")
    first.send_signal(signal.SIGKILL)
    await first.wait()

    async with fleet.engine() as engine:
        engine.coordination.plans.hand_out()
        await oracle.until(lambda tasks: tasks[LONG]["status"] == "in_progress", "the task whose agent is killed")
        victim = oracle.tasks()[LONG]["assignee"]
        base, key = (engine.running[0].source.environment[name] for name in ("VERS_BASE_URL", "VERS_API_KEY"))
        async with httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=30) as api:
            (await api.delete(f"/vm/{vms[victim]}")).raise_for_status()
        await oracle.until(lambda tasks: tasks[LONG].get("assignee") not in (victim, None), "another agent")

        def is_asked() -> bool:
            return any(one.state is TaskState.ASKING for one in seen(engine).tasks)

        assert await engine.until(is_asked, LIMIT)
        states = {one.task.title.split(":")[0]: one for one in seen(engine).tasks}
        assert states["T5"].state is TaskState.STOPPED and "asking" in states["T5"].reason
        await oracle.until(lambda tasks: tasks[6]["status"] == "done", "what does not wait for the answer")
        assert oracle.tasks()[5]["status"] == "open"
        asking = next(agent for agent in engine.fleet.agents if agent.activity.dialogs)
        await order(engine, Answer(asking.id, asking.activity.dialogs[0].request.dialog_id, confirmed=True))
        await oracle.until(lambda tasks: all(task["status"] == "done" for task in tasks.values()), "the end")
        assert await engine.until(lambda: seen(engine).finished, LIMIT)
        await oracle.until(lambda tasks: oracle.head()["status"] == "done", "the word that the plan is done")
    final = told(fleet)
    assert set(final.values()) == {1}, "each was told to one agent, the killed one's to one that is there"
    # What the killed agent had done before went with its file: the board names it.
    theirs = {task["id"] for task in oracle.tasks().values() if task["assignee"] == victim}
    assert set(final) | theirs == {task["id"] for task in oracle.tasks().values()} and oracle.most > 1
    lost = {number for number, task in oracle.tasks().items() if "lost:1" in task["tags"]}
    assert lost == {LONG}
    oracle.client.close()
