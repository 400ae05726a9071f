"""What a row of the board says that is not so: it shows work that nobody does, or hides why nothing moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.ages import span_text
from cockpit.model.board import Task
from cockpit.model.dwelling import its_words
from cockpit.model.fleet import ActivityState, Agent, Fleet, LinkState, Power, ProcessState
from cockpit.model.health import VM_LIST, kind_of_service
from cockpit.model.plan.marks import is_head

GRACE = 10.0
"""Seconds between the end of a run and the word that its task is left: the agent, and the board, get to say more."""

TITLE_PART = 60
"""Characters of another task's title inside a sentence."""


class DoubtKind(StrEnum):
    """What is wrong with a row, in words for a count of them."""

    GONE = "assignee gone"
    IDLE = "agent idle although its task runs"
    PAUSED = "agent paused although its task runs"
    UNCLAIMED = "in progress and nobody's"
    UNEXPLAINED = "blocked without a blocker note"
    DEPENDENCY = "dependency open"


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that a row says and that is not so."""

    kind: DoubtKind
    sentence: str
    """With names and titles as their authors wrote them: hostile until sanitised."""


def doubts(task: Task, fleet: Fleet, now: float) -> tuple[Doubt, ...]:
    """Return what a row says that is not so, the gravest first.

    What is not known is no doubt: an agent whose link is down may be working.

    Args:
        task: the row.
        fleet: agents, VMs and the other tasks.
        now: unix seconds.
    """
    found: list[Doubt] = []
    if task.status == "in_progress" and not is_head(task):
        found += _of_assignee(task, fleet, now)
    if task.status == "blocked" and not any(note.kind == "blocker" for note in task.notes):
        found.append(Doubt(DoubtKind.UNEXPLAINED, "It is blocked, and no note of it says by what."))
    if task.status in ("in_progress", "in_review", "done"):
        found += _of_dependencies(task, fleet)
    return tuple(found)


def all_doubts(fleet: Fleet, now: float) -> dict[str, tuple[Doubt, ...]]:
    """Return the doubts of every row that has some, by the task's id, in the order of the board."""
    each = ((str(task.id), doubts(task, fleet, now)) for task in fleet.tasks)
    return {task: found for task, found in each if found}


def counts(found: Iterable[tuple[Doubt, ...]]) -> dict[DoubtKind, int]:
    """Return on how many rows each kind of doubt lies, the gravest kind first; a row counts once for a kind."""
    rows = [{doubt.kind for doubt in row} for row in found]
    numbers = {kind: sum(kind in row for row in rows) for kind in DoubtKind}
    return {kind: number for kind, number in numbers.items() if number}


def _of_assignee(task: Task, fleet: Fleet, now: float) -> list[Doubt]:
    if not task.assignee:
        return [Doubt(DoubtKind.UNCLAIMED, "It is in progress, and assigned to nobody.")]
    named = [agent for agent in fleet.agents if agent.name == task.assignee]
    if not named:
        return _of_unknown(task.assignee, fleet)
    # Two sources may each have an agent of this name: one that works is enough.
    told = [_of_agent(agent, fleet, now) for agent in named]
    return [] if None in told else [doubt for doubt in told if doubt is not None][:1]


def _of_agent(agent: Agent, fleet: Fleet, now: float) -> Doubt | None:
    vm = fleet.vm(agent.vm_id)
    name = agent.name
    if agent.elsewhere:
        return None
    if vm is not None and vm.power in (Power.GONE, Power.DEAD):
        return Doubt(DoubtKind.GONE, f"{name} has it, and {its_words(vm)} is {vm.power.value}.")
    if agent.process.state is ProcessState.DEAD:
        code = agent.process.exit_code
        ended = "has ended" if code is None else f"ended with exit {code}"
        return Doubt(DoubtKind.GONE, f"{name} has it, and its process {ended}.")
    if vm is not None and vm.power in (Power.PAUSED, Power.SLEEPING):
        return Doubt(DoubtKind.PAUSED, f"{name} has it, and {its_words(vm)} is {vm.power.value}.")
    if agent.link.state is not LinkState.UP or agent.run_open or agent.activity.dialogs:
        return None
    words = _STILL.get(agent.activity.state)
    span = now - agent.activity.since
    if words is None or span < GRACE:
        return None
    since = f" since {span_text(span)}" if agent.activity.since else ""
    return Doubt(DoubtKind.IDLE, f"{name} has it, and {words}{since}.")


_STILL = {
    ActivityState.IDLE: "is idle",
    ActivityState.DONE_UNSEEN: "has been done with its run",
    ActivityState.ABORTED: "was aborted and has stood still",
    ActivityState.ERROR: "failed and has stood still",
}
"""The states in which an agent does nothing, and nothing will follow by itself."""


_OWN_WORDS = ("agent_started", "agent_stopped", "token_update")
"""What is on the feed of agents alone: people publish none of it."""


def _of_unknown(assignee: str, fleet: Fleet) -> list[Doubt]:
    """A name that no agent has may be a person's; one that was heard of as an agent's is not."""
    lists = [fleet.service(name) for name in fleet.awaited if kind_of_service(name) == VM_LIST]
    if any(health is None or not health.ok for health in lists):
        return []
    was_agent = any(kept.name == assignee for kept in fleet.kept) or any(
        item.agent == assignee and item.kind in _OWN_WORDS for item in fleet.feed
    )
    if not was_agent:
        return []
    return [Doubt(DoubtKind.GONE, f"{assignee} has it, and no agent of the fleet is called so any more.")]


def _of_dependencies(task: Task, fleet: Fleet) -> list[Doubt]:
    if not task.dependencies:
        return []
    wanted = set(task.dependencies)
    by_id = {other.id: other for other in fleet.tasks if other.id in wanted}
    found: list[Doubt] = []
    for dependency in dict.fromkeys(task.dependencies):
        other = by_id.get(dependency)
        if other is None or other.status == "done":
            continue
        shown = " ".join(other.title.split())
        shown = shown if len(shown) <= TITLE_PART else f"{shown[: TITLE_PART - 1]}…"
        state = task.status.replace("_", " ")
        word = other.status.replace("_", " ")
        found.append(Doubt(DoubtKind.DEPENDENCY, f"It is {state}, and depends on “{shown}”, which is {word}."))
    return found
