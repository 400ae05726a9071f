"""The window onto an agent's past over a real store: all of a long history, in bounded memory, beside the live end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from cockpit.engine.clock import Clock
from cockpit.engine.state import FleetState
from cockpit.engine.streams.history import PAGE_RECORDS, History
from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.ids import AgentId
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.window import WINDOW_BYTES, WINDOW_ENTRIES, TranscriptWindow
from cockpit.store.rows import StoredCursor
from cockpit.store.store import Store
from tests.model.histories import session
from tests.model.window_walk import Shown, folded, shown

ANN = AgentId("ann")
LONG = 200_000
"""Records of a long history."""

LIVE = 1_500
"""Records that a cockpit reads back for a transcript."""


class Desk:
    """A history over a store, as an engine joins them, and a reader who goes up and down in it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.fleet_state = FleetState(Clock(), "test")
        self.history = History(self.fleet_state, store, lambda agent: None)
        self.seen: dict[int, Shown] = {}
        self.most_entries = self.most_bytes = 0

    @property
    def window(self) -> TranscriptWindow:
        return self.fleet_state.pasts[ANN]

    def live(self, records: list[Record]) -> None:
        """Fold records into the transcript."""
        for record in records:
            self.fleet_state.transcript(ANN).apply(record)

    async def open(self, place: tuple[int, int] | None) -> None:
        self.history.open(ANN, place)
        await self.history.idle()
        self.seen.clear()
        self.look()

    def look(self) -> None:
        if (window := self.fleet_state.pasts.get(ANN)) is not None:
            for key in [key for key in self.seen if key < window.first_key]:
                del self.seen[key]
            self.seen |= shown(window)
            self.most_entries = max(self.most_entries, len(window))
            self.most_bytes = max(self.most_bytes, window.held_bytes)

    async def up(self) -> None:
        """Scroll up until nothing older comes."""
        while self.history.older(ANN):
            await self.history.idle()
            self.look()
            if self.window.border_text:
                return

    async def down(self, on_page: Callable[[], object] = lambda: None) -> None:
        """Scroll down until nothing newer comes."""
        last = None
        while last != self.window.last_place:
            last = self.window.last_place
            self.history.newer(ANN)
            await self.history.idle()
            self.seen |= shown(self.window)
            self.most_entries = max(self.most_entries, len(self.window))
            on_page()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = await Store.open(tmp_path / "history.sqlite")
    yield Desk(store)
    await store.close()


async def fill(store: Store, records: list[Record], size: int = 5_000) -> None:
    for start in range(0, len(records), size):
        await store.append(ANN, records[start : start + size], None)


async def test_all_of_a_long_history_is_read_up_and_down_while_live_goes_on(desk: Desk) -> None:
    history = list(session(ANN, LONG + 3_000))
    stored, coming = history[:LONG], iter(history[LONG:])
    await fill(desk.store, stored)
    desk.live(stored[-LIVE:])
    live = desk.fleet_state.transcript(ANN)
    oldest = next(live.entries())
    await desk.open((oldest.epoch, oldest.line))
    await desk.up()
    assert desk.window.first_place == (1, 1)
    assert not desk.window.border_text
    end = desk.window.next_key
    up = [desk.seen[key] for key in sorted(desk.seen)]
    whole = folded(stored)
    assert up == whole[: len(up)]
    assert len(up) > 10 * WINDOW_ENTRIES

    keys = live.next_key
    await desk.down(lambda: desk.live(list(islice(coming, 15))))
    assert desk.window.last_place == (1, LONG)
    assert desk.window.next_key >= end
    assert [desk.seen[key] for key in sorted(desk.seen)] == whole
    assert desk.most_entries <= WINDOW_ENTRIES + PAGE_RECORDS
    assert desk.most_bytes <= 2 * WINDOW_BYTES
    assert live.next_key > keys, "the live end went on"
    assert not desk.history.newer(AgentId("nobody"))


async def test_home_is_the_oldest_record_at_once(desk: Desk) -> None:
    history = list(session(ANN, 30_000))
    await fill(desk.store, history)
    desk.live(history[-LIVE:])
    await desk.open(None)
    assert desk.window.first_place == (1, 1)
    assert list(shown(desk.window).values())[:100] == folded(history[:2_000])[:100]
    assert not desk.history.older(ANN), "nothing is older"
    desk.history.leave(ANN)
    assert not desk.fleet_state.pasts


async def test_no_window_is_opened_where_the_transcript_holds_everything(desk: Desk) -> None:
    history = list(session(ANN, 500))
    await fill(desk.store, history)
    desk.live(history)
    for place in (None, (1, 1)):
        desk.history.open(ANN, place)
        await desk.history.idle()
        assert ANN not in desk.fleet_state.pasts


async def test_pages_that_show_nothing_are_read_over(desk: Desk) -> None:
    def quiet() -> Iterator[Record]:
        yield from session(ANN, 100)
        for line in range(101, 5_101):
            yield Record(ANN, 1, line, line * 100, line * 100 + 100, 1.0, ev.UnknownEvent("entry_appended", "{}"))

    history = [*quiet(), *session(ANN, LIVE, seed=2, first_line=5_101)]
    await fill(desk.store, history)
    desk.live(history[-LIVE:])
    await desk.open((1, 5_101))
    assert desk.window.first_place == (1, 1)


async def test_the_border_says_what_was_pruned_and_forgets_it_when_the_records_come_back(desk: Desk) -> None:
    history = list(session(ANN, 9_000))
    await desk.store.begin_epoch(ANN, "file", "", 0.0)
    await fill(desk.store, history[4_000:])
    desk.live(history[-LIVE:])
    cursor = StoredCursor(1, history[-1].end, history[-1].line, '[1, 2, 3, "d"]', '[0, ""]', 0.0)
    await desk.store.append(ANN, [], cursor)
    await desk.open(None)
    assert "the agent's file is gone" in desk.window.border_text
    assert next(desk.window.entries()).kind is EntryKind.BORDER
    await fill(desk.store, history[:4_000])
    assert desk.history.older(ANN)
    await desk.history.idle()
    assert not desk.window.border_text
    await desk.up()
    assert desk.window.first_place == (1, 1)


async def test_another_file_is_not_searched_for_what_was_pruned_of_this_one(desk: Desk) -> None:
    history = list(session(ANN, 3_000))
    await desk.store.begin_epoch(ANN, "first", "", 0.0)
    await fill(desk.store, history[1_000:])
    desk.live(history[-500:])
    await desk.store.begin_epoch(ANN, "second", "it was replaced", 0.0)
    await desk.store.append(ANN, [], StoredCursor(2, 0, 0, '[1, 2, 3, "d"]', '[0, ""]', 0.0))
    await desk.open(None)
    assert "was replaced" in desk.window.border_text


async def test_opening_elsewhere_gives_up_what_was_under_way(desk: Desk) -> None:
    history = list(session(ANN, 20_000))
    await fill(desk.store, history)
    desk.live(history[-LIVE:])
    await desk.open((1, 18_600))
    middle = desk.window
    assert desk.history.older(ANN)
    assert not desk.history.newer(ANN), "one thing at a time"
    desk.history.open(ANN, None)
    await desk.history.idle()
    assert desk.window is not middle
    assert desk.window.first_place == (1, 1)


async def test_the_answers_of_the_operator_are_told_far_back(desk: Desk) -> None:
    events: list[ev.Event] = [
        ev.ToolStarted("t", "ask", {}),
        ev.DialogRequested("d", "select", "Deploy?", options=("yes", "no")),
        ev.ToolEnded("t", "ask", "ok"),
        ev.ShellOutput("ck-7", "clean\n"),
        ev.Responded("ck-7", "bash", True, data={"output": "clean\n", "exitCode": 0}),
    ]
    asked = [Record(ANN, 1, line, line, line + 1, 1.0, event) for line, event in enumerate(events, 1)]
    history = [*asked, *session(ANN, 9_000, first_line=6)]
    await fill(desk.store, history)
    await desk.store.save_answer(ANN, "d", "yes", 1.0)
    await desk.store.save_answer(ANN, "ck-7", "git status", 1.0)
    desk.live(history[-LIVE:])
    await desk.open(None)
    question = next(entry for entry in desk.window.entries() if entry.kind is EntryKind.QUESTION)
    assert question.text.endswith("→ yes")
    shell = next(entry for entry in desk.window.entries() if entry.kind is EntryKind.COMMAND)
    assert (shell.title, shell.text) == ("$ git status", "clean\n")
