"""Sums of what was spent: per agent, per family, per task, per model, per day; pure functions of buckets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cockpit.model.content import Usage
from cockpit.model.family import descendants_of, parents_of
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import AgentId
from cockpit.model.usage.bucket import Bucket, TaskBucket
from cockpit.model.usage.days import date_of


class By(StrEnum):
    """By what usage is summed up."""

    AGENT = "agent"
    FAMILY = "family"
    TASK = "task"
    MODEL = "model"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Sum:
    """What was spent under one heading."""

    key: str
    """An id of an agent or a task, a model, or a date."""
    name: str
    """How it is called; words of others."""
    usage: Usage = field(default_factory=Usage)
    answers: int = 0
    at_least: bool = False
    """Something of it was not read, or not told."""
    told: bool = False
    """Some of it was told by a service, and not read in the agents' own output."""
    members: int = 1
    """Agents of a family or of a task."""


def add(one: Sum, usage: Usage, answers: int, *, at_least: bool, told: bool = False) -> Sum:
    """Return a sum with something more."""
    return replace(
        one,
        usage=one.usage + usage,
        answers=one.answers + answers,
        at_least=one.at_least or at_least,
        told=one.told or told,
    )


def total(buckets: Iterable[Bucket], late: Collection[AgentId]) -> Sum:
    """Return everything as one sum."""
    found = Sum("", "all")
    for bucket in buckets:
        found = add(found, bucket.usage, bucket.answers, at_least=_is_lacking(bucket, late), told=not bucket.exact)
    return found


def by_agent(buckets: Iterable[Bucket], names: Mapping[AgentId, str], late: Collection[AgentId]) -> tuple[Sum, ...]:
    """Return a sum for each agent, the costliest first.

    Args:
        buckets: what was spent.
        names: how agents are, or were, called.
        late: agents of whose files the beginning was not read.
    """

    def name_of(bucket: Bucket) -> tuple[str, str]:
        if bucket.agent is None:
            return f"name {bucket.name}", bucket.name
        return bucket.agent, names.get(bucket.agent, bucket.name or bucket.agent)

    return _grouped(buckets, name_of, late)


def by_model(buckets: Iterable[Bucket], late: Collection[AgentId]) -> tuple[Sum, ...]:
    """Return a sum for each model; what a summary of a conversation cost names none."""

    def name_of(bucket: Bucket) -> tuple[str, str]:
        return bucket.model, bucket.model or "not named"

    return _grouped(buckets, name_of, late)


def by_day(buckets: Iterable[Bucket], late: Collection[AgentId]) -> tuple[Sum, ...]:
    """Return a sum for each local day, the newest first."""

    def name_of(bucket: Bucket) -> tuple[str, str]:
        day = date_of(bucket.at)
        return day, day

    return tuple(sorted(_grouped(buckets, name_of, late), key=lambda one: one.key, reverse=True))


def by_task(buckets: Iterable[TaskBucket], late: Collection[AgentId]) -> tuple[Sum, ...]:
    """Return a sum for each task, the costliest first."""
    found: dict[str, Sum] = {}
    for bucket in buckets:
        one = found.get(bucket.task)
        one = Sum(bucket.task, bucket.title) if one is None else replace(one, members=one.members + 1)
        lacking = not bucket.whole or bucket.agent in late
        found[bucket.task] = add(one, bucket.usage, bucket.answers, at_least=lacking)
    return _ordered(found.values())


def by_family(sums: Iterable[Sum], everyone: Collection[Agent]) -> tuple[Sum, ...]:
    """Return a sum for each architect and lieutenant, and for who else has children, with all below it.

    Args:
        sums: what each agent spent.
        everyone: all agents that are known, also those that are gone.
    """
    spent = {one.key: one for one in sums}
    parents = parents_of(everyone)
    found = []
    for agent in everyone:
        below = [*descendants_of(agent.id, parents)]
        if not below and agent.kind is AgentKind.WORKER:
            continue
        family = Sum(agent.id, agent.name, members=1 + len(below))
        for member in (agent.id, *below):
            if (one := spent.get(member)) is not None:
                family = add(family, one.usage, one.answers, at_least=one.at_least, told=one.told)
        if family.answers or family.usage != Usage():
            found.append(family)
    return _ordered(found)


def _is_lacking(bucket: Bucket, late: Collection[AgentId]) -> bool:
    return not bucket.whole or bucket.agent in late


def _grouped(
    buckets: Iterable[Bucket], name_of: Callable[[Bucket], tuple[str, str]], late: Collection[AgentId]
) -> tuple[Sum, ...]:
    found: dict[str, Sum] = {}
    for bucket in buckets:
        key, name = name_of(bucket)
        one = found.get(key) or Sum(key, name)
        lacking = _is_lacking(bucket, late)
        found[key] = add(one, bucket.usage, bucket.answers, at_least=lacking, told=not bucket.exact)
    return _ordered(found.values())


def _ordered(sums: Iterable[Sum]) -> tuple[Sum, ...]:
    return tuple(sorted(sums, key=lambda one: (-one.usage.cost, -one.usage.tokens, one.name, one.key)))
