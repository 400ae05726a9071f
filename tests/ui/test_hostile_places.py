"""Hostile words in every place beyond the panes: one run of the screen goes through all of them.

Each word holds escape sequences of all kinds, marks of direction, characters without a width, halves of surrogate
pairs and a word of ten thousand cells. Nothing of that is drawn, and nothing of it stands in what calls the operator.
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from cockpit.model.acts import DoneAct
from cockpit.model.away import Away, AwayLine, Happened
from cockpit.model.content import Usage
from cockpit.model.ids import AgentId
from cockpit.model.inbox.history import Decided, HowEnded
from cockpit.model.own.declared import Own, OwnColumn, OwnCommand
from cockpit.model.own.port import Printed
from cockpit.model.past import SearchHit
from cockpit.model.timeline.minute import AgentMinutes, Minute
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.app import CockpitApp
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.terminal.calling import desktop_notice, title_of
from cockpit.ui.writing import words
from tests.remote.waiting import until
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.hostile import HOSTILE, hostile_engine
from tests.ui.test_hostile import drawn

SEEN = "seen"
"""Stands at the beginning of each word: where it is drawn, the word was drawn."""

WORD = f"{SEEN}{HOSTILE}\ud800\udfff\u2067\u200d\ufeff\u00ad\x00\x7f\x85\x1b_a\x1b\\\x1bP1$r\x1b\\{'漢' * 40}"
WIDE = f"{WORD}{'漢' * 5000}"

UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of what acts on a terminal, or shows nothing."""


def reworded(value: Any, word: str) -> Any:
    """Return a value in which every hostile word is another one."""
    if isinstance(value, str):
        return type(value)(value.replace(HOSTILE, word)) if HOSTILE in value else value
    if isinstance(value, tuple):
        return tuple(reworded(one, word) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {one.name: reworded(getattr(value, one.name), word) for one in fields(value) if one.init}
        return replace(value, **changed)
    return value


def worst_engine(word: str) -> FakeEngine:
    """Return a fleet whose every word is the same, and whatever else is told in such words."""
    engine = hostile_engine()
    engine.change(reworded(engine.fleet, word))
    first = engine.fleet.agents[0]
    shared = engine.coordination
    engine.recorded.rows = (AgentMinutes(AgentId("gone"), word, {int(NOW // 60): Minute(writing=9.0)}),)
    engine.recorded.hits = [SearchHit(first.id, 1, 1, NOW, "answer", word, ((0, 4),))]
    shared.own.declared = Own(
        (OwnColumn("CI", command="ci"), OwnColumn("MODEL", "model")), (OwnCommand("git log", "git log", "f6"),)
    )
    shared.own.cells = {(one.id, name): word for one in engine.fleet.agents for name in ("CI", "MODEL")}
    shared.own.printed = Printed(f"{word}\n{word}", 2)
    line = AwayLine(Happened.FAILED, first.id, word, 2, NOW - 60, word)
    shared.away.found = Away(0.0, NOW, (line,), ((word, Usage(5, 5, 0, 0, 1.5)),))
    shared.acts.known = [DoneAct(NOW - 5, word, word, word)]
    shared.inbox.decided = (Decided("k", "m", NOW - 5, word, word, HowEnded.ANSWERED, word, word, first.id),)
    return engine


def acts_on_a_terminal(text: str) -> set[str]:
    """Return what of a text is no sign that can be seen; an oracle of its own, by the categories of Unicode."""
    return {hex(ord(one)) for one in text.replace("\n", "") if unicodedata.category(one) in UNSEEN}


CONTROLS = {"Cc", "Cs", "Zl", "Zp"}
"""Categories of what ends a string, or begins another sequence."""

Way = Callable[[Pilot[None], HomeScreen], Awaitable[object]]


def act(name: str, *keys: str) -> Way:
    """Return a way: an act of the home screen, and keys behind it."""

    async def go(pilot: Pilot[None], home: HomeScreen) -> None:
        home.try_action(name)
        await pilot.pause()
        await pilot.press(*keys)

    return go


def press(*keys: str) -> Way:
    """Return a way that is keys alone."""

    async def go(pilot: Pilot[None], home: HomeScreen) -> None:
        await pilot.press(*keys)

    return go


async def undo_line(_pilot: Pilot[None], home: HomeScreen) -> None:
    home.last_acts.done(f"paused {WIDE}", lambda: None, home.engine.now())
    home.bridge.flush()


async def shown(app: CockpitApp, mark: str) -> bool:
    """Wait until something is drawn; False if it is not."""
    with contextlib.suppress(AssertionError):
        await until(lambda: mark in drawn(app), 20)
    return mark in drawn(app)


def home_of(app: CockpitApp) -> HomeScreen:
    screen = app.screen
    assert isinstance(screen, HomeScreen)
    return screen


PLACES: dict[str, tuple[Way, str]] = {
    "rows, own columns, strip": (press("home"), SEEN),
    "timeline": (act("see.timeline"), "longest wait"),
    "hints": (press("4", "quotation_mark"), SEEN),
    "board lanes": (press("b"), SEEN),
    "feed": (press("5"), SEEN),
    "peek": (press("1", "home", "space"), SEEN),
    "search": (act("see.search", *SEEN, "enter"), "answer"),
    "grid": (press("g"), SEEN),
    "merged tail": (press("g", "m"), SEEN),
    "inbox": (press("I"), SEEN),
    "inbox history": (press("I", "tab", "tab"), "→ seen"),
    "away": (press("0"), SEEN),
    "what was done": (press("T"), SEEN),
    "an own command": (press("1", "home", "f6"), "it ended with 2"),
    "agent and breadcrumb": (press("1", "home", "enter"), SEEN),
    "palette": (press("ctrl+p", *"answer"), SEEN),
    "command line": (press("colon", *SEEN), SEEN),
    "jump": (press("J"), SEEN),
    "undo line": (undo_line, "u undo"),
    "templates": (press("1", "home", "p", *"/t:"), "review"),
}


WIDE_PLACES = ("rows, own columns, strip", "board lanes", "undo line")
"""Places in which names and titles stand in cells of their own."""


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize(
    ("word", "places"),
    [pytest.param(WORD, tuple(PLACES), id="everywhere"), pytest.param(WIDE, WIDE_PLACES, id="ten thousand cells")],
)
async def test_nothing_hostile_is_drawn_in_any_place(
    word: str, places: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "review.md").write_text(WORD.replace("\ud800\udfff", ""), encoding="utf-8")
    monkeypatch.setattr(words.SlashWords.__init__, "__defaults__", (lambda: tmp_path,))
    app = CockpitApp(worst_engine(word))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        home = home_of(app)
        for name in places:
            go, mark = PLACES[name]
            await go(pilot, home)
            assert await shown(app, mark), f"{name}: {mark} is not drawn: {drawn(app)}"
            assert acts_on_a_terminal(drawn(app)) == set(), name
            drawn(app).encode()
            for _ in range(6):
                if app.screen is home and home.pane == "agents":
                    break
                await pilot.press("escape")
                await pilot.pause()
            assert app.screen is home, name
        assert not app._exception


@given(st.one_of(st.text(max_size=300), st.just(WORD), st.just(f"1;{HOSTILE}")), st.sampled_from(("9", "777", "99")))
def test_what_calls_the_operator_is_one_sequence_and_its_text(text: str, sequence: str) -> None:
    """A text cannot end the string that it stands in, nor begin another one."""
    for data in (
        title_of(clean_line(text)),
        desktop_notice(sequence, ours("cockpit"), clean_line(text)),
        desktop_notice(sequence, ours("cockpit"), clean_line(text), multiplexed=True),
    ):
        empty = (
            title_of(ours("")) if data.startswith("\x1b]2;") else desktop_notice(sequence, ours("cockpit"), ours(""))
        )
        if data.startswith("\x1bPtmux;"):
            empty = desktop_notice(sequence, ours("cockpit"), ours(""), multiplexed=True)
        assert [one for one in data if unicodedata.category(one) in CONTROLS] == [
            one for one in empty if unicodedata.category(one) in CONTROLS
        ]
        assert len(data) < 700
        data.encode()
