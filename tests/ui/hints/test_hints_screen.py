"""One key labels what is in sight, a letter picks it, another says what is done with it."""

from __future__ import annotations

from textual.geometry import Offset

from cockpit.model import events as ev
from cockpit.model.commands.ports import OpenForward
from cockpit.model.content import Block
from cockpit.text.sanitize import clean_line
from cockpit.ui.files.screen import FilesScreen
from cockpit.ui.hints.screen import HintsScreen
from cockpit.ui.hints.sight import placed_in
from cockpit.ui.look.cells import width_of
from cockpit.ui.transcript.folding import TextLine
from tests.ui.hostile import FORBIDDEN, HOSTILE
from tests.ui.scene import scene
from tests.ui.test_home import LT_API, cockpit, notifications
from tests.ui.test_hostile import drawn

SAID = f"{HOSTILE} see src/main.py:7 and http://localhost:3000/x at 3f2c9ab"


def test_what_is_folded_over_two_lines_is_one_thing_at_its_beginning() -> None:
    lines = [
        (4, TextLine(((clean_line("▌ 漢 http://a.example/"), ""),), gutter=2)),
        (5, TextLine(((clean_line("▌ long/path"), ""),), gutter=2, joined=True)),
        (6, TextLine(((clean_line("▌ http://a.example/long/path"), ""),), gutter=2)),
    ]
    (placed,) = placed_in(lines[:2])
    assert (placed.hint.text, placed.row, placed.column) == ("http://a.example/long/path", 4, width_of("▌ 漢 "))
    (nearest,) = placed_in(lines)
    assert nearest.row == 6, "of what stands there twice, the nearest to the end"


async def test_hints_are_picked_and_carried_out(short_pauses: None) -> None:
    engine = scene()
    engine.files.content[LT_API, "src/main.py"] = b"one\n" * 9
    engine.say(LT_API, ev.MessageEnded("assistant", (Block("text", SAID),)))
    async with cockpit(engine, size=(120, 34)) as (pilot, home, _):
        await pilot.press("down", "4", "quotation_mark")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, HintsScreen)
        labels = {one.hint.text: label for label, one in screen._placed.items()}
        for label, one in screen._placed.items():
            shown = screen.get_widget_at(*Offset(one.column, one.row))[0]
            assert str(shown.render()).strip() == label, "the label stands on it"
        assert not [character for character in FORBIDDEN if character in drawn(pilot.app)]
        await pilot.press(*labels["3f2c9ab"], "y")
        assert "3f2c9ab" in notifications(pilot)[-1] and pilot.app.clipboard == "3f2c9ab"
        await pilot.press("quotation_mark", *labels["http://localhost:3000/x"], "f")
        await pilot.pause()
        agent = engine.fleet.agent(LT_API)
        assert agent is not None and engine.ordered == [OpenForward(agent.vm_id, 3000)]
        await pilot.press("quotation_mark", *labels["src/main.py:7"], "i")
        await pilot.pause()
        assert home.composer.text == "src/main.py:7 "
        await pilot.press("escape", "4", "quotation_mark", *labels["src/main.py:7"], "o")
        await pilot.pause()
        assert isinstance(pilot.app.screen, FilesScreen)
        await pilot.app.pop_screen()
        engine.files.refusals[LT_API] = "its VM is paused"
        await pilot.press("4", "quotation_mark", *labels["src/main.py:7"], "o")
        assert "open: its VM is paused" in drawn(pilot.app)
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, HintsScreen)
