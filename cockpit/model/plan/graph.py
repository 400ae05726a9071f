"""Who waits for whom in a plan: references found, circles named, and an order in which each stands after its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cockpit.model.plan.plan import PlanFault, PlanTask, slug

_SHORT = re.compile(r"(?P<short>[\w-]{1,12})\s*[:.)]\s+\S")
"""What a title may begin with for others to name it by: `T1: The rest`, `3. The rest`."""

CIRCLES = 5
"""Circles that are named at most: to mend one often mends others."""


@dataclass(frozen=True, slots=True)
class Named:
    """A task as it was written, before anybody looked whom its references mean."""

    task: PlanTask
    """Its `after` has the words of the text."""
    number: str = ""
    """The number that stood before it, where it stood in a numbered list."""


def joined(named: Sequence[Named]) -> tuple[tuple[PlanTask, ...], tuple[PlanFault, ...]]:
    """Return the tasks with the keys of those they wait for, in order, and what is wrong with them."""
    faults = _doubles(named)
    meant = _meanings(named)
    tasks: list[PlanTask] = []
    for one in named:
        found: dict[str, None] = {}
        for word in one.task.after:
            key, fault = _found(word, one.task, meant)
            if fault:
                faults.append(PlanFault(one.task.line, fault))
            elif key:
                found[key] = None
        tasks.append(replace(one.task, after=tuple(found)))
    if faults:
        return tuple(tasks), tuple(faults)
    ordered, left = _in_order(tasks)
    return tuple(ordered), tuple(_circles(left))


def _doubles(named: Sequence[Named]) -> list[PlanFault]:
    faults = []
    first: dict[str, PlanTask] = {}
    for one in named:
        known = first.setdefault(one.task.key, one.task)
        if known is not one.task:
            where = f" on line {known.line}" if known.line else ""
            faults.append(
                PlanFault(
                    one.task.line, f"{one.task.title!r} has the name of {known.title!r}{where}: give one an `id:`"
                )
            )
    return faults


def _meanings(named: Sequence[Named]) -> dict[str, set[str]]:
    """Return which tasks each word may mean: a key, a title, the number before it, or what it begins with."""
    meant: dict[str, set[str]] = {}

    def mean(word: str, key: str) -> None:
        if word:
            meant.setdefault(_folded(word), set()).add(key)

    for one in named:
        short = _SHORT.match(one.task.title)
        for word in (one.task.key, one.task.title, slug(one.task.title), one.number, short["short"] if short else ""):
            mean(word, one.task.key)
    return meant


def _folded(word: str) -> str:
    return " ".join(word.casefold().split())


def _found(word: str, task: PlanTask, meant: Mapping[str, set[str]]) -> tuple[str, str]:
    """Return the key that a reference means, or what is wrong with it."""
    keys = meant.get(_folded(word)) or meant.get(slug(word)) or set()
    if len(keys) > 1:
        return "", f"{task.title!r} waits for {word!r}, which may mean {' or '.join(sorted(keys))}"
    if not keys:
        return "", f"{task.title!r} waits for {word!r}, and no task is called so"
    (key,) = keys
    if key == task.key:
        return "", f"{task.title!r} waits for itself"
    return key, ""


def _in_order(tasks: Sequence[PlanTask]) -> tuple[list[PlanTask], list[PlanTask]]:
    """Return the tasks so that each stands after those it waits for, and those for which there is no such place."""
    waits = Counter({task.key: len(task.after) for task in tasks})
    then: dict[str, list[PlanTask]] = {}
    for task in tasks:
        for key in task.after:
            then.setdefault(key, []).append(task)
    place = {task.key: number for number, task in enumerate(tasks)}
    ready = [task for task in tasks if not task.after]
    ordered: list[PlanTask] = []
    while ready:
        ready.sort(key=lambda task: place[task.key], reverse=True)
        task = ready.pop()
        ordered.append(task)
        for later in then.get(task.key, ()):
            waits[later.key] -= 1
            if not waits[later.key]:
                ready.append(later)
    return ordered, [task for task in tasks if waits[task.key]]


def _circles(left: Sequence[PlanTask]) -> list[PlanFault]:
    """Name the circles among tasks of which each waits for another one of them, in the end."""
    known = {task.key: task for task in left}
    faults: list[PlanFault] = []
    told: set[str] = set()
    for start in left:
        path: list[str] = []
        key: str | None = start.key
        while key is not None and key not in path and key not in told:
            path.append(key)
            key = next((before for before in known[key].after if before in known), None)
        told.update(path)
        if key is None or key not in path:
            continue
        circle = [known[one] for one in path[path.index(key) :]]
        words = ", which waits for ".join(repr(task.title) for task in (*circle, circle[0]))
        faults.append(PlanFault(circle[0].line, f"the tasks wait for each other in a circle: {words}"))
        if len(faults) == CIRCLES:
            break
    return faults
