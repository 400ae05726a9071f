"""When what calls is told: once, after it held for some seconds, urgent things at once and the rest together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.ids import AgentId
from cockpit.model.notices.condition import Condition

URGENT_GAP = 3.0
"""Seconds between two urgent calls: what comes together is told together."""

SETTLING = 8.0
"""Seconds after a start, or after taking over, in which the agents are read to their ends."""

FORGOTTEN = 600.0
"""Seconds after which something that held once counts as new when it holds again: a link may come and go."""


class Occasion(StrEnum):
    """Why the operator is called."""

    URGENT = "urgent"
    DIGEST = "digest"
    SUM = "sum"
    """What came while nobody told anything."""
    TEST = "test"


@dataclass(frozen=True, slots=True)
class CalledFact:
    """A fact that is told, and in which state its agent was before."""

    condition: Condition
    old: str = ""


@dataclass(frozen=True, slots=True)
class Summons:
    """One call."""

    occasion: Occasion
    changes: tuple[CalledFact, ...]
    at: float
    """Unix seconds."""


class CallTimer:
    """Decides what is told and when. Time is what its caller says; it acts on nothing.

    Several processes look on; the one that `begin` was called of tells. Whoever takes over takes what was told.
    """

    def __init__(self, digest: float) -> None:
        """Prepare as one that looks on.

        Args:
            digest: seconds for which what is not urgent is gathered.
        """
        self._digest = digest
        self._first: dict[str, float] = {}
        self._told: dict[str, float] = {}
        """What was told, with when it held last."""
        self._words: dict[AgentId, tuple[str, str]] = {}
        """The state of each agent before, and now."""
        self._sum_at: float | None = None
        self._active = False
        self._urgent_at = float("-inf")

    def begin(self, now: float, told: Iterable[str] = ()) -> None:
        """Tell from now on.

        Args:
            now: unix seconds.
            told: what was told by others, or before a restart.
        """
        self._active = True
        self._sum_at = now + SETTLING
        self._told = dict.fromkeys(told, now) | self._told

    @property
    def told(self) -> tuple[str, ...]:
        """What was told and is not forgotten, for whoever takes over."""
        return tuple(sorted(self._told))

    def observe(
        self,
        found: Iterable[Condition],
        words: Mapping[AgentId, str],
        now: float,
        *,
        attended: Collection[AgentId] = (),
        snoozed: Collection[str] = (),
    ) -> tuple[Summons, ...]:
        """Take what calls now; return what is to be told.

        Args:
            found: all of it, the most urgent first.
            words: the state of each agent.
            now: unix seconds; never less than before.
            attended: agents whom somebody looks at: nothing of them is told, not later either.
            snoozed: keys of what the operator does not want to hear of for now; it is told when that ends.
        """
        present = {one.key: one for one in found}
        self._first = {key: self._first.get(key, now) for key in present}
        self._told = {
            key: now if key in present else at
            for key, at in self._told.items()
            if key in present or now - at < FORGOTTEN
        }
        self._follow(words)
        if not self._active or (self._sum_at is not None and now < self._sum_at):
            return ()
        due: list[Condition] = []
        for key, one in present.items():
            if key in self._told or key in snoozed or now - self._first[key] < one.hold:
                continue
            whose = one.agents or ((one.agent,) if one.agent is not None else ())
            if whose and all(agent in attended for agent in whose):
                self._told[key] = now
            else:
                due.append(one)
        return tuple(self._deliveries(due, now))

    def _deliveries(self, due: list[Condition], now: float) -> Iterable[Summons]:
        if self._sum_at is not None:
            self._sum_at = None
            return self._of(Occasion.SUM, due, now)
        urgent = [one for one in due if one.urgent]
        rest = [one for one in due if not one.urgent]
        found: list[Summons] = []
        if urgent and now - self._urgent_at >= URGENT_GAP:
            self._urgent_at = now
            found += self._of(Occasion.URGENT, urgent, now)
        if rest and now - min(self._first[one.key] + one.hold for one in rest) >= self._digest:
            found += self._of(Occasion.DIGEST, rest, now)
        return found

    def _of(self, occasion: Occasion, due: list[Condition], now: float) -> list[Summons]:
        if not due:
            return []
        self._told |= {one.key: now for one in due}
        changes = (CalledFact(one, self._words.get(one.agent, ("", ""))[0] if one.agent else "") for one in due)
        return [Summons(occasion, tuple(changes), now)]

    def _follow(self, words: Mapping[AgentId, str]) -> None:
        following: dict[AgentId, tuple[str, str]] = {}
        for agent, word in words.items():
            before, current = self._words.get(agent, ("", word))
            following[agent] = (before, current) if word == current else (current, word)
        self._words = following
