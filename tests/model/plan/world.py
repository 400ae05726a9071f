"""A board, some agents and somebody who looks at both again and again, in miniature; each act can be cut off midway.

The oracle of the scheduler: what an agent was told is counted here, whatever board and scheduler think.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace

from cockpit.model.board import Note, Task
from cockpit.model.ids import AgentId, TaskId
from cockpit.model.plan import schedule
from cockpit.model.plan.acts import (
    Act,
    Confirm,
    Finish,
    Give,
    HandIn,
    MakeWorker,
    Settle,
    StopTask,
    TakeBack,
    TearDown,
    Withdraw,
)
from cockpit.model.plan.marks import BoardPlan, plans_on
from cockpit.model.plan.schedule import Arrival, Outlook, View
from cockpit.model.plan.workers import Readiness, Worker


class CutOff(Exception):
    """Whoever did an act is gone."""


@dataclass
class Hand:
    """An agent."""

    name: str
    roles: frozenset[str]
    task: TaskId | None = None
    """What it works on."""
    asks: bool = False
    fails: bool = False
    dead: bool = False
    lines: int = 0
    plan: str = ""


class World:
    """Everything there is. `told` counts how often each task reached an agent."""

    def __init__(self, chance: random.Random, plan: tuple[Task, ...], hands: list[Hand]) -> None:
        self.chance = chance
        self.tasks = {task.id: task for task in plan}
        self.hands = {hand.name: hand for hand in hands}
        self.said: dict[str, list[tuple[int, TaskId]]] = {hand.name: [] for hand in hands}
        self.told: Counter[TaskId] = Counter()
        self.lost: Counter[TaskId] = Counter()
        self.reopened: Counter[TaskId] = Counter()
        self.giving: dict[TaskId, AgentId] = {}
        self.cuts = 0.0
        """How probable it is that an act is cut off before each of its steps."""
        self.blind = 0.0
        """How probable it is that an agent's output is not read."""
        self.torn: list[str] = []
        self.counts_as_done = ("done",) if self.plan().settings.review else ("done", "in_review")
        self.most = 0
        """How many were at work at once at most."""

    # --- what is seen --------------------------------------------------------------------------------

    def plan(self) -> BoardPlan:
        (plan,) = plans_on(self.tasks.values())
        return plan

    def view(self) -> View:
        plan = self.plan()
        board = list(self.tasks.values())
        held = {task.assignee for task in board if task.status in ("in_progress", "blocked")}
        held |= {task.assignee for task in board if "giving" in task.tags and task.status == "open"}
        workers = tuple(
            Worker(AgentId(f"vm-{hand.name}"), hand.name, self._readiness(hand, held), "why", hand.roles, hand.plan)
            for hand in sorted(self.hands.values(), key=lambda hand: hand.name)
        )
        deliveries = {}
        for task in board:
            tag = next((tag for tag in task.tags if tag.startswith("given:")), "")
            words = tag.removeprefix("given:").split(" ")
            if len(words) == 3:
                deliveries[task.id] = self._delivery(words[0], int(words[1]), task.id)
        return View(plan, self.tasks, workers, deliveries, dict(self.giving))

    def _readiness(self, hand: Hand, held: set[str]) -> Readiness:
        if hand.dead:
            return Readiness.LOST
        if hand.asks:
            return Readiness.ASKS
        if hand.fails:
            return Readiness.FAILED
        if hand.task is not None:
            return Readiness.WORKS
        return Readiness.RESTS if hand.name in held else Readiness.FREE

    def _delivery(self, name: str, line: int, task: TaskId) -> Arrival:
        if self.chance.random() < self.blind or name not in self.said:
            return Arrival.UNKNOWN
        return Arrival.READ if any(at > line and one == task for at, one in self.said[name]) else Arrival.NEVER

    # --- what is done --------------------------------------------------------------------------------

    def look(self) -> Outlook:
        found = schedule.outlook(self.view())
        assert found == schedule.outlook(self.view()) or self.blind, "to look twice changes nothing"
        return found

    def turn(self) -> Outlook:
        """Look, and do what is to be done; what is cut off takes all that its process remembered with it."""
        found = self.look()
        for act in found.acts:
            try:
                self._do(act)
            except CutOff:
                self.giving.clear()
                break
        self.check()
        return found

    def _step(self) -> None:
        if self.chance.random() < self.cuts:
            raise CutOff

    def _patch(self, task: TaskId, **changes: object) -> None:
        self._step()
        self.tasks[task] = replace(self.tasks[task], **changes)  # type: ignore[arg-type]

    def _tags(self, task: TaskId, *without: str) -> tuple[str, ...]:
        return tuple(tag for tag in self.tasks[task].tags if not tag.startswith(without))

    def _do(self, act: Act) -> None:
        match act:
            case Give(task, agent, name):
                hand = self.hands[name]
                assert not (hand.dead or hand.task or hand.asks or hand.fails), "it was free"
                for before in task.dependencies:
                    assert self.tasks[before].status in self.counts_as_done, "what it waits for is done"
                self.giving[task.id] = agent
                tags = (*self._tags(task.id, "given:", "giving"), f"given:{name} {hand.lines} {agent}", "giving")
                self._patch(task.id, tags=tags, assignee=name)
                self._step()
                self.tell(hand, task.id)
                self._patch(task.id, status="in_progress", assignee=name)
                self._patch(task.id, tags=self._tags(task.id, "giving"))
                del self.giving[task.id]
            case Confirm(task, _, name):
                assert any(one == task.id for _, one in self.said[name]), "it has it"
                self._patch(task.id, status="in_progress", assignee=name, tags=self._tags(task.id, "giving"))
            case Settle(task):
                self._patch(task.id, tags=self._tags(task.id, "giving"))
            case Withdraw(task, _):
                self._patch(task.id, status="open", assignee="", tags=self._tags(task.id, "giving", "given:"))
            case TakeBack(task, losses, _):
                tags = (*self._tags(task.id, "giving", "given:", "lost:"), f"lost:{losses}")
                self._patch(task.id, status="open", assignee="", tags=tags)
            case StopTask(task, why):
                note = Note("plan", why, "blocker", 0.0)
                tags = self._tags(task.id, "giving")
                self._patch(task.id, status="blocked", notes=(*task.notes, note), tags=tags)
            case HandIn(task, _, _, done):
                self._patch(task.id, status="done" if done else "in_review")
            case MakeWorker(role):
                name = f"made-{len(self.hands)}"
                self.hands[name] = Hand(name, frozenset({role or "worker"}), plan=self.plan().name)
                self.said[name] = []
            case TearDown(workers):
                for _, name in workers:
                    hand = self.hands[name]
                    assert hand.plan == self.plan().name and not (hand.task or hand.asks or hand.fails), (
                        "its own, at rest"
                    )
                    assert all(task.status in self.counts_as_done for task in self.plan().tasks)
                    self._step()
                    del self.hands[name]
                    self.torn.append(name)
            case Finish():
                assert self.plan().settings.keeps or not [
                    hand for hand in self.hands.values() if hand.plan and not (hand.asks or hand.fails)
                ], "who was made for it is gone, or cannot go"
                self._patch(self.plan().head.id, status="done")

    def tell(self, hand: Hand, task: TaskId) -> None:
        """Let a task reach an agent."""
        assert not any(one.task == task and not one.dead for one in self.hands.values()), "one at a time has a task"
        hand.lines += 1
        self.said[hand.name].append((hand.lines, task))
        hand.task = task
        self.told[task] += 1

    def check(self) -> None:
        """Check what must hold at any moment."""
        at_work = sum(hand.task is not None and not hand.dead for hand in self.hands.values())
        self.most = max(self.most, at_work)
        assert at_work <= self.plan().settings.at_once
        for task, times in self.told.items():
            assert times <= 1 + self.lost[task] + self.reopened[task], "a task is given once, and once for each reason"

    # --- what happens by itself ----------------------------------------------------------------------

    def happen(self, *, kills: bool = False, trouble: bool = False) -> None:
        """Let something happen to an agent, or the operator act."""
        busy = [hand for hand in self.hands.values() if hand.task is not None and not hand.dead]
        if busy:
            self._to(self.chance.choice(busy), kills, trouble)
        for task in list(self.tasks.values()):
            if task.status == "in_review" and self.chance.random() < 0.7:
                self.tasks[task.id] = replace(task, status="done")
            elif task.status == "blocked" and self.chance.random() < 0.3:
                self.reopened[task.id] += 1
                self.tasks[task.id] = replace(task, status="open")
                for hand in self.hands.values():
                    hand.fails = False
        self.check()

    def _to(self, hand: Hand, kills: bool, trouble: bool) -> None:
        assert hand.task is not None
        what = self.chance.random()
        if hand.asks:
            hand.asks = what < 0.5
        elif kills and what < 0.15:
            self.kill(hand)
        elif trouble and what < 0.25:
            hand.asks = True
        elif trouble and what < 0.35:
            hand.lines += 1
            hand.task, hand.fails = None, True
        elif what < 0.6:
            task = self.tasks[hand.task]
            if what < 0.45 and task.status == "in_progress":
                self.tasks[task.id] = replace(task, status="in_review")  # it says so itself
            hand.lines += 1
            hand.task = None

    def kill(self, hand: Hand) -> None:
        """Let an agent be gone, with what it worked on."""
        assert hand.task is not None
        self.lost[hand.task] += 1
        hand.dead, hand.task = True, None


def head(name: str = "p", status: str = "in_progress", *more: str) -> Task:
    """Return the task that stands for a plan."""
    return Task(TaskId("head"), "Plan", status, tags=(f"plan:{name}", "plan-head", *more))


def member(number: int, after: tuple[int, ...] = (), *more: str, name: str = "p", **changes: object) -> Task:
    """Return an open task of a plan."""
    made = Task(
        TaskId(f"t{number}"),
        f"Task {number}",
        "open",
        tags=(f"plan:{name}", f"key:k{number}", *more),
        dependencies=tuple(TaskId(f"t{one}") for one in after),
        created_at=float(number),
    )
    return replace(made, **changes)  # type: ignore[arg-type]
