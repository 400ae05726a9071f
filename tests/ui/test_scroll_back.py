"""The home screen under keys that go back: to the first line of a long history, and to the live end again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import islice
from pathlib import Path

import pytest
from textual.pilot import Pilot

from cockpit.engine.streams import history as engine_history
from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.ids import agent_of
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.window import TranscriptWindow
from cockpit.ui.app import CockpitApp
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.transcript.layout import TranscriptLayout
from cockpit.ui.transcript.view import TranscriptView
from tests.model.histories import session
from tests.ui.scene import fleet, vm_id
from tests.ui.stored_engine import StoredEngine, stored_engine

WHO = agent_of(vm_id(1))


class Reader:
    """Somebody at the output pane who presses a key, waits for what it brings, and looks."""

    def __init__(self, pilot: Pilot[None], home: HomeScreen, engine: StoredEngine) -> None:
        self.pilot = pilot
        self.home = home
        self.engine = engine
        self.view = home.query_one(TranscriptView)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def settle(self) -> None:
        """Wait until no page is on its way and what came in is shown."""
        while True:
            await self.pilot.pause()
            await self.engine.history.idle()
            self.home.flush_transcript()
            await self.pilot.pause()
            if not self.engine.history._acts and not self.view.flush():
                return

    def drawn(self) -> list[str]:
        """Return the pane's lines without the scroll mark, and without the badge over the last one."""
        view = self.view
        left, right = view.gutter_width, view.size.width - 1
        lines = [view.render_line(y).text[left:right].rstrip() for y in range(view.size.height)]
        return lines[:-1]


@asynccontextmanager
async def reader(engine: StoredEngine, size: tuple[int, int] = (90, 30)) -> AsyncIterator[Reader]:
    """Run the cockpit and go to the output pane, zoomed."""
    app = CockpitApp(engine)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
        assert app.screen.selected == WHO
        reader = Reader(pilot, app.screen, engine)
        await reader.press("4", "Z")
        yield reader


def all_lines(records: Sequence[Record], width: int) -> list[str]:
    """Return the lines of a transcript without bounds."""
    whole = TranscriptWindow(max_entries=1 << 30, max_bytes=1 << 40)
    whole.append(records)
    layout = TranscriptLayout(whole, width)
    layout.lay_around(0, 1 << 30)
    found = (layout.line_at(number) for number in range(layout.total))
    return [one[0].lines[one[1]].text.rstrip() for one in found if one is not None]


def place_of(view: list[str], lines: list[str], candidates: Iterator[int] | range) -> int:
    """Return where in all lines a view stands."""
    found = [at for at in candidates if lines[at : at + len(view)] == view]
    assert found, "\n".join(view)
    return found[0]


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_every_line_is_seen_on_the_way_up_and_on_the_way_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A window of a few pages, so that it drops entries at both ends while it is read.
    monkeypatch.setattr(engine_history, "PAGE_RECORDS", 300)
    monkeypatch.setattr(engine_history, "TranscriptWindow", partial(TranscriptWindow, max_entries=400))
    history = list(session(WHO, 2_700))
    stored, coming = history[:2_300], iter(history[2_300:])
    async with stored_engine(fleet(), tmp_path / "s.sqlite") as engine:
        await engine.remember(stored)
        async with reader(engine, (90, 60)) as at:
            lines = all_lines(history, at.view.text_width)
            height = at.view.size.height
            top = place_of(at.drawn(), lines, range(len(lines) - 1, -1, -1))
            while top > 0:
                before = top
                await at.press("pageup")
                await engine.receive(list(islice(coming, 4)))
                await at.settle()
                top = place_of(at.drawn(), lines, range(max(0, before - height + 1), before + 1))
                assert top < before, "it goes on"
            assert at.view.reads_past and not at.view.following
            assert at.view.pending > 0

            await engine.receive(list(coming))
            going = True
            while going:
                before = top
                await at.press("pagedown")
                going = not at.view.following
                top = place_of(at.drawn(), lines, range(before, min(before + height, len(lines))))
            assert engine.past(WHO) is None, "the window is closed at the live end"
            assert at.view.pending == 0


async def test_home_is_the_first_line_and_end_is_live_at_once(tmp_path: Path) -> None:
    history = list(session(WHO, 60_000))
    async with stored_engine(fleet(), tmp_path / "s.sqlite") as engine:
        await engine.remember(history[:59_000])
        async with reader(engine) as at:
            await at.press("home")
            first = at.drawn()
            assert "pi started" in first[0] and "prompt 1" in "".join(first)
            await engine.receive(history[59_000:59_200])
            await at.settle()
            assert at.drawn() == first, "live output moves nothing"
            pending = at.view.pending
            assert pending > 10 and f"{pending} new" in at.view.render_line(at.view.size.height - 1).text
            await at.press("pagedown", "pagedown", "right_square_bracket")
            assert any("❯ prompt" in line for line in at.drawn()[:2])
            await at.press("left_square_bracket", "left_square_bracket")
            assert any("❯ prompt" in line for line in at.drawn()[:2])

            await at.press("end")
            assert at.view.following and not at.view.reads_past
            assert engine.past(WHO) is None
            newest = Record(WHO, 1, 59_201, 0, 1, 1.0, ev.MessageStarted("user", "the newest words"))
            await engine.receive([newest])
            await at.settle()
            assert "the newest words" in at.view.render_line(at.view.size.height - 1).text


async def test_a_new_size_and_fullness_keep_the_place_far_back(tmp_path: Path) -> None:
    history = list(session(WHO, 20_000))
    async with stored_engine(fleet(), tmp_path / "s.sqlite") as engine:
        await engine.remember(history)
        async with reader(engine) as at:
            await at.press("home")
            await at.press("pagedown", "pagedown", "pagedown")
            of_its_own = ("answer", "bash make", "prompt")
            top = next(line for line in at.drawn()[:10] if any(word in line for word in of_its_own))
            await at.pilot.resize_terminal(70, 24)
            await at.settle()
            assert top in at.drawn()
            await at.press("e")
            assert top in at.drawn() and at.view.reads_past
            await at.press("e", "G")
            assert at.view.following


async def test_what_cannot_be_reached_is_said_at_the_top(tmp_path: Path) -> None:
    history = list(session(WHO, 9_000))
    async with stored_engine(fleet(), tmp_path / "s.sqlite") as engine:
        await engine.remember(history[3_000:])
        async with reader(engine) as at:
            await at.press("home")
            assert at.drawn()[0].startswith("── older history is not kept here")
            # It is asked again with each key, and what has come back goes above.
            await engine.store.append(WHO, history[:3_000], None)
            await at.press("up")
            assert not any("older history" in line for line in at.drawn())
            await at.press("home")
            assert "pi started" in at.drawn()[0]


async def test_a_reader_keeps_the_place_when_the_transcript_drops_it(tmp_path: Path) -> None:
    coming = session(WHO, 40_000)
    async with stored_engine(fleet(), tmp_path / "s.sqlite") as engine:
        await engine.remember(list(islice(coming, 2_000)))
        live = engine.transcript(WHO)
        async with reader(engine) as at:
            await at.press("pageup", "pageup", "pageup")
            assert not at.view.reads_past
            before = at.drawn()
            while live.entry(live.first_key + 1) is not None and live.dropped < 3_000:
                await engine.receive(list(islice(coming, 500)))
                await at.settle()
                assert at.drawn() == before
            assert at.view.reads_past, "what the transcript dropped is read in a window"


async def test_a_transcript_of_nothing_to_see_has_a_past(tmp_path: Path) -> None:
    told = list(session(WHO, 3_000))
    quiet = [
        Record(WHO, 1, line, line * 100, line * 100 + 100, 1.0, ev.UnknownEvent("entry_appended", "{}"))
        for line in range(3_001, 5_001)
    ]
    async with stored_engine(fleet(), tmp_path / "s.sqlite") as engine:
        await engine.remember([*told, *quiet])
        async with reader(engine) as at:
            assert len(engine.transcript(WHO)) == 0
            await at.press("pageup")
            lines = all_lines(told, at.view.text_width)
            assert place_of(at.drawn(), lines, range(len(lines))) > len(lines) - 100
            await at.press("end")
            assert at.view.following and engine.past(WHO) is None


async def test_another_agent_closes_the_window(tmp_path: Path) -> None:
    history = list(session(WHO, 9_000))
    async with stored_engine(fleet(), tmp_path / "s.sqlite") as engine:
        await engine.remember(history)
        async with reader(engine) as at:
            await at.press("home")
            assert engine.past(WHO) is not None
            await at.press("Z", "1", "down")
            assert at.view.following and not at.view.reads_past


async def test_copying_reaches_what_is_read_in_the_past(tmp_path: Path) -> None:
    history = list(session(WHO, 9_000))
    async with stored_engine(fleet(), tmp_path / "s.sqlite") as engine:
        await engine.remember(history)
        async with reader(engine) as at:
            await at.press("home")
            past = engine.past(WHO)
            assert past is not None and EntryKind.USER in [entry.kind for entry in past.entries()]
            at.view.text_select_all()
            await at.settle()
            copied = at.home.get_selected_text()
            assert copied is not None and "prompt 1" in copied
