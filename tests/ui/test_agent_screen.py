"""An agent's screen under keys: the acts go to it, what is written is kept, esc and history lead back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from cockpit.model.commands.agent import Abort, Steer
from cockpit.model.fleet import Fleet
from cockpit.model.ids import agent_of
from cockpit.ui.dialogs.waiting import QueuePanel
from cockpit.ui.files.panel import FilesPanel
from cockpit.ui.screens.agent.panels import VmPanel
from cockpit.ui.screens.agent.screen import AgentScreen
from cockpit.ui.screens.board import BoardScreen
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.widgets.panel import Panel
from cockpit.ui.widgets.plain import Plain
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

pytestmark = pytest.mark.usefixtures("short_pauses")

LT_API = agent_of(vm_id(2))
ASKER = agent_of(vm_id(4))


@asynccontextmanager
async def opened(
    engine: FakeEngine | None = None, size: tuple[int, int] = (120, 40), *, read_only: bool = False
) -> AsyncIterator[tuple[Pilot[None], AgentScreen, HomeScreen, FakeEngine]]:
    """Run the cockpit with the screen of the API's lieutenant open."""
    async with cockpit(engine or scene(), size, read_only=read_only) as (pilot, home, double):
        await pilot.press("down", "enter")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, AgentScreen)
        yield pilot, screen, home, double


def shown(screen: AgentScreen, part: str) -> str:
    return str(screen.query_one(part, Plain).content)


def with_queue(fleet: Fleet, text: str) -> Fleet:
    """Let a text wait in the API's lieutenant."""
    waits = {one.id: one for one in fleet.agents}[LT_API]
    activity = replace(waits.activity, follow_up=(text,))
    return replace(
        fleet, agents=tuple(replace(one, activity=activity) if one is waits else one for one in fleet.agents)
    )


def standing(pilot: Pilot[None]) -> list[object]:
    return [*pilot.app.screen_stack]


async def test_keys_act_upon_the_agent_whose_screen_it_is() -> None:
    async with opened() as (pilot, screen, _home, engine):
        assert "◂ fleet ▸ lt-api" in shown(screen, "#where") and "working" in shown(screen, "#where")
        await pilot.press("s", *"wait", "enter", "escape", "x")
        await pilot.pause()
        assert engine.ordered == [Steer(LT_API, "wait"), Abort(LT_API)]
        await pilot.press("o")
        await pilot.pause()
        assert screen.selected == ASKER and "lt-api ▸ w-tokens" in shown(screen, "#where")


async def test_a_draft_goes_along_and_comes_back() -> None:
    async with opened() as (pilot, screen, home, engine):
        assert screen.shows_agents() == (LT_API,), "nobody is called about whom one reads"
        await pilot.press("escape", "p", *"half", "escape", "enter")
        await pilot.pause()
        inner = pilot.app.screen
        assert isinstance(inner, AgentScreen) and inner is not screen
        assert inner.composer.text == "half" and home.composer.text == ""
        await pilot.press("enter", *" a thought", "escape", "escape")
        await pilot.pause()
        assert pilot.app.screen is home and home.composer.text == "half a thought" and engine.ordered == []


async def test_back_and_forward_lead_through_the_places() -> None:
    async with opened() as (pilot, screen, home, _engine):
        await pilot.press("o", "left_curly_bracket")
        await pilot.pause()
        assert screen.selected == LT_API
        await pilot.press("left_curly_bracket")
        await pilot.pause()
        assert standing(pilot) == [home]
        await pilot.press("right_curly_bracket", "right_curly_bracket")
        await pilot.pause()
        again = pilot.app.screen
        assert isinstance(again, AgentScreen) and again.selected == ASKER
        await pilot.press("b")
        await pilot.pause()
        assert [type(one) for one in standing(pilot)] == [HomeScreen, AgentScreen, BoardScreen]
        assert "fleet ▸ lt-api ▸ w-tokens ▸ board" in str(pilot.app.screen.query_one("#where", Plain).content)


async def test_nothing_is_computed_for_the_home_screen_while_it_is_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as (pilot, screen, home, engine):
        flushed: list[str] = []

        def noted() -> Iterator[None]:
            flushed.append("flushed")
            yield

        for name in ("list_steps", "age_steps", "flush_transcript"):
            monkeypatch.setattr(home, name, noted)
        engine.change(engine.fleet)
        for timer in list(home._timers):
            await timer._tick(next_timer=0, count=0)
        await pilot.pause()
        assert flushed == [] and screen.in_sight()


async def test_tabs_are_filled_by_the_panels_of_the_dialogs_and_esc_leads_back() -> None:
    engine = scene()
    engine.files.content[LT_API, "src/a.py"] = b"one\n"
    engine.change(with_queue(engine.fleet, "then the docs"))
    async with opened(engine) as (pilot, screen, home, _):
        assert "queue¹" in shown(screen, "#tabs") and "then the docs" in shown(screen, "#side")
        for key, part, words in (
            ("2", FilesPanel, "src/"),
            ("4", QueuePanel, "then the docs"),
            ("6", VmPanel, "power"),
        ):
            await pilot.press(key)
            await pilot.pause()
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
            (panel,) = [one for one in screen.query(part) if one.is_seen]
            assert words in drawn(pilot.app) and screen.focused in panel.walk_children()
        assert [one for one in screen.query(Panel) if one.is_seen] == [panel]
        await pilot.press("p")
        await pilot.pause()
        assert screen.tab == "chat" and screen.composer.has_focus
        await pilot.press("escape", "4", "escape")
        await pilot.pause()
        assert screen.tab == "chat" and screen.output.has_focus
        await pilot.press("escape")
        await pilot.pause()
        assert standing(pilot) == [home]
