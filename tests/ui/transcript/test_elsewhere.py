"""What leaves a transcript: to the clipboard, into files, to other programs; and the scroll mark that is pulled."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from cockpit.errors import Refused
from cockpit.model import events as ev
from cockpit.model.content import Block
from cockpit.text.clean import ours, repeated
from cockpit.ui.app import CockpitApp
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.terminal.clipboard import LIMIT, copied
from cockpit.ui.transcript.copying import block_text, whole_text
from cockpit.ui.transcript.elsewhere import pager_command, saved
from tests.ui.fake_engine import FakeEngine
from tests.ui.hostile import HOSTILE
from tests.ui.scene import agents, fleet
from tests.ui.transcript.test_view import Bench, drawn, pane, prompts

pytestmark = pytest.mark.usefixtures("short_pauses")

FIRST = agents()[0].id


def said(text: str) -> ev.MessageEnded:
    return ev.MessageEnded("assistant", (Block("text", text),), stop_reason="stop")


async def test_a_copy_says_how_much_it_is_and_refuses_what_no_terminal_takes() -> None:
    async with Bench().run_test() as pilot:
        app: App[Any] = pilot.app
        words = copied(app, ours("one\ntwo"), ours("the answer"))
        assert pilot.app.clipboard == "one\ntwo" and words == "Copied the answer: 2 lines, 7 characters"
        with pytest.raises(Refused, match="nothing was copied"):
            copied(app, repeated(ours("x"), LIMIT + 1), ours("the answer"))
        with pytest.raises(Refused, match="nothing"):
            copied(app, ours(" "), ours("the answer"))
        assert pilot.app.clipboard == "one\ntwo"


def test_nothing_that_leaves_a_transcript_acts_on_a_terminal() -> None:
    engine = FakeEngine()
    engine.say(
        FIRST, ev.MessageStarted("user", HOSTILE), said(HOSTILE), ev.ToolStarted("t", HOSTILE, {"command": HOSTILE})
    )
    engine.say(FIRST, ev.ToolEnded("t", HOSTILE, HOSTILE, diff=HOSTILE))
    texts = [block_text(entry) for entry in engine.transcript(FIRST).entries()]
    for text in (*texts, whole_text(engine.transcript(FIRST))):
        assert text and all(character.isprintable() or character == "\n" for character in text)


def test_a_file_is_the_operators_alone_and_none_is_overwritten(tmp_path: Path) -> None:
    path = saved(ours("words"), tmp_path / "a.md")
    assert path.read_text() == "words" and stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Refused, match="exists"):
        saved(ours("others"), path)
    with pytest.raises(Refused, match="cannot be written"):
        saved(ours("words"), tmp_path / "no" / "a.md")
    assert path.read_text() == "words"


def test_the_pager_is_the_operators() -> None:
    assert pager_command({"PAGER": "less -R"}, lambda name: None) == ("less", "-R")
    assert pager_command({"PAGER": "a 'b"}, lambda name: None) == ("a 'b",)
    assert pager_command({}, lambda name: name if name == "more" else None) == ("more",)
    assert pager_command({}, lambda name: None) == ()


async def test_y_copies_the_answer_and_capital_y_the_block_pointed_to() -> None:
    engine = FakeEngine(fleet())
    engine.say(
        FIRST,
        ev.MessageStarted("user", "a question"),
        said("**the** answer"),
        ev.ToolStarted("t", "bash", {"command": "ls"}),
    )
    app = CockpitApp(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        home = app.screen
        assert isinstance(home, HomeScreen)
        home.focus_pane("output")
        await pilot.press("y")
        assert app.clipboard == "**the** answer"
        await pilot.press("left_square_bracket", "Y")
        assert app.clipboard == "a question"
        await pilot.press("backslash")
        assert "**the** answer" in home.output.text_in_view()


async def test_the_scroll_mark_can_be_pulled_to_both_ends() -> None:
    engine = FakeEngine()
    prompts(engine, 0, 200)
    async with pane(engine) as (pilot, view):
        edge = view.size.width - 1
        await pilot.mouse_down(view, offset=(edge, 9))
        await pilot.hover(view, offset=(edge, 5))
        await pilot.pause()
        assert not view.following
        await pilot.hover(view, offset=(edge, 0))
        await pilot.pause()
        assert "line 0" in drawn(view)[0]
        await pilot.hover(view, offset=(edge, 9))
        await pilot.mouse_up(view, offset=(edge, 9))
        await pilot.pause()
        assert "line 199" in drawn(view)[-1]
