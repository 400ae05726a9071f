"""Reading block by block: pointing, folding with the place kept, times and figures, changes, what is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model import events as ev
from cockpit.model.content import Block, Usage
from cockpit.model.events import Record
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.text.sanitize import StyledLine
from cockpit.ui.look.cells import width_of
from cockpit.ui.transcript import answers, code, tools
from cockpit.ui.transcript.diffs import ADDED, REMOVED, diff_styles
from cockpit.ui.transcript.folding import TextLine, wrapped
from cockpit.ui.transcript.layout import TranscriptLayout
from cockpit.ui.transcript.lines import entry_lines
from cockpit.ui.transcript.manner import Fullness, ReadingManner
from cockpit.ui.transcript.viewport import Viewport
from tests.ui.fake_engine import FakeEngine
from tests.ui.hostile import HOSTILE
from tests.ui.transcript.test_view import WHO, drawn, pane, prompts

GIT_DIFF = """diff --git a/api.py b/api.py
index 1111111..2222222 100644
--- a/api.py
+++ b/api.py
@@ -1,2 +1,2 @@
-old
+new
 same
- a list item
+ another
"""

TEXTS = st.one_of(
    st.text(max_size=200), st.sampled_from((HOSTILE, "語" * 90, "e\u0301\u0302" * 40, "\x1b[31m" * 20, "\t" * 9))
)


def tool(engine: FakeEngine, name: str, lines: int) -> None:
    engine.say(WHO, ev.ToolStarted(name, "bash", {"command": f"seq {name}"}))
    engine.say(WHO, ev.ToolEnded(name, "bash", "\n".join(f"{name} row {number}" for number in range(lines))))


def viewport(transcript: Transcript, width: int = 70, height: int = 12) -> Viewport:
    reading = Viewport(transcript, ReadingManner())
    reading.fit(width, height)
    reading.update()
    return reading


def row_texts(reading: Viewport, height: int = 12) -> list[str]:
    found = [reading.entry_at(row) for row in range(height)]
    return [one[0].lines[one[1]].text.rstrip() if one is not None else "" for one in found]


def test_one_block_opens_and_folds_again_and_its_first_line_stays_where_it_is() -> None:
    engine = FakeEngine()
    for number in range(6):
        tool(engine, f"t{number}", 30)
    reading = viewport(engine.transcript(WHO))
    reading.move_to(15)
    row = next(at for at, text in enumerate(row_texts(reading)) if "seq t2" in text)
    found = reading.entry_at(row)
    assert found is not None
    entry = reading.lines.transcript.entry(found[0].key)
    assert entry is not None
    before, total = row_texts(reading), reading.lines.total
    reading.toggle(entry)
    assert reading.lines.total == total + 30 - 9, "this one alone is open"
    assert row_texts(reading)[row] == before[row]
    assert "t2 row 0" in row_texts(reading)[row + 1]
    reading.toggle(entry)
    assert row_texts(reading) == before
    reading.toggle(reading.lines.transcript.entry(0))  # type: ignore[arg-type]
    assert reading.lines.total == total + 21


def test_what_is_whole_folds_to_its_first_line() -> None:
    engine = FakeEngine()
    engine.say(WHO, ev.MessageStarted("user", "one\ntwo\nthree"))
    tool(engine, "t", 3)
    reading = viewport(engine.transcript(WHO))
    message, call = reading.lines.transcript.entries()
    reading.toggle(message)
    reading.toggle(call)
    shown = [text for text in row_texts(reading) if text]
    assert len(shown) == 2
    assert "❯ one" in shown[0] and shown[0].endswith("▸ 2 lines") and shown[1].endswith("▸ 3 lines")


async def test_brackets_and_letters_point_to_turns_tools_and_errors() -> None:
    engine = FakeEngine()
    prompts(engine, 0, 3)
    tool(engine, "a", 20)
    prompts(engine, 3, 4)
    engine.say(WHO, ev.ToolStarted("b", "bash", {}), ev.ToolEnded("b", "bash", "no", is_error=True))
    prompts(engine, 7, 12)
    async with pane(engine) as (_pilot, view):
        assert view.go_to_error()
        block = view.block()
        assert block is not None and block.failed
        assert view.go_to_tool(-1) and (block := view.block()) is not None and "seq a" in block.title
        assert not view.go_to_tool(-1)
        assert view.go_to_turn(-1) and (block := view.block()) is not None and block.text == "line 2"
        assert any("▌" in view.render_line(y).text[:1] for y in range(view.size.height))
        assert view.go_to_error(), "round again"


async def test_a_click_on_what_is_left_out_opens_it() -> None:
    engine = FakeEngine()
    tool(engine, "t", 40)
    async with pane(engine) as (pilot, view):
        row = next(y for y, line in enumerate(drawn(view)) if "( opens" in line)
        await pilot.click(view, offset=(6, row))
        await pilot.pause()
        assert view.total == 41 and "t row 0" in "".join(drawn(view))


def test_the_time_stands_where_it_changes_and_at_each_turn() -> None:
    engine = FakeEngine()
    for at, event in (
        (0.0, ev.MessageStarted("user", "a")),
        (1.0, ev.ExtensionNotice("notify", "x")),
        (61.0, ev.ExtensionNotice("notify", "y")),
        (62.0, ev.MessageStarted("user", "b")),
    ):
        engine.say(WHO, event, at=at)
    layout = TranscriptLayout(engine.transcript(WHO), 60)
    layout.update()
    labels = [layout.laid(key).label for key in range(4)]  # type: ignore[union-attr]
    assert labels[0] and not labels[1] and labels[2] and labels[3] == labels[2] != labels[0]


def test_a_turn_says_what_it_took_and_so_does_each_answer() -> None:
    engine = FakeEngine()
    engine.say(WHO, ev.MessageStarted("user", "go", said_at=100.0))
    call = Block("toolCall", '{"command": "ls"}', "bash", "c")
    asked = ev.MessageEnded("assistant", (call,), Usage(cost=0.02), "toolUse", duration=3.0, said_at=101.0)
    said = ev.MessageEnded(
        "assistant", (Block("text", "done"),), Usage(cost=0.11), "stop", duration=20.0, said_at=121.0
    )
    engine.say(
        WHO, asked, ev.ToolStarted("c", "bash", {"command": "ls"}), ev.ToolEnded("c", "bash", "x", duration=9.0), said
    )
    layout = TranscriptLayout(engine.transcript(WHO), 60)
    layout.update()
    texts = [layout.line_at(number)[0].lines[layout.line_at(number)[1]].text for number in range(layout.total)]  # type: ignore[index]
    assert texts[0].startswith("▌ ❯ go") and texts[0].endswith("41s $0.13")
    assert any("bash ls" in text and text.endswith("9.0s $0.02") for text in texts)
    assert any(text.strip().startswith("done") and text.endswith("20s $0.11") for text in texts)


def test_changes_are_coloured_in_what_git_prints_and_lists_are_none() -> None:
    styles = dict(zip(GIT_DIFF.split("\n"), diff_styles(GIT_DIFF), strict=True))
    assert styles["-old"] == REMOVED and styles["+new"] == ADDED
    assert styles["- a list item"] == "" == styles["+ another"]
    assert diff_styles("- a\n+ b") == []
    fenced = f"```\n{GIT_DIFF}```"
    answer = ev.MessageEnded("assistant", (Block("text", fenced),), stop_reason="stop")
    engine = FakeEngine()
    engine.say(WHO, answer, ev.ToolStarted("t", "bash", {"command": "git diff"}), ev.ToolEnded("t", "bash", GIT_DIFF))
    for entry in engine.transcript(WHO).entries():
        styles_shown = {style for line in entry_lines(entry, 60, fullness=Fullness.FULL) for _, style in line.pieces}
        assert any(ADDED in style for style in styles_shown) and any(REMOVED in style for style in styles_shown)


def test_write_shows_its_content_and_edit_its_change_before_the_agent_tells_it() -> None:
    engine = FakeEngine()
    content = "\n".join(f"x{number} = {number}" for number in range(30))
    engine.say(
        WHO, ev.ToolStarted("w", "write", {"path": "a.py", "content": content}), ev.ToolEnded("w", "write", "ok")
    )
    change = {"path": "a.py", "edits": [{"oldText": "same\nold", "newText": "same\nnew"}]}
    engine.say(WHO, ev.ToolStarted("e", "edit", change))
    written, edited = engine.transcript(WHO).entries()
    texts = [line.text for line in entry_lines(written, 60)]
    assert len(texts) == 6 and "x0 = 0" in texts[1] and "26 lines more" in texts[5]
    assert [line.text.strip("│ ") for line in entry_lines(edited, 60)][1:] == ["same", "-old", "+new"]
    engine.say(WHO, ev.ToolEnded("e", "edit", "no such text", is_error=True))
    assert "no such text" in "".join(line.text for line in entry_lines(edited, 60))
    assert "+new" not in "".join(line.text for line in entry_lines(edited, 60))


def test_of_a_long_file_only_the_lines_around_its_head_are_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[int] = []
    fold = wrapped

    def counted(line: StyledLine, *rest: Any, **more: Any) -> list[TextLine]:
        folded.append(1)
        return fold(line, *rest, **more)

    monkeypatch.setattr(tools, "wrapped", counted)
    monkeypatch.setattr(code, "wrapped", counted)
    engine = FakeEngine()
    content = "\n".join(f"x{number} = {number}" for number in range(5_000))
    engine.say(WHO, ev.ToolStarted("w", "write", {"path": "a.py", "content": content}))
    engine.say(WHO, ev.ToolStarted("e", "edit", {"path": "a.py", "oldText": "", "newText": content}))
    for entry, head, removed in zip(engine.transcript(WHO).entries(), (4, 24), (0, 1), strict=True):
        texts = [line.text for line in entry_lines(entry, 60)]
        assert len(texts) == 1 + head + 1 and f"{5_000 + removed - head} lines more" in texts[-1]
        assert len(folded) <= tools.SHORT_LINES
        assert len(entry_lines(entry, 60, fullness=Fullness.FULL)) == 1 + 5_000 + removed
        folded.clear()


@settings(max_examples=60)
@given(TEXTS, st.integers(4, 60), st.sampled_from(tuple(Fullness)), st.booleans())
def test_no_line_of_any_fullness_is_wider_than_the_pane(text: str, width: int, fullness: Fullness, raw: bool) -> None:
    engine = FakeEngine()
    engine.say(WHO, ev.MessageStarted("user", text), ev.ToolStarted("t", "write", {"path": text, "content": text}))
    engine.say(
        WHO,
        ev.ToolEnded("t", text, text, duration=75.0),
        ev.ToolStarted("e", "edit", {"path": "x", "old_string": text, "new_string": text + "x"}),
    )
    priced = ev.MessageEnded(
        "assistant", (Block("thinking", text), Block("text", text)), Usage(cost=1.5), duration=99.0
    )
    engine.say(WHO, priced, ev.RetryStarted(1, 2, 1.0, text))
    for entry in engine.transcript(WHO).entries():
        for line in entry_lines(entry, width, fullness=fullness, raw=raw):
            assert width_of(line.text) <= max(width, 8)


def test_a_line_of_a_megabyte_is_laid_out() -> None:
    engine = FakeEngine()
    engine.say(
        WHO, ev.ToolStarted("t", "bash", {"command": "x"}), ev.ToolEnded("t", "bash", "z" * 1_000_000 + "needle")
    )
    reading = viewport(engine.transcript(WHO))
    assert 0 < reading.lines.total < 50


def test_a_flush_while_an_answer_streams_looks_at_what_changed_alone() -> None:
    engine = FakeEngine()
    transcript = engine._transcripts[WHO] = Transcript()
    for number in range(900):
        transcript.apply(Record(WHO, 1, number + 1, 0, 1, 0.0, ev.ExtensionNotice("notify", f"n{number}")))
    layout = TranscriptLayout(transcript, 60)
    layout.update()
    layout.extend_back(10_000)
    transcript.apply(Record(WHO, 1, 2000, 0, 1, 0.0, ev.BlockStarted(0, "text")))
    looked = layout.looked_at
    for number in range(50):
        transcript.apply(Record(WHO, 1, 2001 + number, 0, 1, 0.0, ev.TextDelta(0, f"word {number} ")))
        layout.update()
    assert layout.looked_at - looked <= 60
    entry = transcript.entry(transcript.next_key - 1)
    assert entry is not None and entry.kind is EntryKind.ANSWER


@settings(max_examples=40)
@given(
    st.text(alphabet="ab 語-#`*", max_size=700),
    st.lists(st.integers(1, 60), min_size=1, max_size=30),
    st.integers(8, 30),
)
def test_a_long_line_that_grows_is_broken_as_one_that_is_there(text: str, steps: list[int], width: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "PIECE", 100)
        growing, end = answers.AnswerFolder(width), 0
        for step in [*steps, len(text)]:
            end = min(len(text), end + step)
            lines = growing.fold(text[:end])
        assert lines == answers.AnswerFolder(width).fold(text)
        pieces = [line.text for line in lines]
        patch.setattr(answers, "PIECE", 1 << 30)
        if "`" not in text and "*" not in text:
            assert pieces == [line.text for line in answers.AnswerFolder(width).fold(text)]


def test_a_line_that_never_ends_is_folded_where_it_grew(monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[int] = []
    fold = wrapped

    def counted(line: StyledLine, *rest: Any, **more: Any) -> list[TextLine]:
        folded.append(len(line.text))
        return fold(line, *rest, **more)

    monkeypatch.setattr(answers, "wrapped", counted)
    growing = answers.AnswerFolder(80)
    for end in range(0, 60_000, 400):
        growing.fold("no end " * (end // 7))
    assert sum(folded) < 6 * 60_000 and max(folded) <= answers.PIECE + 400


def test_the_output_of_a_tool_that_runs_is_folded_where_it_grew(monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[int] = []
    fold = wrapped

    def counted(line: StyledLine, *rest: Any, **more: Any) -> list[TextLine]:
        folded.append(1)
        return fold(line, *rest, **more)

    monkeypatch.setattr(tools, "wrapped", counted)
    engine = FakeEngine()
    engine.say(WHO, ev.ToolStarted("t", "bash", {"command": "x"}))
    manner = ReadingManner()
    manner.expand(True)
    layout = TranscriptLayout(engine.transcript(WHO), 60, manner=manner)
    for number in range(1, 200):
        engine.say(WHO, ev.ToolOutput("t", "".join(f"row {row}\n" for row in range(number)), "bash"))
        layout.update()
    assert layout.total == 200 and len(folded) < 600


async def test_a_flush_paints_only_the_lines_that_changed() -> None:
    engine = FakeEngine()
    prompts(engine, 0, 2)
    engine.say(WHO, ev.MessageStarted("assistant"), ev.BlockStarted(0, "text"), ev.TextDelta(0, "begun"))
    async with pane(engine) as (pilot, view):
        view.flush()
        await pilot.pause()
        painted = view.painted
        engine.say(WHO, ev.TextDelta(0, " and on"))
        view.flush()
        await pilot.pause()
        assert 0 < view.painted - painted <= 2
