"""A frame costs what changed: rows in sight, lines that differ, titles that are others; counted, not timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import pytest
from rich.console import RenderableType
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from cockpit.model import events as ev
from cockpit.model.board import FeedItem
from cockpit.model.fleet import Activity, ActivityState, AgentKind, Fleet, Power, Vm
from cockpit.model.ids import agent_of
from cockpit.ui.app import CockpitApp
from cockpit.ui.look.rows import agents, machines
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.bars import HeaderBar
from cockpit.ui.widgets.panes import AgentsTree, BoardPane, FeedPane, VmsTable
from cockpit.ui.writing.composer import Composer
from tests.remote.waiting import until
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


async def test_lines_that_only_move_are_neither_painted_nor_framed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit(many()) as (pilot, home, engine):
        view = home.query_one(TranscriptView)
        engine.say(FIRST, ev.TextDelta(0, "".join(f"\n\nline {number}" for number in range(200))))
        home.bridge.flush()
        await pilot.pause()

        def in_sight() -> list[Strip]:
            return view.render_lines(Region(0, 1, view.region.width, view.size.height))

        def text_lines(lines: list[Strip]) -> dict[str, Strip]:
            return {line.text[:40]: line for line in lines if "line " in line.text and "▐" not in line.text}

        before = text_lines(in_sight())
        engine.say(FIRST, ev.TextDelta(0, "\n\nline 200\n\nline 201"))
        home.bridge.flush()
        await pilot.pause()
        after = text_lines(in_sight())
        moved = before.keys() & after.keys()
        assert len(after.keys() - before.keys()) == 2
        assert len(moved) > view.size.height // 3
        assert all(after[words] is before[words] for words in moved)
        view.notify_style_update()
        view.refresh()
        assert not any(strip is after[words] for words, strip in text_lines(in_sight()).items())


async def test_many_agents_are_put_together_in_steps_that_a_later_snapshot_outruns() -> None:
    async with cockpit(many()) as (pilot, home, engine):
        tree = home.query_one(AgentsTree)
        await pilot.pause()
        few = Fleet(vms=engine.fleet.vms[:3], agents=engine.fleet.agents[:3])
        begun = tree.flush_steps(engine.fleet, NOW)
        assert sum(1 for _ in zip(begun, range(4), strict=False)) == 4, "a key would wait for all of them"
        tree.flush(few, NOW)
        assert [row.key for row in tree.rows] == [agent.id for agent in few.agents]
        form = tree.rows[0].height
        for _ in begun:  # it goes on, and comes to nothing
            pass
        assert [row.key for row in tree.rows] == [agent.id for agent in few.agents]
        assert tree.count == "3"
        assert not tree.take_form(), "the form is that of the agents that went before"
        assert tree.rows[0].height == form


async def test_a_key_does_not_wait_for_the_next_time_to_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit(many()) as (pilot, home, _):
        await pilot.pause()
        monkeypatch.setattr(home._update_timer, "resume", lambda: None)  # it never comes
        tree, shown = home.query_one(AgentsTree), []
        original = CockpitApp._display

        def displayed(self: CockpitApp, screen: Screen[object], renderable: RenderableType | None) -> None:
            shown.append(tree.cursor_key)
            original(self, screen, renderable)

        monkeypatch.setattr(CockpitApp, "_display", displayed)
        pilot.app.post_message(events.Key("down", None))
        await until(lambda: agent_of(vm_id(2)) in shown)


async def test_what_changed_is_drawn_with_what_a_waiting_key_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit(many()) as (pilot, home, _):
        await pilot.pause()
        app, tree, shown = home.app, home.query_one(AgentsTree), []
        assert isinstance(app, CockpitApp)
        monkeypatch.setattr(CockpitApp, "_display", lambda *_: shown.append(tree.cursor_key))
        monkeypatch.setattr(app.gate, "draws_later", lambda: True)
        home._dirty_widgets.add(tree)
        home._on_timer_update()
        assert shown == []
        home._callbacks.append((lambda: None, home))  # somebody waits for a frame, be it an empty one
        home._on_timer_update()
        assert len(shown) == 1
        monkeypatch.undo()
        monkeypatch.setattr("cockpit.ui.key_gate.ANSWERED_WITHIN", 60.0)
        assert not app.gate.draws_later()
        app.gate.take(events.Key("down", None))
        assert app.gate.draws_later()
        await until(lambda: tree.cursor_key == agent_of(vm_id(2)))
        assert not app.gate.draws_later()


async def test_the_screen_hears_of_the_cursors_row_before_anybody_hears_of_the_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with cockpit(many()) as (pilot, home, _):
        await pilot.pause()
        heard: list[str] = []

        def listened(kind: type[Widget]) -> None:
            post = kind.post_message

            def post_message(self: Widget, message: Message) -> bool:
                heard.append(type(message).__name__)
                return post(self, message)

            monkeypatch.setattr(kind, "post_message", post_message)

        listened(HomeScreen)
        listened(AgentsTree)
        home.query_one(AgentsTree).action_move(1)
        assert heard.index("Update") < heard.index("Highlighted")


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


async def test_a_feed_longer_than_the_screen_shares_no_room_out_anew_as_it_grows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = many()
    feed = tuple(FeedItem(str(number), "ada", "progress", f"step {number}", NOW) for number in range(70))
    engine.change(replace(engine.fleet, feed=feed[:-1]))
    async with cockpit(engine, size=(200, 50)) as (pilot, home, _):
        home.bridge.flush()
        await pilot.pause()
        shared: list[int] = []
        needed = home.body.view.needs
        monkeypatch.setattr(HomeScreen, "see", lambda self, view: shared.append(view.needs != needed))
        engine.change(replace(engine.fleet, feed=feed))
        home.bridge.flush()
        assert home.query_one(FeedPane).lines_needed == 70
        assert True not in shared


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
            monkeypatch.setattr(pane, "build_steps", lambda *_, name=pane.__name__: built.append(name))
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


async def test_a_letter_makes_only_its_own_line_be_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit(many()) as (pilot, home, engine):
        await pilot.press("p", "x")
        await pilot.pause()
        asked: Counter[str] = Counter()
        original = Widget.render_lines

        def render_lines(self: Widget, crop: Region) -> list[Strip]:
            asked[str(self.id or type(self).__name__)] += crop.height
            return original(self, crop)

        monkeypatch.setattr(Widget, "render_lines", render_lines)
        await pilot.press("y")
        await until(lambda: "xy" in home.composer.text and "composer" in asked)
        await pilot.pause()
        assert set(asked) == {"composer"}
        # A word that comes at the other end of the screen meanwhile is composed beside it, and nothing between.
        asked.clear()
        engine.say(FIRST, ev.TextDelta(0, " four"))
        home.flush_transcript()
        home.query_one(AgentsTree).refresh_line(0)
        await until(lambda: {"output", "agents"} <= set(asked))
        assert set(asked) == {"output", "agents"}
        assert asked["agents"] == 1


def styles_of(field: Composer) -> dict[str, object]:
    """Return what the parts of a text area wear."""
    return {name: worn for name, worn in vars(field._theme).items() if isinstance(worn, Style)}


async def test_a_text_area_wears_what_the_framework_would_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit(many()) as (pilot, home, _):
        composer = home.composer
        seen = set()
        for act in (
            lambda: composer.focus(),
            lambda: home.query_one(AgentsTree).focus(),
            lambda: setattr(pilot.app, "theme", "textual-light"),
            lambda: composer.set_class(True, "-refused"),
            lambda: composer.focus(),
        ):
            act()
            await pilot.pause()
            crop = Region(0, 0, *composer.outer_size)
            drawn = composer.render_lines(crop)
            worn = styles_of(composer)
            composer._worn = None
            composer._line_cache.clear()
            composer._styles_cache.clear()
            assert [list(strip) for strip in composer.render_lines(crop)] == [list(strip) for strip in drawn]
            assert worn == styles_of(composer)
            seen.add(str(worn))
        assert len(seen) > 1
