"""The bridge: compares revisions at fixed rates and lets panes pull what they show; nothing for what is hidden."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from textual.timer import Timer

from cockpit.engine.port import CockpitPort

TRANSCRIPT_INTERVAL = 0.1
"""Seconds between looks at the focused transcript: as fast as an eye can follow text."""

LIST_INTERVAL = 0.25
"""Seconds between looks at the lists."""

AGE_INTERVAL = 1.0
"""Seconds between two ticks of the ages."""


def nobody_types() -> bool:
    """Tell that no key is on its way."""
    return False


@dataclass(frozen=True, slots=True)
class Rates:
    """Seconds between two flushes of each sort, and what they make way for."""

    transcript: float = TRANSCRIPT_INTERVAL
    lists: float = LIST_INTERVAL
    ages: float = AGE_INTERVAL
    pulses: bool = True
    """Whether what changes with each byte that comes is drawn at all."""
    key_waits: Callable[[], bool] = nobody_types
    """Tells whether a key is on its way to its frame: it goes first."""


LOW_BANDWIDTH = Rates(transcript=1.0, lists=1.0, ages=5.0, pulses=False)
"""For thin lines: what is painted is what is sent."""


LIST_AGE = 5.0
"""Seconds after which the lists are built again although nothing changed: what a time decides may have come due."""

STEP_PAUSE = 1 / 240
"""Seconds between two steps of the lists: each is painted for itself, and a key waits for one of them only."""

MOST_PAUSES = 24
"""Such pauses for which a step makes way for keys at most: who types without end sees the lists go on all the same."""


class Output(Protocol):
    """What shows a transcript."""

    def keep_up(self) -> None:
        """Take in what came, for nobody to see yet."""


class Surface(Protocol):
    """What the bridge feeds: the home screen, or any screen that shows live things."""

    @property
    def output(self) -> Output:
        """Where the focused transcript is shown."""

    def in_sight(self) -> bool:
        """Tell whether anything of it is seen."""

    def flush_transcript(self) -> None:
        """Take in the focused transcript."""

    def list_steps(self) -> Iterator[None]:
        """Take in the newest snapshot in steps."""

    def age_steps(self) -> Iterator[None]:
        """Let what is in sight grow older, in steps."""

    def set_interval(self, interval: float, callback: Callable[[], Awaitable[None] | None]) -> Timer:
        """Start a repeating timer that ends with the screen."""


class Bridge:
    """Drains the engine's revisions into a surface."""

    def __init__(self, engine: CockpitPort, surface: Surface, rates: Rates) -> None:
        self._engine = engine
        self._surface = surface
        self._rates = rates
        self._seen = -1
        self._urgency = 0
        self._flushed_at = 0.0
        self._steps: Iterator[None] | None = None
        """Of the lists, while they are taken in."""

    def start(self) -> None:
        """Start the three timers; the surface ends them when it goes."""
        self._engine.make_way(self._rates.key_waits)
        self._surface.set_interval(self._rates.transcript, self._tick_transcript)
        self._surface.set_interval(self._rates.lists, self._tick_lists)
        self._surface.set_interval(self._rates.ages, self._tick_ages)

    def flush(self) -> None:
        """Take everything in at once: a key was pressed."""
        for _ in self._lists():
            pass
        self._steps = None
        self._surface.flush_transcript()

    def _lists(self) -> Iterator[None]:
        self._seen, self._flushed_at = self._engine.revision, monotonic()
        self._steps = self._surface.list_steps()
        return self._steps

    async def _in_steps(self, steps: Iterator[None]) -> None:
        self._steps = steps
        try:
            await self._give_way()
            for _ in steps:
                await asyncio.sleep(STEP_PAUSE)
                await self._give_way()
                if self._steps is not steps:
                    return  # others have begun from the start, and go further
        finally:
            if self._steps is steps:
                self._steps = None

    async def _give_way(self) -> None:
        """Let a key have its frame first."""
        for _ in range(MOST_PAUSES):
            if not self._rates.key_waits():
                return
            await asyncio.sleep(STEP_PAUSE)

    async def _tick_transcript(self) -> None:
        await self._give_way()
        if not self._surface.in_sight():
            return
        # What begins to wait for the operator is shown within a second of its writing, on the way here included.
        if self._engine.urgency != self._urgency:
            self._urgency = self._engine.urgency
            await self._take_in_changes()
        self._surface.flush_transcript()

    async def _tick_lists(self) -> None:
        if self._steps is None:
            await self._take_in_changes()

    async def _take_in_changes(self) -> None:
        if self._engine.revision != self._seen and self._surface.in_sight():
            await self._in_steps(self._lists())

    async def _tick_ages(self) -> None:
        if not self._surface.in_sight():
            self._surface.output.keep_up()
            return
        changed, since = self._engine.revision != self._seen, monotonic() - self._flushed_at
        if self._steps is not None or (changed and since < self._rates.lists):
            return  # the lists are taken in now, or by their own next look, and with them the ages
        await self._in_steps(self._lists() if changed or since > LIST_AGE else self._surface.age_steps())
