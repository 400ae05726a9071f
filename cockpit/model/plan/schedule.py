"""What is next in a plan, from the state of board and fleet alone: looked at twice, it says the same.

Nothing here remembers. What was begun stands on the board (`marks`), so that whoever looks next, here or in another
cockpit, after a restart or a kill at any moment, goes on from what is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.model.board import Task
from cockpit.model.ids import AgentId, TaskId
from cockpit.model.plan.acts import Act, Confirm, Give, HandIn, MakeWorker, Settle, StopTask, TakeBack, Withdraw
from cockpit.model.plan.ending import ending
from cockpit.model.plan.marks import AUTHOR, GIVING, ROLE, TAKEN, BoardPlan, given_in, losses_of, value_of
from cockpit.model.plan.workers import Readiness, Worker, by_id, plays
from cockpit.model.reduce.tools import one_line

LOSSES = 1
"""Agents a task may lose before it is stopped: once it goes to another one by itself."""


class Arrival(StrEnum):
    """What an agent's own stream says of a task that was handed to it."""

    NEVER = "never"
    """All of its output was read, and the task is not in it."""
    QUEUED = "queued"
    """It has it, and has not begun."""
    READ = "read"
    """It has begun with it."""
    UNKNOWN = "unknown"


class TaskState(StrEnum):
    """Where a task of a plan stands."""

    DONE = "done"
    REVIEW = "in review"
    WORKING = "at work"
    GIVING = "handed over"
    """It is on its way to an agent."""
    ASKING = "asking"
    BLOCKED = "blocked"
    READY = "ready"
    WAITING = "waits"
    STOPPED = "stopped"
    """It waits for a task that goes on only when the operator acts."""
    TAKEN = "taken"
    ELSEWHERE = "elsewhere"
    """Somebody has it whom the plan did not give it to."""


OCCUPIES = frozenset({TaskState.WORKING, TaskState.GIVING, TaskState.ASKING})
"""States in which a task counts among those that are at work at once: one that asks goes on at any moment."""

STOPS = frozenset({TaskState.BLOCKED, TaskState.STOPPED, TaskState.ASKING})
"""States that stop the branch behind a task."""


@dataclass(frozen=True, slots=True)
class View:
    """All that is known at the moment of a look."""

    plan: BoardPlan
    board: Mapping[TaskId, Task]
    """Every task of the board: what a task waits for need not be of its plan."""
    workers: tuple[Worker, ...]
    deliveries: Mapping[TaskId, Arrival] = field(default_factory=dict)
    """Of the tasks that were given to somebody."""
    giving: Mapping[TaskId, AgentId] = field(default_factory=dict)
    """What this process is handing over just now."""
    making: tuple[str, ...] = ()
    """The roles of the workers that are being made just now."""
    gone: frozenset[AgentId] = frozenset()
    """Agents that were given something and are on no list any more, while the lists can be trusted."""
    tearing: frozenset[AgentId] = frozenset()
    """The workers that are being given up just now."""
    tried: frozenset[AgentId] = frozenset()
    """Those that were to be given up already."""
    no_worker: str = ""
    """Why no worker is made now, although the plan would allow it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A task of a plan, where it stands, and why it goes no further."""

    task: Task
    state: TaskState
    who: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a look came to."""

    tasks: tuple[Planned, ...]
    acts: tuple[Act, ...]
    """What would be done now if nothing held it, most pressing first; all of them together keep within the caps."""
    at_work: int
    """How many tasks agents work on."""
    finished: bool
    unseen: bool = False
    """Whether some agent could take a task is not known: nobody here has looked at it yet."""

    @property
    def done(self) -> int:
        """How many tasks are done."""
        return sum(planned.state is TaskState.DONE for planned in self.tasks)

    @property
    def stands_still(self) -> bool:
        """Whether nothing goes on until somebody else acts."""
        moving = (TaskState.WORKING, TaskState.GIVING)
        still = not any(planned.state in moving for planned in self.tasks)
        return still and not self.finished and not self.acts and not self.unseen


def outlook(view: View) -> Outlook:
    """Look at a plan."""
    look = _Look(view)
    planned = [look.planned(task) for task in view.plan.tasks]
    finished = bool(planned) and all(one.state is TaskState.DONE for one in planned)
    acts = look.acts(planned, finished)
    unseen = any(worker.readiness is Readiness.UNSEEN for worker in view.workers)
    return Outlook(tuple(map(look.planned, view.plan.tasks)), acts, look.occupied(planned), finished, unseen)


class _Look:
    """One look; where a task stands is found out once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._workers = by_id(view.workers)
        self._own = {task.id for task in view.plan.tasks}
        self._known: dict[TaskId, tuple[Planned, Act | None]] = {}
        for task in view.plan.tasks:
            self._find_out(task)

    # --- where each task stands ----------------------------------------------------------------------

    def planned(self, task: Task) -> Planned:
        """Return where a task stands."""
        return self._known[task.id][0]

    def _find_out(self, task: Task) -> None:
        """Judge a task after those of the plan that it waits for; a board is anybody's, and may have circles."""
        begun: set[TaskId] = set()
        stack = [task]
        while stack:
            top = stack[-1]
            before = (self._view.board.get(one) for one in top.dependencies if one in self._own)
            first = [one for one in before if one is not None and one.id not in self._known and one.id not in begun]
            if top.id in self._known:
                stack.pop()
            elif first and top.id not in begun:
                begun.add(top.id)
                stack += first
            else:
                planned, act = self._judged(top)
                arrived = GIVING in top.tags and top.status != "open" and top.id not in self._view.giving
                # Left where it is, it would look as if it had just been handed over, once the task is opened again.
                self._known[top.id] = planned, act or (Settle(top) if arrived else None)
                stack.pop()

    def _judged(self, task: Task) -> tuple[Planned, Act | None]:
        if task.status == "done":
            return Planned(task, TaskState.DONE, task.assignee), None
        if task.status == "in_review" and not self._view.plan.settings.review:
            return Planned(task, TaskState.DONE, task.assignee, "it was handed in, and needs no approval"), None
        if TAKEN in task.tags:
            return Planned(task, TaskState.TAKEN, task.assignee, "the operator has taken it"), None
        if task.status == "in_review":
            return Planned(task, TaskState.REVIEW, task.assignee, "it waits for approval"), None
        if task.status == "blocked":
            return Planned(task, TaskState.BLOCKED, task.assignee, _blocker(task)), None
        if task.id in self._view.giving:
            return self._in_hand(task, TaskState.GIVING, "it is being handed over"), None
        if task.status == "in_progress":
            return self._of_begun(task)
        if task.status != "open":
            return Planned(
                task, TaskState.ELSEWHERE, task.assignee, f"its status {task.status!r} is unknown here"
            ), None
        return self._of_handed(task) if GIVING in task.tags else self._of_open(task)

    def _in_hand(self, task: Task, state: TaskState, reason: str) -> Planned:
        worker = self._given(task)
        return Planned(task, state, worker.name if worker else task.assignee, reason)

    def _given(self, task: Task) -> Worker | None:
        """Return the agent that a task was given to last, where it is known."""
        given = given_in(task)
        agent = self._view.giving.get(task.id) or (given.agent if given else None)
        return self._workers.get(agent) if agent else None

    def _was_given(self, task: Task) -> bool:
        """Say whether the plan itself gave a task to whoever it is assigned to."""
        worker, given = self._given(task), given_in(task)
        return given is not None and task.assignee == (worker.name if worker is not None else given.name)

    def _loss(self, task: Task) -> str:
        """Say how it is known that the agent of a task was lost, or return empty text."""
        worker = self._given(task)
        if worker is not None:
            return f"{worker.name} was lost: {worker.reason}" if worker.readiness is Readiness.LOST else ""
        given = given_in(task)
        return f"{given.name} is on no list any more" if given and given.agent in self._view.gone else ""

    def _of_begun(self, task: Task) -> tuple[Planned, Act | None]:
        worker = self._given(task)
        if not self._was_given(task):
            reason = f"{task.assignee or 'somebody'} works on it, to whom the plan did not give it"
            return Planned(task, TaskState.ELSEWHERE, task.assignee, reason), None
        if loss := self._loss(task):
            return self._lost(task, loss)
        if worker is None:
            return self._in_hand(task, TaskState.WORKING, "what its agent does is not known"), None
        match worker.readiness:
            case Readiness.ASKS:
                return self._in_hand(task, TaskState.ASKING, f"{worker.name} asks: {worker.reason}"), None
            case Readiness.FAILED:
                why = f"{worker.name} failed: {worker.reason}"
                return self._in_hand(task, TaskState.BLOCKED, why), StopTask(task, why)
            case Readiness.ABORTED:
                why = f"the run of {worker.name} was aborted: prompt it again, or take the task"
                return self._in_hand(task, TaskState.WORKING, why), None
            case Readiness.FREE | Readiness.RESTS if self._view.deliveries.get(task.id) is Arrival.READ:
                done = not self._view.plan.settings.review
                act = HandIn(task, worker.id, worker.name, done)
                return self._in_hand(task, TaskState.WORKING, f"{worker.name} came to the end of its run"), act
            case _:
                return self._in_hand(task, TaskState.WORKING, worker.reason), None

    def _lost(self, task: Task, loss: str) -> tuple[Planned, Act | None]:
        losses = losses_of(task) + 1
        if losses > LOSSES:
            why = f"{loss}; it is the {losses}. agent that was lost with this task"
            return self._in_hand(task, TaskState.BLOCKED, why), StopTask(task, why)
        return self._in_hand(task, TaskState.WAITING, f"it goes back: {loss}"), TakeBack(task, losses, loss)

    def _of_handed(self, task: Task) -> tuple[Planned, Act | None]:
        """Judge a task that somebody was handing over when he was cut off."""
        worker = self._given(task)
        if given_in(task) is None:
            return self._in_hand(task, TaskState.WAITING, "to whom is not said"), Withdraw(task, "nobody is named")
        if loss := self._loss(task):
            return self._lost(task, loss)
        delivery = self._view.deliveries.get(task.id, Arrival.UNKNOWN)
        if worker is not None and delivery in (Arrival.READ, Arrival.QUEUED):
            act = Confirm(task, worker.id, worker.name)
            return self._in_hand(task, TaskState.GIVING, f"{worker.name} has it"), act
        if worker is not None and delivery is Arrival.NEVER:
            why = f"{worker.name} has not got it"
            return self._in_hand(task, TaskState.WAITING, why), Withdraw(task, why)
        name = worker.name if worker is not None else task.assignee or "its agent"
        return self._in_hand(task, TaskState.GIVING, f"whether {name} has got it is not known yet"), None

    def _of_open(self, task: Task) -> tuple[Planned, Act | None]:
        for dependency in task.dependencies:
            before = self._view.board.get(dependency)
            if before is None:
                return Planned(task, TaskState.STOPPED, reason=f"task {dependency}, which it waits for, is gone"), None
            state = self._state_before(before)
            called = one_line(before.title, 60)
            if state in STOPS:
                return Planned(task, TaskState.STOPPED, reason=f"{called!r} is {state.value}"), None
            if state is not TaskState.DONE:
                return Planned(task, TaskState.WAITING, reason=f"{called!r} is {_word(state)}"), None
        if task.assignee and self._claimant(task) is None and not self._was_given(task):
            reason = f"{task.assignee} has it, who is no agent here"
            return Planned(task, TaskState.ELSEWHERE, task.assignee, reason), None
        return Planned(task, TaskState.READY), None

    def _state_before(self, task: Task) -> TaskState:
        """Return where a task stands that another one waits for; of another plan, or of none, its status is all."""
        if task.id in self._known:
            return self._known[task.id][0].state
        if task.id in self._own:
            return TaskState.STOPPED  # It waits for the one that asks, in the end.
        by_status = {"done": TaskState.DONE, "blocked": TaskState.BLOCKED, "in_review": TaskState.REVIEW}
        return by_status.get(task.status, TaskState.WAITING)

    def _claimant(self, task: Task) -> Worker | None:
        """Return the agent that a task is assigned to."""
        return next((worker for worker in self._view.workers if worker.name == task.assignee), None)

    # --- what is next --------------------------------------------------------------------------------

    def occupied(self, planned: Collection[Planned]) -> int:
        """Return how many tasks are at work, and agents that have handed theirs in and are at work still."""
        at_work = sum(one.state in OCCUPIES for one in planned)
        lingering = {
            worker.id
            for one in planned
            if one.state not in OCCUPIES and (worker := self._given(one.task)) is not None
            if worker.readiness in (Readiness.WORKS, Readiness.ASKS)
        }
        counted = {worker.id for one in planned if one.state in OCCUPIES and (worker := self._given(one.task))}
        return at_work + len(lingering - counted)

    def acts(self, planned: Collection[Planned], finished: bool) -> tuple[Act, ...]:
        """Return what is to be done now: first what was begun, then what is ready."""
        if finished:
            return ending(self._view.plan, self._view.workers, self._view.tearing, self._view.tried)
        begun = [act for one in planned if (act := self._known[one.task.id][1]) is not None]
        return (*begun, *self._given_out([one.task for one in planned if one.state is TaskState.READY], planned))

    def _given_out(self, ready: Collection[Task], planned: Collection[Planned]) -> Iterator[Act]:
        """Yield who gets what, and which workers are made, in the order of the plan."""
        settings = self._view.plan.settings
        room = settings.at_once - self.occupied(planned)
        free = [worker for worker in self._view.workers if worker.readiness is Readiness.FREE]
        coming = list(self._view.making)
        name = self._view.plan.name
        made = sum(worker.plan == name and worker.has_vm for worker in self._view.workers) + len(coming)
        for task in ready:
            role = value_of(task, ROLE)
            if room <= 0:
                self._waits(task, f"{settings.at_once} of {settings.at_once} are at work")
                continue
            worker = self._choice(task, role, free)
            if worker is not None:
                free.remove(worker)
                room -= 1
                yield Give(task, worker.id, worker.name)
                continue
            why = self._nobody(task, role)
            if role in coming:
                coming.remove(role)
                room -= 1  # whoever comes has this one, and must find room
                self._waits(task, f"a {role or 'worker'} is being made for it")
            elif self._is_bound(task) or made >= settings.vms or self._may_be_free(role):
                self._waits(task, why)
            elif self._view.no_worker:
                self._waits(task, f"{why}; none is made: {self._view.no_worker}")
            else:
                made += 1
                room -= 1
                self._waits(task, f"{why}: one is made")
                yield MakeWorker(role)

    def _waits(self, task: Task, reason: str) -> None:
        self._known[task.id] = (Planned(task, TaskState.READY, task.assignee, reason), None)

    def _is_bound(self, task: Task) -> bool:
        """Say whether a task is for one agent alone: somebody assigned it to that one."""
        return bool(task.assignee) and not self._was_given(task)

    def _choice(self, task: Task, role: str, free: Collection[Worker]) -> Worker | None:
        """Return who gets a task: whom it is assigned to, or who had it before, or who comes first."""
        if self._is_bound(task):
            return next((worker for worker in free if worker.name == task.assignee), None)
        able = [worker for worker in free if plays(worker, role)]
        before = self._given(task)
        return next((worker for worker in able if worker is before), able[0] if able else None)

    def _may_be_free(self, role: str) -> bool:
        """Say whether somebody who plays a role was not looked at yet: no VM is made before that."""
        return any(one.readiness is Readiness.UNSEEN and plays(one, role) for one in self._view.workers)

    def _nobody(self, task: Task, role: str) -> str:
        if self._is_bound(task):
            claimant = self._claimant(task)
            return f"it waits for {task.assignee}: {claimant.reason if claimant else 'it is not here'}"
        able = [worker for worker in self._view.workers if plays(worker, role)]
        word = role or "worker"
        if self._may_be_free(role):
            return f"whether a {word} is free is not known here"
        if not able:
            return f"there is no {word}"
        return f"no {word} is free: " + ", ".join(f"{worker.name} {worker.readiness.value}" for worker in able[:4])


def _word(state: TaskState) -> str:
    return "not done yet" if state in (TaskState.READY, TaskState.WAITING) else state.value


def _blocker(task: Task) -> str:
    """Return what a blocked task says of the reason."""
    notes = [note for note in task.notes if note.kind == "blocker"] or [
        note for note in task.notes if note.author == AUTHOR
    ]
    return one_line(notes[-1].content, 200) if notes else "nobody wrote down why"
