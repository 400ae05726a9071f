"""A minute of an agent, a row of them, and what they come to together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from cockpit.model.ids import AgentId

MINUTE = 60.0
"""Seconds."""

Place = tuple[int, int]
"""Epoch and line of a record."""


class Doing(StrEnum):
    """What an agent does, as its row shows it."""

    TOOL = "tool"
    WRITING = "writing"
    THINKING = "thinking"
    ASKING = "asking"
    REST = "rest"
    """It has nothing to do, or nobody knows."""


class Minute(NamedTuple):
    """What an agent did in a minute, or in several: seconds, US dollars."""

    tool: float = 0.0
    writing: float = 0.0
    thinking: float = 0.0
    asking: float = 0.0
    errors: int = 0
    cost: float = 0.0
    place: Place | None = None
    """Its first record; None where nothing was recorded in it, though the agent went on."""
    last: Place | None = None
    """Its last record."""

    @property
    def work(self) -> float:
        """Seconds of work."""
        return self.tool + self.writing + self.thinking

    @property
    def most(self) -> Doing:
        """What took most of it; a question counts more than all work, however short it stood."""
        if self.asking:
            return Doing.ASKING
        longest = max(self.tool, self.writing, self.thinking)
        if not longest:
            return Doing.REST
        return next(
            doing
            for doing, seconds in (
                (Doing.TOOL, self.tool),
                (Doing.WRITING, self.writing),
                (Doing.THINKING, self.thinking),
            )
            if seconds == longest
        )

    def spent(self, doing: Doing, seconds: float) -> Minute:
        """Return it with some seconds more of something."""
        match doing:
            case Doing.TOOL:
                return self._replace(tool=self.tool + seconds)
            case Doing.WRITING:
                return self._replace(writing=self.writing + seconds)
            case Doing.THINKING:
                return self._replace(thinking=self.thinking + seconds)
            case Doing.ASKING:
                return self._replace(asking=self.asking + seconds)
            case Doing.REST:
                return self


NO_MINUTE = Minute()


def together(minutes: list[Minute]) -> Minute:
    """Return several minutes as one."""
    return Minute(
        tool=sum(one.tool for one in minutes),
        writing=sum(one.writing for one in minutes),
        thinking=sum(one.thinking for one in minutes),
        asking=sum(one.asking for one in minutes),
        errors=sum(one.errors for one in minutes),
        cost=sum(one.cost for one in minutes),
        place=next((one.place for one in minutes if one.place is not None), None),
        last=next((one.last for one in reversed(minutes) if one.last is not None), None),
    )


class Wait(NamedTuple):
    """A stretch in which an agent waited for a person; unix seconds."""

    since: float
    until: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.until - self.since


@dataclass(frozen=True, slots=True)
class AgentMinutes:
    """One agent's row."""

    agent: AgentId
    name: str
    minutes: Mapping[int, Minute]
    """By the number of the minute since 1970; those without anything are left out."""
    waits: tuple[Wait, ...] = ()
    """Stretches in which it waited for a person, in their order."""

    @property
    def longest(self) -> Wait | None:
        """The longest of them."""
        return max(self.waits, key=lambda wait: wait.seconds, default=None)

    @property
    def sums(self) -> Minute:
        """All of it together."""
        return together([*self.minutes.values()])

    def cell(self, first: int, span: int) -> Minute:
        """Return `span` minutes from one on as one."""
        found = [self.minutes[number] for number in range(first, first + span) if number in self.minutes]
        return together(found) if found else NO_MINUTE

    def place_at(self, first: int, span: int) -> Place | None:
        """Return the record to read from: the first of these minutes, else the last before, else the first after."""
        known = sorted((number, one) for number, one in self.minutes.items() if one.place is not None)
        inside = [one.place for number, one in known if first <= number < first + span]
        before = [one.last for number, one in known if number < first]
        after = [one.place for number, one in known if number >= first + span]
        return next(iter((*inside[:1], *before[-1:], *after[:1])), None)


@dataclass(frozen=True, slots=True)
class Timeline:
    """What agents did since a moment."""

    since: float
    until: float
    rows: tuple[AgentMinutes, ...] = ()
    """Who has anything, in no order."""
