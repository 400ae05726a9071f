"""The screens of which there is no picture, at every size, each in another theme: one run for a size walks through all.

Asserted is what must be so of any picture: each line fills the terminal and no more, what the screen is about stands
there, and whatever is drawn has the contrast that eyes need. Two runs walk through the other screens as well: one in a
theme that tells with which names of a theme everything is drawn, so that it is judged in all of them, one in the
terminal's own colours.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.notifications import SeverityLevel
from textual.pilot import Pilot
from textual.screen import Screen

import cockpit.ui
from cockpit.model.away import Away, AwayLine, Happened
from cockpit.model.comparison import Candidate
from cockpit.model.content import Usage
from cockpit.model.files.editing import CheckedOut, WriteBack, WrittenBack
from cockpit.model.ids import AgentId, TaskId
from cockpit.model.inbox.history import Decided, HowEnded
from cockpit.model.owed import Owed, OwedKind
from cockpit.model.past import SearchHit
from cockpit.model.plan.plan import Plan, PlanTask
from cockpit.model.timeline.minute import AgentMinutes, Minute
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line
from cockpit.ui.app import CockpitApp
from cockpit.ui.board.editing import AgainDialog
from cockpit.ui.dialogs.compare import CompareDialog
from cockpit.ui.dialogs.many import ManyDialog
from cockpit.ui.dialogs.owed import OwedDialog
from cockpit.ui.dialogs.plan.creation import PlanDialog
from cockpit.ui.files.conflict import ConflictDialog
from cockpit.ui.look.cells import content
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.screens.recorded import RecordedScreen
from cockpit.ui.widgets.notice import notice
from tests.ui.conftest import short_pauses as short_pauses
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.look.legible import PROBE, poor, poor_in_some_theme, probe, said_by_themes
from tests.ui.scene import agents, scene, vm_id
from tests.ui.test_hostile import drawn
from tests.ui.test_hostile_places import home_of, shown

SIZES = ((60, 20), (80, 24), (100, 30), (120, 40), (160, 45), (200, 50), (250, 60))
WORN = ("cockpit-dark", "cockpit-light", "high-contrast", PROBE, "ansi", "colour-blind", "cockpit-light")
"""The theme of the run of each size."""


SEVERITIES: tuple[SeverityLevel, ...] = ("information", "warning", "error")


@dataclass(frozen=True, slots=True)
class Place:
    """A screen, how one comes there from home, and what is to be read on it at any size."""

    keys: tuple[str, ...]
    words: tuple[str, ...]
    act: str = ""
    """An act of the home screen that opens it, before the keys."""
    made: Callable[[HomeScreen], Screen[Any]] | None = None
    """Makes it, where only an accident leads there."""


PLACES: dict[str, Place] = {
    "feed": Place(("N",), ("publish",)),
    "merged tail": Place(("g", "m"), ("lt-api",)),
    "timeline": Place((), ("1m00s",), "see.timeline"),
    "search": Place(("S", *"cursor"), ("the cursor",)),
    "inbox history": Place(("I", "tab", "tab"), ("→ 0.1",)),
    "peek": Place(("1", "home", "down", "space"), ("lt-api",)),
    "away": Place(("0",), ("failed",)),
    "what was done": Place(("T",), ("esc",)),
    "hints": Place(("1", "home", "down", "4", "quotation_mark"), ("esc",)),
    "spawn line": Place(("n", *"ada"), ("ada",)),
    "commands": Place(("1", "home", "down", "comma"), ("model",)),
    "plans": Place(("L",), ("esc",)),
    "themes": Place((), ("high-contrast",), "app.theme"),
}


def told() -> FakeEngine:
    """Return the scene, with something to be seen on each screen."""
    engine = scene()
    first, second = agents()[0], agents()[1]
    shared = engine.coordination
    engine.recorded.rows = (AgentMinutes(second.id, second.name, {int(NOW // 60): Minute(tool=60.0, cost=0.5)}),)
    text = "the cursor loses its sub-second part"
    engine.recorded.hits = [SearchHit(second.id, 1, 240, NOW - 600, "answer", text, ((4, 10),))]
    line = AwayLine(Happened.FAILED, second.id, second.name, 2, NOW - 60, "overloaded")
    shared.away.found = Away(0.0, NOW, (line,), ((first.name, Usage()),))
    shared.inbox.decided = (
        Decided("k", "m", NOW - 5, first.name, "Which?", HowEnded.ANSWERED, "0.1.0", "ada@here", AgentId(first.id)),
    )
    return engine


ASLEEP = {agents()[0].id: "it is asleep"}
IT_ENDS = ours("What it does ends.")
COPY = Candidate(agents()[0].id, "w-1", vm_id(1), "done", "the answer", 100, 1.2, 5.0, 1, 1, 0, "+added")
OWED = Owed("note:T1:N1", OwedKind.QUESTION, "stranger", "Which port?", NOW - 999.0, TaskId("T1"), "Limiter")
PLAN = Plan("one", (PlanTask("a", "Limiter", role="reviewer"),))
FETCHED = CheckedOut(agents()[0].id, "/root/a.txt", Path("/nowhere/file"), 1, NOW, "", 0o644)
CONFLICT = WrittenBack(WriteBack.CONFLICT, FETCHED, Path("/nowhere/theirs"))

PICTURED: dict[str, Place] = {
    "home": Place((), ("lt-api",)),
    "agent": Place(("1", "home", "down", "enter"), ("chat",)),
    "its VM": Place(("1", "home", "down", "enter", "6"), ("chat",)),
    "board": Place(("b",), ("Dark mode",)),
    "grid": Place(("g",), ("lt-api",)),
    "inbox": Place(("I",), ("w-e2e",)),
    "spawn form": Place(("n", "tab"), ("kind",)),
    "prompt": Place(("1", "home", "down", "p", *"hello"), ("hello",)),
    "palette": Place(("ctrl+p",), ("steer",)),
    "help": Place(("question_mark",), ("steer",)),
    "usage": Place(("U",), ("esc",)),
    "queue": Place(("1", "home", "down", "Q"), ("esc",)),
    "VMs": Place(("3",), ("running",)),
    "why": Place(("1", "home", "down", "w"), ("esc",)),
    "destroy": Place(("1", "home", "down", "D"), ("esc",)),
    "new task": Place(("t",), ("esc",)),
    "shared": Place(("number_sign",), ("esc",)),
    "take up": Place(("K",), ("esc",)),
    "jump": Place(("semicolon",), ("esc",)),
    "its files": Place(("1", "home", "down", "enter", "2"), ("files",)),
    "its changes": Place(("1", "home", "down", "enter", "3"), ("diff",)),
    "its queue": Place(("1", "home", "down", "enter", "4"), ("queue",)),
    "command line": Place(("colon",), ("esc",)),
    "answer": Place(("1", "home", "down", "down", "down", "a"), ("esc",)),
    "task": Place(("2", "v"), ("esc",)),
    "branch": Place((), ("esc",), "vm.branch"),
    "template": Place((), ("esc",), "talk.template"),
    "what was sent": Place((), ("esc",), "talk.sent"),
    "figures": Place((), ("esc",), "agent.stats"),
    "last words": Place((), ("esc",), "queue.standard_error"),
    "course": Place((), ("esc",), "swarm.course"),
    "changes": Place((), ("esc",), "agent.changes"),
    "commits": Place((), ("esc",), "vm.commits"),
    "files": Place((), ("esc",), "files.open"),
    "ports": Place((), ("esc",), "vm.ports"),
    "recovery": Place((), ("esc",), "see.recovery"),
    "put off": Place((), ("esc",), "see.snooze"),
    "saved filters": Place((), ("esc",), "see.filters"),
    "tell several": Place(("ampersand",), ("esc",)),
    "a command that runs": Place(("1", "home", "down", "E", *"make", "enter"), ("running for",)),
    "pause of one that works": Place(("1", "home", "down", "z"), ("timed",)),
    "many": Place((), ("asleep",), made=lambda home: ManyDialog(ours("Abort"), home.fleet.agents[:2], ASLEEP, IT_ENDS)),
    "copies": Place((), ("1.2",), made=lambda _: CompareDialog(ours("Copies"), (COPY,))),
    "owed": Place((), ("Which port?",), made=lambda home: OwedDialog(OWED, home.fleet.agents[0], NOW)),
    "new plan": Place((), ("Limiter",), made=lambda _: PlanDialog(PLAN, ())),
    "edited by two": Place((), ("again",), made=lambda _: AgainDialog(ours("Not written"), content([(IT_ENDS, "")]))),
    "written by two": Place((), ("both",), made=lambda _: ConflictDialog(CONFLICT)),
    "recorded": Place((), ("gone",), made=lambda home: RecordedScreen(home, AgentId("x"), ours("gone"), "", (1, 1))),
}
"""Screens of which there are pictures at other sizes, and those that few get to see."""


Look = Callable[[str, CockpitApp], None]


async def walk(pilot: Pilot[None], look: Look, places: dict[str, Place]) -> None:
    """Go to each place from the home screen, look, and go back."""
    app = pilot.app
    assert isinstance(app, CockpitApp)
    home, engine = home_of(app), app.engine
    assert isinstance(engine, FakeEngine)
    for name, place in places.items():
        if place.act:
            home.try_action(place.act)
            await pilot.pause()
        if place.made is not None:
            app.push_screen(place.made(home))
        await pilot.press(*place.keys)
        for word in place.words:
            assert await shown(app, word), f"{name}: {word} is not drawn: {drawn(app)}"
        look(name, app)
        for command in engine.reach.commands:
            if not command.end_with.done():
                command.end_with.set_result(0)
        for _ in range(6):
            if app.screen is home and home.pane == "agents":
                break
            await pilot.press("escape")
            await pilot.pause()
        assert app.screen is home, name


def own_screens() -> set[type[Screen[Any]]]:
    """Return the screens and dialogs of the cockpit from which no other one is derived."""
    for module in pkgutil.walk_packages(cockpit.ui.__path__, "cockpit.ui."):
        importlib.import_module(module.name)

    def below(kind: type[Screen[Any]]) -> set[type[Screen[Any]]]:
        found = {one for one in kind.__subclasses__() if one.__module__.startswith("cockpit.")}
        return found.union(*map(below, kind.__subclasses__()))

    there = below(Screen)
    return {kind for kind in there if there.isdisjoint(kind.__subclasses__())}


@pytest.fixture(autouse=True)
def _one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("size", SIZES, ids=[f"{width}x{height}" for width, height in SIZES])
async def test_every_screen_fills_its_terminal_and_can_be_read(size: tuple[int, int]) -> None:
    width, height = size
    theme = WORN[SIZES.index(size)]
    places = {**PICTURED, **PLACES} if theme in (PROBE, "ansi") else PLACES
    themes = said_by_themes()
    seen: list[str] = []
    kinds: set[type[Screen[Any]]] = set()
    faint: dict[str, list[str]] = {}

    def look(name: str, app: CockpitApp) -> None:
        lines = drawn(app).split("\n")
        assert len(lines) == height, name
        assert {cell_len(line) for line in lines} == {width}, name
        found = poor_in_some_theme(app, themes) if theme == PROBE else poor(app, own_colours=theme == "ansi")
        if found:
            faint[name] = found
        seen.append(name)
        kinds.add(type(app.screen))

    app = CockpitApp(told(), theme=None if theme == PROBE else theme)
    if theme == PROBE:
        app.register_theme(probe())
        app.theme = PROBE
        app.own_themes = (*app.own_themes, PROBE)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        await walk(pilot, look, places)
        for severity in SEVERITIES:
            notice(app, ours("it is so"), title=our_line("Title {}", severity), severity=severity, timeout=60)
        for severity in SEVERITIES:
            assert await shown(app, f"Title {severity}")
        look("notices", app)
    assert seen == [*places, "notices"]
    assert faint == {}, theme
    if theme == PROBE:
        assert {kind.__name__ for kind in own_screens() - kinds} == set(), "no place leads there"
