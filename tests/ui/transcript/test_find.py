"""Finding words: counted as a plain search counts them, marked where they stand, held or not, and nothing twice."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.ids import AgentId
from cockpit.model.past import SearchHit
from cockpit.model.transcript.transcript import Transcript
from cockpit.text.sanitize import StyledLine, clean_line
from cockpit.ui.app import CockpitApp
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.screens.recorded import RecordedScreen
from cockpit.ui.screens.search import SearchScreen
from cockpit.ui.transcript.find import search
from cockpit.ui.transcript.find.finder import Older
from cockpit.ui.transcript.find.found import marked_lines
from cockpit.ui.transcript.find.index import FindIndex, pattern_of
from cockpit.ui.transcript.find.older import OlderHits
from cockpit.ui.transcript.folding import wrapped
from cockpit.ui.widgets.find_line import FindLine
from cockpit.ui.widgets.row_list import RowList
from tests.model.histories import session
from tests.remote.waiting import until
from tests.ui.fake_engine import FakeEngine
from tests.ui.hostile import HOSTILE
from tests.ui.scene import fleet
from tests.ui.stored_engine import stored_engine
from tests.ui.test_scroll_back import WHO as FIRST
from tests.ui.transcript.test_view import WHO

pytestmark = pytest.mark.usefixtures("short_pauses")

WORDS = st.text(alphabet="ab 語e\u0301", min_size=1, max_size=3).filter(lambda words: words.strip())


@settings(max_examples=150)
@given(st.text(alphabet="ab 語e\u0301", max_size=120), WORDS, st.integers(6, 30))
def test_places_over_broken_lines_are_those_of_the_whole_text(text: str, words: str, width: int) -> None:
    pattern = pattern_of(words)
    assert pattern is not None
    clean = clean_line(text.strip())
    lines = wrapped(StyledLine(clean), width, clean_line("| "), "")
    found = {number for line in marked_lines(lines, pattern) for _, _, number in line}
    assert len(found) == sum(1 for _ in pattern.finditer(clean))
    for line, marks in zip(lines, marked_lines(lines, pattern), strict=True):
        assert all(line.gutter <= start < end <= len(line.text) for start, end, _ in marks)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(("ab", "b", "a b", HOSTILE))), max_size=60))
def test_counting_step_by_step_equals_counting_at_once(steps: list[tuple[int, str]]) -> None:
    pattern = re.compile("b")
    transcript = Transcript(max_entries=10)
    index = FindIndex(transcript, pattern)
    expected, turn = 0, -9
    for number, (kind, text) in enumerate(steps):
        turn = number if kind == 4 else turn
        if kind == 5 and number - turn > 4:
            continue  # its place may be dropped by now, and it with it: what comes and goes unseen is not counted
        asked = ev.MessageStarted("user", text, within=kind > 3)
        event = ev.TurnStarted() if kind == 4 else asked if kind else ev.ExtensionNotice("notify", text)
        transcript.apply(Record(WHO, 1, number + 1, 0, 1, 0.0, event))
        if number % 3 == 0:
            index.update()
        if kind == 4:
            continue
        expected += clean_line(text).count("b") if "\n" not in text else len(pattern.findall(text))
    index.update()
    assert index.total == sum(hit.times for hit in index.hits()) == expected
    assert [hit.place for hit in index.hits()] == sorted(hit.place for hit in index.hits())


def test_counting_while_an_answer_streams_looks_at_that_answer_alone() -> None:
    transcript = Transcript()
    for number in range(800):
        transcript.apply(Record(WHO, 1, number + 1, 0, 1, 0.0, ev.ExtensionNotice("notify", "word")))
    index = FindIndex(transcript, re.compile("word"))
    index.update()
    looked = index.looked_at
    transcript.apply(Record(WHO, 1, 900, 0, 1, 0.0, ev.BlockStarted(0, "text")))
    for number in range(50):
        transcript.apply(Record(WHO, 1, 901 + number, 0, 1, 0.0, ev.TextDelta(0, "word ")))
        index.update()
    assert index.total == 850 and index.looked_at - looked <= 60


def _screen(pilot: Pilot[None]) -> object:
    return pilot.app.screen


async def test_slash_finds_in_all_of_the_history_and_n_goes_there(tmp_path: Path) -> None:
    history = list(session(FIRST, 6_000))
    said = [record.event for record in history if isinstance(record.event, ev.MessageStarted)]
    expected = sum(event.text.count("prompt 7") for event in said if event.role == "user")
    async with stored_engine(fleet(), tmp_path / "s.sqlite") as engine:
        await engine.remember(history)
        app = CockpitApp(engine)
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            home = app.screen
            assert isinstance(home, HomeScreen)
            home.focus_pane("output")
            await pilot.press("slash", *"prompt 7", "enter")
            output = home.output
            await until(lambda: output.finder is not None and output.finder.older.value == "whole")
            assert output.finder is not None and output.finder.index.total == expected > 5
            await pilot.press("n")
            assert output.finder.index.number_of(output.finder._spot) == 1, "from the newest round to the oldest"  # type: ignore[arg-type]

            def there() -> bool:
                home.flush_transcript()
                return output.reads_past and "prompt 7" in output.text_in_view()

            await until(there)
            assert f"1/{expected}" in str(home.query_one(FindLine).query_one(".find-count").render())
            await pilot.press("escape")
            await pilot.pause()
            assert not home.query(FindLine) and home.pane == "output"


async def test_n_spawns_again_once_nothing_is_looked_for() -> None:
    engine = FakeEngine(fleet())
    engine.say(FIRST, ev.MessageStarted("user", "a needle"), ev.MessageStarted("user", "and a needle"))
    app = CockpitApp(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        home = app.screen
        assert isinstance(home, HomeScreen)
        home.focus_pane("output")
        await pilot.press("slash", *"NEEDLE", "enter")
        await pilot.pause()
        assert home.output.finder is not None and home.output.finder.index.total == 0, "capitals count where written"
        await pilot.press("slash", *["backspace"] * 6, *"needle", "enter", "N")
        await pilot.pause()
        assert _screen(pilot) is home and home.output.finder.index.total == 2
        rows = [home.output.render_line(y) for y in range(home.output.size.height)]
        here = [part for row in rows for part in row if part.style and part.style.reverse]
        assert [part.text for part in here] == ["needle"]
        await pilot.press("escape", "n")
        await pilot.pause()
        assert _screen(pilot) is not home


async def test_words_that_are_given_once_more_do_not_end_the_look_at_what_is_older(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    goes_on = asyncio.Event()

    async def looked(*_about: object) -> OlderHits:
        await goes_on.wait()
        return OlderHits((), whole=True)

    monkeypatch.setattr(search, "look_through", looked)
    engine = FakeEngine(fleet())
    engine.say(FIRST, ev.MessageStarted("user", "a needle"))
    app = CockpitApp(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        home = app.screen
        assert isinstance(home, HomeScreen)
        home.focus_pane("output")
        await pilot.press("slash", *"needle", "enter")
        await pilot.pause()
        finder = home.output.finder
        assert finder is not None
        await until(lambda: finder.older is Older.UNDER_WAY)
        await pilot.press("slash", "enter")
        goes_on.set()
        await until(lambda: finder.older is Older.WHOLE)
        assert home.output.finder is finder


def _hit(agent: AgentId, line: int, text: str, word: str) -> SearchHit:
    start = text.index(word)
    return SearchHit(agent, 1, line, 0.0, "prompt", text, ((start, start + len(word)),))


async def test_a_search_leads_to_the_line_of_a_living_agent() -> None:
    engine = FakeEngine(fleet())
    for number in range(60):
        engine.say(FIRST, ev.MessageStarted("user", f"message {number} {'needle' if number == 5 else 'hay'}"))
    engine.recorded.hits = [_hit(FIRST, 6, "message 5 needle", "needle")]
    app = CockpitApp(engine)
    async with app.run_test(size=(110, 30)) as pilot:
        await pilot.pause()
        home = app.screen
        assert isinstance(home, HomeScreen)
        await pilot.press("S", *"needl")
        await pilot.pause()
        assert isinstance(_screen(pilot), SearchScreen) and engine.recorded.asked[-1] == "needl"
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert _screen(pilot) is home and home.selected == FIRST and home.pane == "output"
        assert "message 5 needle" in home.output.text_in_view() and not home.output.following


async def test_a_search_leads_to_what_is_recorded_of_an_agent_that_is_gone(tmp_path: Path) -> None:
    gone = AgentId("gone-agent")
    async with stored_engine(fleet(), tmp_path / "s.sqlite") as engine:
        await engine.remember(list(session(gone, 5_000)))
        app = CockpitApp(engine)
        async with app.run_test(size=(110, 30)) as pilot:
            await pilot.pause()
            await pilot.press("S", *"prompt 3")
            await until(lambda: any(one.rows for one in app.screen.query("#rows").results(RowList)))
            await pilot.press("enter", "enter")
            await until(lambda: isinstance(app.screen, RecordedScreen))
            screen: object = app.screen
            assert isinstance(screen, RecordedScreen)

            def there() -> bool:
                screen.flush_transcript()
                return "prompt 3" in screen.output.text_in_view()

            await until(there)
            await pilot.press("left_parenthesis", "y", "escape", "escape")
            await until(lambda: isinstance(app.screen, SearchScreen))
            assert engine.past(gone) is None, "the window is closed"
