"""The bridge gives others their turn between its steps, and does nothing for a screen that nobody sees."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from time import monotonic
from typing import cast

import pytest
from textual.screen import Screen
from textual.timer import Timer

from cockpit.engine.port import CockpitPort
from cockpit.ui.bridge import Bridge, Rates
from tests.ui.test_home import cockpit

Tick = Callable[[], Awaitable[None] | None]


class Engine:
    """What the bridge asks of an engine."""

    revision = 1
    urgency = 0

    def make_way(self, key_waits: Callable[[], bool]) -> None:
        """Nothing is read here."""


class Noted:
    """A surface that notes what it is told, and its timers."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.timers: list[Tick] = []
        self.seen = True

    @property
    def output(self) -> Noted:
        return self

    def keep_up(self) -> None:
        self.told.append("kept up")

    def in_sight(self) -> bool:
        return self.seen

    def flush_transcript(self) -> None:
        self.told.append("transcript")

    def list_steps(self) -> Iterator[None]:
        for number in range(3):
            self.told.append(f"lists {number}")
            yield

    def age_steps(self) -> Iterator[None]:
        self.told.append("ages")
        yield

    def set_interval(self, interval: float, callback: Tick) -> Timer:
        self.timers.append(callback)
        return cast(Timer, None)


async def tick(noted: Noted, number: int) -> None:
    """Let a timer of the bridge come due: transcript, lists, ages."""
    coming = noted.timers[number]()
    assert coming is not None
    await coming


@pytest.fixture
def bridge() -> tuple[Bridge, Noted, Engine]:
    """A bridge that was started, its surface and its engine."""
    engine, noted = Engine(), Noted()
    made = Bridge(cast(CockpitPort, engine), noted, Rates())
    made.start()
    return made, noted, engine


async def test_others_have_their_turn_between_two_steps(
    bridge: tuple[Bridge, Noted, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, noted, _ = bridge
    monkeypatch.setattr("cockpit.ui.bridge.STEP_PAUSE", 0)

    async def others() -> None:
        for _ in range(3):
            noted.told.append("other")
            await asyncio.sleep(0)

    await asyncio.gather(tick(noted, 1), others())
    assert noted.told == ["lists 0", "other", "lists 1", "other", "lists 2", "other"]


async def test_a_key_in_between_takes_all_in_and_the_rest_is_not_done_twice(
    bridge: tuple[Bridge, Noted, Engine],
) -> None:
    made, noted, _ = bridge
    ticking = asyncio.create_task(tick(noted, 1))
    await asyncio.sleep(0)
    assert noted.told == ["lists 0"]
    made.flush()
    await ticking
    assert noted.told == ["lists 0", "lists 0", "lists 1", "lists 2", "transcript"]


async def test_without_a_change_only_ages_go_on(bridge: tuple[Bridge, Noted, Engine]) -> None:
    made, noted, _ = bridge
    made.flush()
    noted.told.clear()
    await tick(noted, 1)
    await tick(noted, 2)
    assert noted.told == ["ages"]


async def test_ages_that_the_lists_are_about_to_show_are_not_shown_for_themselves(
    bridge: tuple[Bridge, Noted, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, noted, engine = bridge
    made.flush()
    noted.told.clear()
    engine.revision += 1
    await tick(noted, 2)  # the lists' own look comes within a moment
    assert noted.told == []
    ticking = asyncio.create_task(tick(noted, 1))
    await asyncio.sleep(0)
    engine.revision += 1
    await tick(noted, 2)
    await tick(noted, 1)
    await ticking
    assert noted.told == ["lists 0", "lists 1", "lists 2"]
    noted.told.clear()
    monkeypatch.setattr("cockpit.ui.bridge.monotonic", lambda: monotonic() + 1.0)
    await tick(noted, 2)  # and where it does not come, they show what changed, too
    assert noted.told == ["lists 0", "lists 1", "lists 2"]


async def test_a_key_on_its_way_goes_first_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.ui.bridge.STEP_PAUSE", 1e-3)
    waits = [True]
    engine, noted = Engine(), Noted()
    made = Bridge(cast(CockpitPort, engine), noted, Rates(key_waits=lambda: waits[0]))
    made.start()
    ticking = [asyncio.create_task(tick(noted, number)) for number in (0, 1)]
    for _ in range(5):
        await asyncio.sleep(1e-3)
    assert noted.told == []
    waits[0] = False
    await asyncio.gather(*ticking)
    assert noted.told.count("transcript") == 1
    assert [told for told in noted.told if told != "transcript"] == ["lists 0", "lists 1", "lists 2"]
    waits[0], engine.revision = True, engine.revision + 1
    await tick(noted, 1)
    assert noted.told[4:] == ["lists 0", "lists 1", "lists 2"]


async def test_for_a_screen_that_nobody_sees_nothing_is_drawn(bridge: tuple[Bridge, Noted, Engine]) -> None:
    _, noted, engine = bridge
    noted.seen = False
    engine.urgency += 1
    for number in range(3):
        await tick(noted, number)
    assert noted.told == ["kept up"]  # a long answer is laid out as it comes, and not all at once in the end
    noted.seen = True
    await tick(noted, 0)
    assert noted.told[1:] == ["lists 0", "lists 1", "lists 2", "transcript"]


async def test_a_screen_under_one_that_hides_it_is_not_in_sight_and_is_filled_when_it_comes_back() -> None:
    class Opaque(Screen[None]):
        DEFAULT_CSS = "Opaque { background: black; }"

    class Dimmed(Screen[None]):
        DEFAULT_CSS = "Dimmed { background: black 50%; }"

    async with cockpit() as (pilot, home, engine):
        assert home.in_sight()
        await pilot.app.push_screen(Dimmed())
        assert home.in_sight()
        await pilot.app.push_screen(Opaque())
        assert not home.in_sight()
        rows = home.list_pane("agents").rows
        engine.change(type(engine.fleet)())
        await pilot.pause(0.3)
        assert home.list_pane("agents").rows == rows
        await pilot.app.pop_screen()
        await pilot.app.pop_screen()
        await pilot.pause()
        assert home.list_pane("agents").rows == ()
