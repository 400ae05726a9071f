"""A window that went up and down a history shows what a transcript of all of it shows, whatever its bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.history import Item
from cockpit.model.transcript.window import TranscriptWindow
from tests.model.captures import AGENT, NAMES, records
from tests.model.events_strategy import histories
from tests.model.histories import session
from tests.model.pages import prepend
from tests.model.window_walk import Walk, folded

SEAMLESS = [name for name in NAMES if not name.startswith("extension_ui")]
"""In the others a question is still open at some page borders, and joining closes it without its outcome."""


@pytest.mark.parametrize("page", [5, 23])
@pytest.mark.parametrize("name", SEAMLESS)
def test_every_capture_reads_the_same_through_a_small_window(name: str, page: int) -> None:
    whole = folded(records(name))
    walk = Walk(records(name), TranscriptWindow(max_entries=16), page)
    walk.up()
    assert walk.seen() == whole
    walk.down()
    assert walk.seen() == whole
    walk.up()
    assert walk.seen() == whole


@pytest.mark.parametrize(("page", "entries"), [(40, 60), (333, 250), (1_000, 700)])
def test_a_long_history_is_read_up_and_down_in_bounded_memory(page: int, entries: int) -> None:
    history = list(session(AGENT, 20_000))
    whole = folded(history)
    walk = Walk(history, TranscriptWindow(max_entries=entries), page)
    walk.up()
    assert walk.seen() == whole
    walk.down()
    assert walk.seen() == whole
    walk.up(lambda: (walk.window.first_place or (0, 0)) < (1, 9_000))
    walk.down(lambda: (walk.window.last_place or (0, 0)) > (1, 12_000))
    walk.up()
    walk.down()
    assert walk.seen() == whole
    assert walk.most_entries <= entries
    assert len(whole) > 5 * entries


@given(histories, st.integers(1, 30), st.integers(8, 30), st.lists(st.booleans(), max_size=12))
def test_any_walk_ends_with_bounded_memory_and_whole_books(
    history: list[Record], page: int, entries: int, ways: list[bool]
) -> None:
    if not history:
        return
    walk = Walk(history, TranscriptWindow(max_entries=entries), page)
    window = walk.window
    for up in ways:
        steps = iter((False, True))
        (walk.up if up else walk.down)(lambda steps=steps: next(steps))  # type: ignore[misc]
        assert len(window) <= entries
        assert window.held_bytes == sum(entry.size for entry in window.entries())
        assert [entry.key for entry in window.entries()] == list(range(window.first_key, window.next_key))
        assert (window.first_place or (0, 0)) <= (window.last_place or (0, 0))
    walk.up()
    assert window.first_place == (history[0].epoch, history[0].line)
    walk.down()
    assert window.last_place == (history[-1].epoch, history[-1].line)


def test_an_answer_to_a_question_far_back_is_told_where_it_was_asked() -> None:
    events: list[Event] = [
        ev.RunStarted(),
        ev.ToolStarted("t", "ask", {}),
        ev.DialogRequested("d", "select", "Deploy?", options=("yes", "no")),
        ev.ToolEnded("t", "ask", "ok"),
        *(ev.MessageStarted("user", f"text {number}") for number in range(40)),
    ]
    history = [Record(AGENT, 1, line, line, line + 1, 1.0 * line, event) for line, event in enumerate(events, 1)]
    items: list[Item] = [*history[:3], ("d", "yes"), *history[3:]]
    walk = Walk(items, TranscriptWindow(max_entries=20), 10)
    walk.up()
    assert walk.seen() == folded(items)
    assert any(text.endswith("→ yes") for _, _, text, *_ in walk.seen())


def test_the_border_says_why_and_is_no_part_of_the_history() -> None:
    window = TranscriptWindow()
    history = list(session(AGENT, 200))
    window.append(history[100:])
    keys = [entry.key for entry in window.entries()]
    window.border("the VM is gone")
    window.border("the VM is gone")
    first = next(window.entries())
    assert (first.kind, first.title, first.key) == (EntryKind.BORDER, "the VM is gone", keys[0] - 1)
    assert [entry.key for entry in window.entries()][1:] == keys
    prepend(window, history[:100])
    assert window.border_text == ""
    assert [entry.kind for entry in window.entries()].count(EntryKind.BORDER) == 0
    assert window.first_place == (1, 1)


def test_a_turn_larger_than_the_window_is_still_read_to_its_end() -> None:
    events: list[Event] = [
        ev.RunStarted(),
        ev.ShellOutput("s", "never ends"),
        *(ev.ExtensionNotice("notify", f"{n}") for n in range(500)),
    ]
    history = [Record(AGENT, 1, line, line, line + 1, 1.0 * line, event) for line, event in enumerate(events, 1)]
    walk = Walk(history, TranscriptWindow(max_entries=50), 20)
    walk.up()
    walk.down()
    assert walk.most_entries <= 50
    assert [text for kind, _, text, *_ in walk.seen() if kind is EntryKind.NOTICE] == [str(n) for n in range(500)]
