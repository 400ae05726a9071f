"""A frame costs what changed: rows in sight, lines that differ, titles that are others; counted, not timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import ModuleType

import pytest
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit.model import events as ev
from cockpit.model.fleet import Activity, ActivityState, AgentKind, Fleet, Power, Vm
from cockpit.model.ids import agent_of
from cockpit.ui.look.rows import agents, machines
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.bars import HeaderBar
from cockpit.ui.widgets.panes import AgentsTree, BoardPane, FeedPane, VmsTable
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.scene import make_agent, vm_id
from tests.ui.test_home import cockpit

AGENTS = 200
FIRST = agent_of(vm_id(1))


def many() -> FakeEngine:
    """Return an engine with many agents, the first of which writes."""
    everyone = [
        make_agent(number, f"agent-{number:03}", AgentKind.LIEUTENANT, Activity(ActivityState.WORKING, NOW))
        for number in range(1, AGENTS + 1)
    ]
    vms = tuple(Vm(vm_id(number), Power.RUNNING) for number in range(1, AGENTS + 1))
    engine = FakeEngine(Fleet(vms=vms, agents=tuple(everyone)))
    engine.say(FIRST, ev.RunStarted(), ev.MessageStarted("assistant"), ev.BlockStarted(0, "text"))
    engine.say(FIRST, ev.TextDelta(0, "one\n\ntwo\n\nthree"))
    return engine


async def test_rows_out_of_sight_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: Counter[str] = Counter()

    def counted(room: ModuleType, name: str) -> None:
        original = getattr(room, name)

        def draw_row(*arguments: object, **named: object) -> object:
            drawn[name] += 1
            return original(*arguments, **named)

        monkeypatch.setattr(room, name, draw_row)

    counted(agents, "agent_row")
    counted(machines, "vm_row")
    async with cockpit(many()) as (_, home, engine):
        drawn.clear()
        engine.clock += 61.0
        home.bridge.flush()
        heights = {"agent_row": home.query_one(AgentsTree).size.height, "vm_row": home.query_one(VmsTable).size.height}
        assert 0 < drawn["agent_row"] <= heights["agent_row"] < AGENTS
        assert 0 < drawn["vm_row"] <= heights["vm_row"] < AGENTS


async def test_a_word_that_streams_in_paints_its_line_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit(many()) as (pilot, home, engine):
        view = home.query_one(TranscriptView)
        await pilot.pause()
        painted: list[int] = []
        original = TranscriptView.render_line

        def render_line(self: TranscriptView, y: int) -> Strip:
            painted.append(y)
            return original(self, y)

        monkeypatch.setattr(TranscriptView, "render_line", render_line)
        engine.say(FIRST, ev.TextDelta(0, " four"))
        home.bridge.flush()
        await pilot.pause()
        text = [original(view, y).text for y in range(view.size.height)]
        assert [y for y, line in enumerate(text) if "three four" in line] == sorted(set(painted))


async def test_a_view_that_was_moved_shows_what_stands_there() -> None:
    async with cockpit(many()) as (pilot, home, engine):
        view = home.query_one(TranscriptView)
        engine.say(FIRST, ev.TextDelta(0, "".join(f"\nline {number}" for number in range(200))))
        home.bridge.flush()
        await pilot.pause()
        acts: tuple[Callable[[], object], ...] = (
            lambda: view.action_page(-1),
            view.action_top,
            view.follow,
            lambda: view.action_scroll_by(-3),
        )
        for act in acts:
            act()
            await pilot.pause()
            framed = [strip.text for strip in view.render_lines(Region(0, 0, *view.region.size))]
            for y in range(view.size.height):
                assert view.render_line(y).text in framed[y + 1]


async def test_an_unchanged_fleet_repaints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit(many()) as (pilot, home, _):
        await pilot.pause()
        asked: list[Widget] = []
        original = Widget.refresh

        def refresh(self: Widget, *regions: object, **words: object) -> Widget:
            asked.append(self)
            return original(self, *regions, **words)  # type: ignore[arg-type]

        monkeypatch.setattr(Widget, "refresh", refresh)
        home.bridge.flush()
        assert asked == []


async def test_ages_go_on_without_building_a_list_or_painting_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit(many()) as (pilot, home, engine):
        await pilot.pause()
        built: list[str] = []
        for pane in (AgentsTree, VmsTable, BoardPane, FeedPane):
            monkeypatch.setattr(pane, "build", lambda *_, name=pane.__name__: built.append(name))
        asked: list[tuple[Widget, tuple[object, ...]]] = []
        original = Widget.refresh

        def refresh(self: Widget, *regions: object, **words: object) -> Widget:
            asked.append((self, regions))
            return original(self, *regions, **words)  # type: ignore[arg-type]

        monkeypatch.setattr(Widget, "refresh", refresh)
        tree = home.query_one(AgentsTree)
        before = [tree.render_line(y).text for y in range(tree.size.height)]
        engine.clock += 120.0
        for _ in home.age_steps():
            pass
        after = [tree.render_line(y).text for y in range(tree.size.height)]
        assert built == []
        # An agent's age stands in its row, the time in the header; the scene's VMs have no age, and nothing else grows.
        assert all(was != now for was, now in zip(before, after, strict=True))
        assert {widget for widget, _ in asked} == {tree, home.query_one(HeaderBar)}
        assert all(regions for widget, regions in asked if widget is tree)
