"""How a plan stands on the board: by tags, so that every cockpit sees it, and each change of one is one request.

Each of its tasks carries `plan:NAME` and `key:KEY`. One more, the head, stands for the plan itself: its status says
whether the plan runs, its tags how. What the plan has done about a task stands in the task's tags as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cockpit.model.board import Task
from cockpit.model.ids import AgentId
from cockpit.model.plan.plan import MOST_AT_ONCE, MOST_VMS, Plan, PlanSettings, PlanTask, fault_of_name

PLAN, KEY, ROLE, MINUTES = "plan:", "key:", "role:", "minutes:"
HEAD = "plan-head"
AT_ONCE, VMS, NO_REVIEW, KEEPS = "at-once:", "vms:", "review:no", "workers:keep"
HELD = "held"
"""On the head: nothing is done by itself."""
STEP = "step"
"""On the head: one act is to be done, although it is held."""
TAKEN = "taken"
"""The operator has the task: the plan leaves it alone."""
GIVEN = "given:"
"""The agent that got the task last: its name, how many lines its output had then, and its id."""
GIVING = "giving"
"""It is being handed to that agent: whether the agent has it is not said yet."""
LOST = "lost:"
"""How many agents that had the task were lost."""

AUTHOR = "plan"
"""How notes are signed that a plan writes; the operator's name is the operator's alone."""

_OWN = (PLAN, KEY, ROLE, MINUTES, AT_ONCE, VMS, GIVEN, LOST)
RESERVED = frozenset({HEAD, NO_REVIEW, KEEPS, HELD, STEP, TAKEN, GIVING})


def is_own(tag: str) -> bool:
    """Say whether a tag has a meaning to plans, so that nobody may give it to a task by hand."""
    return tag in RESERVED or tag.startswith(_OWN)


@dataclass(frozen=True, slots=True)
class BoardPlan:
    """A plan as the board has it."""

    name: str
    head: Task
    tasks: tuple[Task, ...]
    """Its tasks, each once, in the order in which they were made: each stands after those it waits for."""
    doubles: tuple[Task, ...] = ()
    """Tasks that are there a second time under the same key: nobody does them."""

    @property
    def runs(self) -> bool:
        """Whether its tasks are to be handed out."""
        return self.head.status == "in_progress"

    @property
    def held(self) -> bool:
        """Whether nothing is done by itself."""
        return HELD in self.head.tags

    @property
    def steps(self) -> bool:
        """Whether one act is to be done although it is held."""
        return STEP in self.head.tags

    @property
    def settings(self) -> PlanSettings:
        """How it is run."""
        usual, tags = PlanSettings(), self.head.tags
        at_once = min(max(1, _number(tags, AT_ONCE, usual.at_once)), MOST_AT_ONCE)
        vms = min(_number(tags, VMS, usual.vms), MOST_VMS)
        return PlanSettings(at_once, vms, NO_REVIEW not in tags, KEEPS in tags)


def plans_on(tasks: Iterable[Task]) -> tuple[BoardPlan, ...]:
    """Return the plans of a board, the newest first; what carries a plan's tag without a head is none."""
    heads: dict[str, Task] = {}
    members: dict[str, list[Task]] = {}
    for task in sorted(tasks, key=lambda task: (task.created_at, task.id)):
        name = value_of(task, PLAN)
        if fault_of_name(name):
            continue
        if HEAD in task.tags:
            heads.setdefault(name, task)
        elif value_of(task, KEY):
            members.setdefault(name, []).append(task)
    plans = [_plan(name, head, members.get(name, [])) for name, head in heads.items()]
    return tuple(sorted(plans, key=lambda plan: (plan.head.created_at, plan.name), reverse=True))


def _plan(name: str, head: Task, members: Sequence[Task]) -> BoardPlan:
    first: dict[str, Task] = {}
    doubles = []
    for task in members:
        if first.setdefault(value_of(task, KEY), task) is not task:
            doubles.append(task)
    return BoardPlan(name, head, tuple(first.values()), tuple(doubles))


def value_of(task: Task, prefix: str) -> str:
    """Return what a tag says that begins so, or empty text."""
    return next((tag[len(prefix) :] for tag in task.tags if tag.startswith(prefix)), "")


def _number(tags: Sequence[str], prefix: str, usual: int) -> int:
    text = next((tag[len(prefix) :] for tag in tags if tag.startswith(prefix)), "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else usual


def minutes_of(task: Task) -> float:
    """Return how long a task should take, 0 if it does not say."""
    text = value_of(task, MINUTES)
    try:
        minutes = float(text) if text and len(text) < 12 else 0.0
    except ValueError:
        return 0.0
    return minutes if 0 < minutes < 1e6 else 0.0


@dataclass(frozen=True, slots=True)
class Given:
    """To whom a plan gave a task last."""

    name: str
    """What the agent was called then."""
    line: int
    """How many lines its output had: what it says of the task stands below."""
    agent: AgentId

    @property
    def tag(self) -> str:
        """As it stands on the task."""
        return f"{GIVEN}{self.name} {self.line} {self.agent}"


def given_in(task: Task) -> Given | None:
    """Return to whom a task was given last by its plan, or None."""
    name, _, rest = value_of(task, GIVEN).partition(" ")
    line, _, agent = rest.partition(" ")
    if not name or not agent or not (line.isascii() and line.isdigit() and len(line) < 16):
        return None
    return Given(name, int(line), AgentId(agent))


def losses_of(task: Task) -> int:
    """Return how many agents that had the task were lost."""
    return _number(task.tags, LOST, 0)


def without(tags: Iterable[str], *marks: str) -> tuple[str, ...]:
    """Return tags without some: whole ones, or all that begin with one that ends in a colon."""
    return tuple(
        tag for tag in tags if not any(tag == one or (one[-1] == ":" and tag.startswith(one)) for one in marks)
    )


def head_tags(name: str, settings: PlanSettings, others: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the tags of a plan's head."""
    review = () if settings.review else (NO_REVIEW,)
    keeps = (KEEPS,) if settings.keeps else ()
    kept = without(others, PLAN, HEAD, AT_ONCE, VMS, NO_REVIEW, KEEPS)
    return (f"{PLAN}{name}", HEAD, f"{AT_ONCE}{settings.at_once}", f"{VMS}{settings.vms}", *review, *keeps, *kept)


def task_tags(plan: Plan, task: PlanTask) -> tuple[str, ...]:
    """Return the tags under which a task of a plan is made."""
    own = [f"{PLAN}{plan.name}", f"{KEY}{task.key}"]
    own += [f"{ROLE}{task.role}"] if task.role else []
    own += [f"{MINUTES}{task.minutes:g}"] if task.minutes else []
    return (*own, *task.tags)


def task_text(task: PlanTask) -> str:
    """Return the description under which a task of a plan is made: its own words, its paths, its criteria."""
    parts = [task.description] if task.description else []
    if task.paths:
        parts.append("Paths: " + ", ".join(task.paths))
    if task.accept:
        parts.append("\n".join(("Acceptance:", *(f"- {one}" for one in task.accept))))
    return "\n\n".join(parts)


def head_text(plan: Plan) -> str:
    """Return the description of a plan's head."""
    lines = (f"- {task.title}" for task in plan.tasks)
    return "\n".join((f"A plan of {len(plan.tasks)} tasks; its tags say how it is run, its status whether.", *lines))


def task_named(plan: BoardPlan, word: str) -> tuple[Task, ...]:
    """Return the tasks of a plan that a word means: by id, by key or by title; several if it means several."""
    exact = [task for task in plan.tasks if word in (task.id, value_of(task, KEY))]
    folded = " ".join(word.casefold().split())
    return tuple(exact or [task for task in plan.tasks if " ".join(task.title.casefold().split()) == folded])


def is_head(task: Task) -> bool:
    """Say whether a task stands for a plan, and is nothing that anybody does."""
    return HEAD in task.tags and bool(value_of(task, PLAN))
