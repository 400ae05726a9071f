"""The bridge: compares revisions at fixed rates and lets panes pull what they show; nothing for what is hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from textual.timer import Timer

from cockpit.engine.port import CockpitPort

TRANSCRIPT_INTERVAL = 0.1
"""Seconds between looks at the focused transcript: as fast as an eye can follow text."""

LIST_INTERVAL = 0.25
"""Seconds between looks at the lists."""

AGE_INTERVAL = 1.0
"""Seconds between two ticks of the ages."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Seconds between two flushes of each sort."""

    transcript: float = TRANSCRIPT_INTERVAL
    lists: float = LIST_INTERVAL
    ages: float = AGE_INTERVAL


LOW_BANDWIDTH = Rates(transcript=0.4, lists=1.0, ages=5.0)
"""For thin lines: what is painted is what is sent."""


class Surface(Protocol):
    """What the bridge feeds: the home screen, or any screen that shows live things."""

    def flush_transcript(self) -> None:
        """Take in the focused transcript."""

    def flush_lists(self) -> None:
        """Take in the newest snapshot."""

    def set_interval(self, interval: float, callback: Callable[[], None]) -> Timer:
        """Start a repeating timer that ends with the screen."""


class Bridge:
    """Drains the engine's revisions into a surface."""

    def __init__(self, engine: CockpitPort, surface: Surface, rates: Rates) -> None:
        self._engine = engine
        self._surface = surface
        self._rates = rates
        self._seen = -1
        self._urgency = 0

    def start(self) -> None:
        """Start the three timers; the surface ends them when it goes."""
        self._surface.set_interval(self._rates.transcript, self._tick_transcript)
        self._surface.set_interval(self._rates.lists, self._tick_lists)
        self._surface.set_interval(self._rates.ages, self._tick_ages)

    def flush(self) -> None:
        """Take everything in at once: a key was pressed."""
        self._seen = self._engine.revision
        self._surface.flush_lists()
        self._surface.flush_transcript()

    def _tick_transcript(self) -> None:
        # What begins to wait for the operator is shown within a second of its writing, on the way here included.
        if self._engine.urgency != self._urgency:
            self._urgency = self._engine.urgency
            self._tick_lists()
        self._surface.flush_transcript()

    def _tick_lists(self) -> None:
        if self._engine.revision != self._seen:
            self._seen = self._engine.revision
            self._surface.flush_lists()

    def _tick_ages(self) -> None:
        self._surface.flush_lists()
