"""Garbage waits for a moment in which nobody types, and what was looked through once is not looked at each time."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from cockpit.ui import collecting
from cockpit.ui.collecting import ALL_INTERVAL, ALL_QUIET, AT_REST, LONGEST, MIDDLE, QUIET, QuietCollector


class Interpreter:
    """Stands for the interpreter's collector: notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.thresholds = (700, 10, 10)

    def get_threshold(self) -> tuple[int, int, int]:
        return self.thresholds

    def set_threshold(self, *thresholds: int) -> None:
        self.thresholds = thresholds  # type: ignore[assignment]

    def collect(self, generation: int = 2) -> None:
        self.told.append("collect" if generation == 2 else f"collect {generation}")

    def freeze(self) -> None:
        self.told.append("freeze")

    def unfreeze(self) -> None:
        self.told.append("unfreeze")


class Times:
    """The clock, and since when nobody typed."""

    now = 1000.0
    typed_at = 1000.0


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[QuietCollector, Interpreter, Times]]:
    """A collector that was started, its interpreter and its clock."""
    interpreter, times = Interpreter(), Times()
    monkeypatch.setattr(collecting, "gc", interpreter)
    monkeypatch.setattr(collecting, "monotonic", lambda: times.now)
    collector = QuietCollector(lambda: times.now - times.typed_at)
    collector.start()
    assert interpreter.told == ["freeze"]
    interpreter.told.clear()
    yield collector, interpreter, times


def test_while_somebody_types_nothing_is_looked_through(told: tuple[QuietCollector, Interpreter, Times]) -> None:
    collector, interpreter, times = told
    for _ in range(10):
        times.now += 5
        times.typed_at = times.now - QUIET / 2
        collector.look()
    assert interpreter.told == []


def test_a_quiet_moment_is_used_for_what_is_new(told: tuple[QuietCollector, Interpreter, Times]) -> None:
    collector, interpreter, times = told
    times.now += QUIET * 2
    collector.look()
    assert interpreter.told == ["collect", "freeze"]


def test_who_types_without_end_is_interrupted_for_what_is_new(
    told: tuple[QuietCollector, Interpreter, Times],
) -> None:
    collector, interpreter, times = told
    times.now = times.typed_at = times.now + LONGEST + 1
    collector.look()
    collector.look()
    assert interpreter.told == ["collect", "freeze"]


def test_everything_is_looked_through_seldom_and_only_after_a_long_silence(
    told: tuple[QuietCollector, Interpreter, Times],
) -> None:
    collector, interpreter, times = told
    times.now += ALL_INTERVAL + 1
    times.typed_at = times.now - ALL_QUIET / 2
    collector.look()
    assert interpreter.told == ["collect", "freeze"]
    times.now += ALL_QUIET
    collector.look()
    assert interpreter.told == ["collect", "freeze", "unfreeze", "collect", "freeze"]
    times.now += ALL_QUIET
    collector.look()
    assert interpreter.told[5:] == ["collect", "freeze"]


def test_the_interpreter_is_as_before_when_the_screen_ends(told: tuple[QuietCollector, Interpreter, Times]) -> None:
    collector, interpreter, _ = told
    assert interpreter.thresholds[0] > 10_000  # what is only used just now is not gone through in the midst of a frame
    assert interpreter.thresholds[2] > 10_000
    collector.stop()
    collector.stop()
    assert interpreter.thresholds == (700, 10, 10)
    assert interpreter.told == ["unfreeze"]


def test_who_was_not_started_leaves_the_interpreter_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    interpreter = Interpreter()
    monkeypatch.setattr(collecting, "gc", interpreter)
    QuietCollector(lambda: 0.0).stop()
    assert interpreter.told == []
    assert interpreter.thresholds == (700, 10, 10)


def test_what_is_new_is_looked_through_in_small_parts_whenever_the_loop_rests(
    told: tuple[QuietCollector, Interpreter, Times],
) -> None:
    collector, interpreter, times = told
    for _ in range(2 * MIDDLE):
        assert collector.is_due()
        collector.do()
        assert not collector.is_due()  # a loop that rests all the time does not do it all the time
        times.now += AT_REST * 1.01
    part = ["collect 0"] * (MIDDLE - 1) + ["collect 1"]
    assert interpreter.told == part * 2


def test_nothing_is_due_before_it_has_begun_nor_once_it_has_ended(
    told: tuple[QuietCollector, Interpreter, Times],
) -> None:
    collector, _, _ = told
    assert not QuietCollector(lambda: 0.0).is_due()
    collector.stop()
    assert not collector.is_due()


def test_circles_that_fleeting_things_made_are_gone_after_a_few_looks() -> None:
    class Circle:
        def __init__(self) -> None:
            self.itself = self

    collector, before = QuietCollector(lambda: 0.0), gc.get_threshold()
    collector.start()
    try:
        kept = weakref.ref(Circle())
        for _ in range(MIDDLE + 1):
            collector.do()
        assert kept() is None
    finally:
        collector.stop()
    assert gc.get_threshold() == before
