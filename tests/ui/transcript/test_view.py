"""The output pane: follow, hold, fold, prune, select; and the lines it draws."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from cockpit.model import events as ev
from cockpit.model.ids import AgentId
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.ui.look.cells import width_of
from cockpit.ui.look.themes import VARIABLE_DEFAULTS
from cockpit.ui.transcript.answers import AnswerFolder
from cockpit.ui.transcript.canvas import SELECTION_ORIGIN
from cockpit.ui.transcript.layout import TranscriptLayout
from cockpit.ui.transcript.lines import entry_lines
from cockpit.ui.transcript.manner import ReadingManner
from cockpit.ui.transcript.view import TranscriptView
from tests.ui.fake_engine import FakeEngine

WHO = AgentId("a")


class Bench(App[None]):
    """One pane and nothing else."""

    CSS = "TranscriptView { height: 1fr; }"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(VARIABLE_DEFAULTS)

    def compose(self) -> ComposeResult:
        yield TranscriptView()


@asynccontextmanager
async def pane(engine: FakeEngine) -> AsyncIterator[tuple[Pilot[None], TranscriptView]]:
    """Run a pane of 40x10 over an agent's transcript."""
    app = Bench()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(TranscriptView)
        view.show(engine.transcript(WHO))
        view.focus()
        await pilot.pause()
        yield pilot, view


def drawn(view: TranscriptView) -> list[str]:
    """Return the lines of the pane without gutter and scroll mark."""
    gutter = view.gutter_width
    return [view.render_line(y).text[gutter : view.size.width - 1].rstrip() for y in range(view.size.height)]


def prompts(engine: FakeEngine, start: int, number: int) -> None:
    for index in range(start, start + number):
        engine.say(WHO, ev.MessageStarted("user", f"line {index}"))


async def test_it_follows_until_the_reader_scrolls_and_counts_what_comes_in() -> None:
    engine = FakeEngine()
    prompts(engine, 0, 30)
    async with pane(engine) as (pilot, view):
        assert "line 29" in drawn(view)[-1]
        prompts(engine, 30, 1)
        view.flush()
        assert "line 30" in drawn(view)[-1]
        await pilot.press("up")
        assert not view.following
        before = drawn(view)
        prompts(engine, 31, 3)
        view.flush()
        assert view.pending == 6
        assert drawn(view)[:-1] == before[:-1]
        assert "6 new · end" in drawn(view)[-1]
        view.follow()
        assert view.pending == 0 and "line 33" in drawn(view)[-1]


async def test_the_reader_keeps_the_place_when_old_entries_drop() -> None:
    engine = FakeEngine()
    engine._transcripts[WHO] = Transcript(max_entries=40)
    prompts(engine, 0, 38)
    async with pane(engine) as (pilot, view):
        await pilot.press("pageup")
        before = drawn(view)
        prompts(engine, 38, 6)
        view.flush()
        assert engine.transcript(WHO).first_key > 0
        assert drawn(view)[:-1] == before[:-1]
        prompts(engine, 44, 100)
        view.flush()
        assert any("line" in line for line in drawn(view))


async def test_what_came_in_is_counted_rightly_when_old_entries_drop_meanwhile() -> None:
    """The lines that fell out at the top were seen; they must not be taken off what is new at the foot."""
    engine = FakeEngine()
    engine._transcripts[WHO] = Transcript(max_entries=40)
    prompts(engine, 0, 38)
    async with pane(engine) as (pilot, view):
        await pilot.press("pageup")
        prompts(engine, 38, 1)
        view.flush()
        of_one = view.pending
        assert of_one > 0 and engine.transcript(WHO).first_key == 0
        for came in range(2, 13):
            prompts(engine, 37 + came, 1)
            view.flush()
            assert view.pending == came * of_one
            assert f"{came * of_one} new · end" in drawn(view)[-1]
        assert engine.transcript(WHO).first_key > 0, "something fell out"
        view.follow()
        assert view.pending == 0
        await pilot.press("up")
        assert view.pending == 0
        prompts(engine, 50, 1)
        view.flush()
        assert view.pending == of_one


async def test_a_new_width_folds_again_and_stays_at_the_place() -> None:
    engine = FakeEngine()
    for index in range(30):
        engine.say(WHO, ev.MessageStarted("user", f"entry {index} " + "word " * 20))
    async with pane(engine) as (pilot, view):
        await pilot.press("pageup", "pageup")
        top = next(line for line in drawn(view) if "entry" in line)
        await pilot.resize_terminal(60, 10)
        await pilot.pause()
        assert top.split("word")[0].strip() in " ".join(drawn(view))


async def test_long_history_is_laid_out_from_its_end_and_on_demand() -> None:
    engine = FakeEngine()
    prompts(engine, 0, 1500)
    async with pane(engine) as (pilot, view):
        lines = view.layout_lines
        assert lines is not None and lines.total < 700
        await pilot.press("home")
        assert "line 0" in drawn(view)[0]
        assert lines.total == 2999


async def test_selection_copies_text_without_bars_and_joins_folded_lines() -> None:
    engine = FakeEngine()
    engine.say(WHO, ev.MessageStarted("user", "a prompt that is certainly longer than the pane is wide"))
    async with pane(engine) as (_pilot, view):
        everything = view.get_selection(Selection(None, None))
        assert everything is not None
        assert everything[0] == "❯ a prompt that is certainly longer than the pane is wide"
        part = view.get_selection(Selection(Offset(4, SELECTION_ORIGIN), Offset(12, SELECTION_ORIGIN)))
        assert part is not None and part[0] == "a prompt"
        plain = {segment.style for segment in view.render_line(0)}
        view.screen.selections = {view: Selection(Offset(4, SELECTION_ORIGIN), Offset(12, SELECTION_ORIGIN))}
        seen = [
            segment.text
            for segment in view.render_line(0)
            if segment.style and segment.style.bgcolor not in {style.bgcolor for style in plain if style}
        ]
        assert "".join(seen) == "a prompt", "what is selected looks selected"


async def test_expanding_shows_all_of_a_tools_output() -> None:
    engine = FakeEngine()
    engine.say(WHO, ev.ToolStarted("t", "bash", {"command": "seq 100"}))
    engine.say(WHO, ev.ToolEnded("t", "bash", "\n".join(str(number) for number in range(100))))
    async with pane(engine) as (_pilot, view):
        lines = view.layout_lines
        assert lines is not None and lines.total == 10
        assert any("92 lines above · ( opens" in lines.line_at(n)[0].lines[n].text for n in (1,))  # type: ignore[index]
        view.toggle_expanded()
        assert view.layout_lines is not None and view.layout_lines.total == 101


def test_a_growing_answer_is_folded_like_a_whole_one() -> None:
    text = "# Head\n\n- one `code` **bold**\n```\nx = 1\n\n```\nlast line that is long enough to be folded twice " * 2
    growing = AnswerFolder(30)
    for end in range(len(text) + 1):
        lines = growing.fold(text[:end])
    assert lines == AnswerFolder(30).fold(text)


@given(st.text(max_size=300), st.integers(6, 60))
def test_no_line_is_wider_than_the_pane(text: str, width: int) -> None:
    engine = FakeEngine()
    engine.say(WHO, ev.MessageStarted("user", text), ev.RunStarted(), ev.MessageStarted("assistant"))
    engine.say(WHO, ev.BlockStarted(0, "text"), ev.TextDelta(0, text), ev.ToolStarted("t", text, {"command": text}))
    engine.say(WHO, ev.ToolEnded("t", text, text, diff=text), ev.RetryStarted(1, 2, 1.0, text))
    manner = ReadingManner()
    manner.expand(True)
    layout = TranscriptLayout(engine.transcript(WHO), width, manner=manner)
    layout.update()
    for number in range(layout.total):
        found = layout.line_at(number)
        assert found is not None
        assert width_of(found[0].lines[found[1]].text) <= max(width, 4)


@given(st.lists(st.tuples(st.integers(0, 6), st.text(max_size=60)), max_size=40), st.integers(8, 50), st.integers(1, 3))
def test_updating_step_by_step_equals_laying_out_at_once(steps: list[tuple[int, str]], width: int, every: int) -> None:
    engine = FakeEngine()
    transcript = engine._transcripts[WHO] = Transcript(max_entries=12)
    layout = TranscriptLayout(transcript, width)
    for number, (kind, text) in enumerate(steps):
        match kind:
            case 0:
                engine.say(WHO, ev.MessageStarted("user", text))
            case 5:
                engine.say(WHO, ev.MessageStarted("user", text, within=True))
            case 6:
                engine.say(WHO, ev.TurnStarted(), ev.ExtensionNotice("notify", text))
            case 1:
                engine.say(WHO, ev.MessageStarted("assistant"), ev.BlockStarted(0, "text"))
            case 2:
                engine.say(WHO, ev.TextDelta(0, text))
            case 3:
                engine.say(WHO, ev.ToolStarted("t", "bash", {"command": text}))
            case _:
                engine.say(WHO, ev.ToolOutput("t", text))
        if number % every == 0:
            layout.update()
    layout.update()
    fresh = TranscriptLayout(transcript, width)
    fresh.update()
    assert _texts(layout) == _texts(fresh)


def _texts(layout: TranscriptLayout) -> list[str]:
    found = [layout.line_at(number) for number in range(layout.total)]
    return [laid.lines[at].text for laid, at in (one for one in found if one is not None)]


def test_colours_of_tools_are_kept_and_every_kind_has_lines() -> None:
    engine = FakeEngine()
    engine.say(
        WHO,
        ev.ToolStarted("t", "bash", {"command": "x"}),
        ev.ToolEnded("t", "bash", "\x1b[31mred\x1b[0m plain"),
    )
    entry = next(iter(engine.transcript(WHO).entries()))
    lines = entry_lines(entry, 40, previous=None)
    assert ("red", "$transcript-output ansi_red") in lines[1].pieces
    for kind in EntryKind:
        entry.kind = kind
        assert entry_lines(entry, 40, previous=None)
