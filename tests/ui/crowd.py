"""A fleet as large as one operator watches: forty agents with names in five scripts, and two hundred tasks."""

from __future__ import annotations

import itertools

from cockpit.model import events as ev
from cockpit.model.board import Task
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    AgentKind,
    Fleet,
    Power,
    Vm,
)
from cockpit.model.ids import TaskId
from cockpit.model.open_work import OpenDialog, OpenTool
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.scene import make_agent, vm_id

STEMS = (
    "refactor-authentication-middleware",
    "переписать-хранилище-ссылок",
    "重构认证中间件模块",
    "πλοηγός-αποθήκευσης",
    "नेविगेशन-परीक्षण",
)
"""Latin, Cyrillic, Han (two cells a character), Greek, Devanagari (with combining marks)."""
AGENTS, TASKS = 40, 200
STATUSES = ("open", "in_progress", "in_review", "blocked", "done")


def activities() -> tuple[Activity, ...]:
    """Return one of each that a row has to tell."""
    question = ev.DialogRequested("d", "select", "Which version shall it be?", "", ("0.1.0", "0.2.0"))
    return (
        Activity(ActivityState.WORKING, NOW - 40, tools=(OpenTool("t", "bash", "pytest -q tests/api", NOW - 40),)),
        Activity(ActivityState.IDLE, NOW - 4000),
        Activity(ActivityState.ASKING, NOW - 120, dialogs=(OpenDialog(question, NOW - 120),)),
        Activity(ActivityState.DONE_UNSEEN, NOW - 8, detail="The limiter holds 100 requests a second"),
        Activity(ActivityState.ERROR, NOW - 500, error="529 overloaded"),
    )


def crowd_names() -> tuple[str, ...]:
    """Return the names: those of one stem differ at their ends alone."""
    return tuple(f"{STEMS[number % len(STEMS)]}-{number // len(STEMS) + 1}" for number in range(AGENTS))


def crowd() -> FakeEngine:
    """Return an engine that stands still over it: eight lieutenants, each with four workers."""
    states = itertools.cycle(activities())
    made = []
    lieutenant = ""
    for number, name in enumerate(crowd_names(), 1):
        leads = number % 5 == 1
        kind = AgentKind.LIEUTENANT if leads else AgentKind.WORKER
        made.append(make_agent(number, name, kind, next(states), parent="" if leads else lieutenant))
        lieutenant = name if leads else lieutenant
    tasks = tuple(
        Task(
            TaskId(f"T{number}"),
            f"Task {number}: {STEMS[number % len(STEMS)]} is to be measured",
            STATUSES[number % len(STATUSES)],
            crowd_names()[number % AGENTS],
            tags=("p0", "ui"),
            created_at=NOW - 9000 - number,
            updated_at=NOW - number * 50,
        )
        for number in range(TASKS)
    )
    vms = tuple(Vm(vm_id(number), Power.RUNNING) for number in range(1, AGENTS + 1))
    return FakeEngine(Fleet(vms=vms, agents=tuple(made), tasks=tasks, source="embedded"))
