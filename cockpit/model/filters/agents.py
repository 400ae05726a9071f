"""What can be asked of agents: `state:asking kind:worker -label:old cost:>1 "two words"`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.model.family import ancestors_of, parents_of
from cockpit.model.filters.fields import UNITS, Measure, Vocabulary, Wording
from cockpit.model.filters.language import filter_of
from cockpit.model.fleet import Agent, AgentKind, Fleet, LinkState, Power, Vm
from cockpit.model.queue import counted
from cockpit.model.why import headline, warnings_in

if TYPE_CHECKING:
    from cockpit.model.board import Task
    from cockpit.model.ids import AgentId

STATES = (
    "asking",
    "working",
    "idle",
    "done",
    "failed",
    "paused",
    "starting",
    "retrying",
    "compacting",
    "aborted",
    "error",
    "exited",
    "sleeping",
    "unknown",
)
"""What an agent's state may be called; its row says the same, or its tone does."""

_TONES = {"running": "working"}
"""Tones that have another word in a filter."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the operator keeps of agents on the screen: it is no part of the fleet."""

    marked: Collection[AgentId] = frozenset()
    pinned: Collection[AgentId] = frozenset()
    snoozed: Collection[AgentId] = frozenset()
    failed: Mapping[AgentId, str] = field(default_factory=dict)
    """Why the last act failed at those that are still marked for it."""


NO_ATTRIBUTES = Attributes()


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent with what of the fleet is asked about it."""

    agent: Agent
    vm: Vm | None
    tasks: tuple[Task, ...]
    """Those that the board gives it and that are not done."""
    above: tuple[str, ...]
    """The names of those it works for, the nearest first."""
    now: float
    marks: frozenset[str] = field(default_factory=frozenset)
    """`marked`, `pinned`, `snoozed`."""

    def states(self) -> Iterator[str]:
        """Yield the words for its state: the one its row shows, its tone, and what its own stream says."""
        head = headline(self.agent, self.vm, self.now)
        yield head.word.removesuffix("?")
        yield _TONES.get(head.tone, head.tone)
        if head.tone != "unknown" or not head.link:
            yield self.agent.activity.state.value

    def signs(self) -> Iterator[str]:
        """Yield what else is to be said of it in a word."""
        yield from self.marks
        if sum(counted(self.agent)):
            yield "queued"
        if warnings_in(self.agent.process.errors):
            yield "warned"
        if self.agent.elsewhere:
            yield "elsewhere"


def _repositories(seen: AgentView) -> tuple[str, ...]:
    return (seen.agent.workspace.repository,) if seen.agent.workspace is not None else ()


def _branches(seen: AgentView) -> tuple[str, ...]:
    return (seen.agent.workspace.branch,) if seen.agent.workspace is not None else ()


def _changed(seen: AgentView) -> float | None:
    known = seen.agent.workspace
    return float(known.added + known.removed) if known is not None else None


def context_part(agent: Agent) -> float | None:
    """Return how full an agent's context is, in hundredths of its window; None if that is not known."""
    if agent.context_window <= 0 or agent.context_tokens <= 0:
        return None
    return 100.0 * agent.context_tokens / agent.context_window


def _quiet(seen: AgentView) -> float | None:
    last = seen.agent.last_event_at
    return seen.now - last if last is not None else None


def _words(seen: AgentView) -> Iterable[str]:
    agent = seen.agent
    yield from (agent.name, agent.kind.value, agent.role, *agent.labels, *seen.states())
    yield from (task.title for task in seen.tasks)
    yield from _repositories(seen)


AGENTS: Vocabulary[AgentView] = Vocabulary(
    _words,
    {
        "state": Wording(AgentView.states, known=STATES),
        "kind": Wording(lambda seen: (seen.agent.kind.value,), known=tuple(AgentKind)),
        "name": Wording(lambda seen: (seen.agent.name,), within=True),
        "label": Wording(lambda seen: seen.agent.labels, several=True),
        "task": Wording(lambda seen: [word for task in seen.tasks for word in (task.title, task.id)], True, True),
        "model": Wording(lambda seen: (seen.agent.model,), within=True),
        "repo": Wording(_repositories, within=True),
        "branch": Wording(_branches, within=True),
        "vm": Wording(lambda seen: (seen.agent.vm_id, seen.vm.label if seen.vm is not None else "")),
        "parent": Wording(lambda seen: seen.above, several=True),
        "role": Wording(lambda seen: (seen.agent.role,), within=True),
        "program": Wording(lambda seen: (seen.agent.program,)),
        "source": Wording(lambda seen: (seen.agent.source,)),
        "power": Wording(lambda seen: (seen.vm.power.value if seen.vm is not None else "unknown",), known=tuple(Power)),
        "link": Wording(lambda seen: (seen.agent.link.state.value,), known=tuple(LinkState)),
        "is": Wording(
            AgentView.signs, several=True, known=("marked", "pinned", "snoozed", "queued", "warned", "elsewhere")
        ),
        "context": Measure(lambda seen: context_part(seen.agent)),
        "cost": Measure(lambda seen: seen.agent.usage.cost),
        "tokens": Measure(lambda seen: float(seen.agent.usage.tokens), {"k": 1e3, "m": 1e6}),
        "turns": Measure(lambda seen: float(seen.agent.turns)),
        "changes": Measure(_changed),
        "quiet": Measure(_quiet, UNITS),
    },
    marks={"#": "label"},
    others={
        "status": "state",
        "repository": "repo",
        "labels": "label",
        "ctx": "context",
        "tasks": "task",
        "age": "quiet",
    },
)
"""Agents: `quiet` is the time since its last sign of life, `context` hundredths of its window, `cost` US dollars."""


def seen_of(fleet: Fleet, now: float, attributes: Attributes = NO_ATTRIBUTES) -> list[AgentView]:
    """Return the agents of a fleet with what is asked about them, in their order."""
    vms = {vm.id: vm for vm in fleet.vms}
    tasks: dict[str, list[Task]] = {}
    for task in fleet.tasks:
        if task.assignee and task.status != "done":
            tasks.setdefault(task.assignee, []).append(task)
    parents = parents_of(fleet.agents)
    names = {agent.id: agent.name for agent in fleet.agents}
    return [
        AgentView(
            agent,
            vms.get(agent.vm_id),
            tuple(tasks.get(agent.name, ())),
            _above(agent, parents, names),
            now,
            frozenset(_marks(agent.id, attributes)),
        )
        for agent in fleet.agents
    ]


def _above(agent: Agent, parents: Mapping[AgentId, AgentId], names: Mapping[AgentId, str]) -> tuple[str, ...]:
    above = tuple(names[one] for one in ancestors_of(agent.id, parents))
    return above or ((agent.parent,) if agent.parent else ())


def _marks(agent: AgentId, attributes: Attributes) -> Iterator[str]:
    if agent in attributes.marked:
        yield "marked"
    if agent in attributes.pinned:
        yield "pinned"
    if agent in attributes.snoozed:
        yield "snoozed"


def wanted_agents(fleet: Fleet, text: str, now: float, attributes: Attributes = NO_ATTRIBUTES) -> list[Agent]:
    """Return the agents a line asks for, in their order; all of them if it asks for nothing."""
    wanted = filter_of(text, AGENTS)
    return (
        [seen.agent for seen in seen_of(fleet, now, attributes) if wanted.fits(seen)]
        if wanted.terms
        else [*fleet.agents]
    )
