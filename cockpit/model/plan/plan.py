"""A plan as it was written: its tasks in their order, what each waits for, and how it is to be run."""

from __future__ import annotations

import re
from dataclasses import dataclass

AT_ONCE = 3
"""Tasks that agents work on at the same time, unless the plan or the operator says otherwise."""

MOST_AT_ONCE = 50
MOST_VMS = 50

MOST_TASKS = 300
"""Tasks a plan may have: each look at the board carries all of them."""

NAME_LENGTH = 40

_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{NAME_LENGTH - 1}}}\Z")


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """How a plan is run."""

    at_once: int = AT_ONCE
    """Tasks that agents work on at the same time."""
    vms: int = 0
    """VMs that may be made for it; with none its tasks go to the workers there are."""
    review: bool = True
    """A task that was handed in counts as done once somebody approved it; else at once."""
    keeps: bool = False
    """The workers made for it stay when it is done; else they are torn down, and can be brought back for a while."""


@dataclass(frozen=True, slots=True)
class PlanTask:
    """One task of a plan."""

    key: str
    """Its name within the plan: lower-case words with dashes."""
    title: str
    line: int = 0
    """Where it stands in the text, from 1; 0 where the text has no lines of its own."""
    description: str = ""
    after: tuple[str, ...] = ()
    """The keys of the tasks it waits for."""
    tags: tuple[str, ...] = ()
    role: str = ""
    """Who may do it; empty for any worker."""
    paths: tuple[str, ...] = ()
    """The files it is about."""
    accept: tuple[str, ...] = ()
    """How one tells that it is done."""
    minutes: float = 0.0
    """How long it should take, as its author thinks; 0 is not said."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan, in an order in which each task stands after those it waits for."""

    name: str
    tasks: tuple[PlanTask, ...]
    settings: PlanSettings = PlanSettings()


@dataclass(frozen=True, slots=True)
class PlanFault:
    """What keeps a text from being a plan, or what should be better about one."""

    line: int
    """From 1; 0 where it is about the whole."""
    sentence: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence}" if self.line else self.sentence


def slug(text: str, length: int = NAME_LENGTH) -> str:
    """Return a text as lower-case words with dashes: what tells tasks apart on the board, and plans."""
    words = "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()
    return "-".join(words)[:length].strip("-")


def fault_of_name(name: str) -> str:
    """Say why a name cannot be a plan's, or return empty text."""
    if _NAME.match(name):
        return ""
    return f"{name[:NAME_LENGTH]!r} cannot be a plan's name: use lower-case letters, digits and dashes, at most 40"
