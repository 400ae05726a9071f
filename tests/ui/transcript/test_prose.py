"""A settled answer is drawn as its Markdown means it, within its width, with all its words and nothing that acts."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.transcript.transcript import Transcript
from cockpit.text.characters import CharacterKind, kind_of
from cockpit.ui.look.cells import width_of
from cockpit.ui.transcript.folding import TextLine
from cockpit.ui.transcript.lines import entry_lines
from cockpit.ui.transcript.prose import PROSE_LIMIT, prose_lines
from cockpit.ui.transcript.tables import fair_widths
from tests.model.captures import AGENT


def drawn(text: str, width: int = 60) -> list[str]:
    lines = prose_lines(text, width)
    assert lines is not None
    return [line.text.rstrip() for line in lines]


def styles(line: TextLine, words: str) -> str:
    return next(style for text, style in line.pieces if words in text)


def test_headings_lists_quotes_and_rules() -> None:
    text = "# One\n\ntext\n\n- a\n- b\n  1. c\n  2. d\n\n> said\n> twice\n\n***\nend"
    assert drawn(text) == [
        "  One", "", "  text", "", "  • a", "  • b", "    1. c", "    2. d", "", "  ▏ said", "  ▏ twice", "",
        "  " + "─" * 24, "", "  end",
    ]  # fmt: skip


def test_words_have_their_styles_and_links_their_address() -> None:
    (line,) = prose_lines("a **b** *c* `d` ~~e~~ [f](http://g) <http://h>", 80) or []
    assert line.text == "  a b c d e f (http://g) http://h"
    assert "bold" in styles(line, "b") and "italic" in styles(line, "c") and "strike" in styles(line, "e")
    assert "transcript-tool" in styles(line, "d") and "underline" in styles(line, "f")


def test_a_table_has_aligned_columns_and_where_there_is_no_room_it_is_a_list() -> None:
    text = "| name | n |\n|:--|--:|\n| alpha | 1 |\n| b | 1000 |\n"
    assert drawn(text) == ["  name  │    n", "  ──────┼─────", "  alpha │    1", "  b     │ 1000"]
    assert drawn(text, 16) == ["  name: alpha", "  n: 1", "", "  name: b", "  n: 1000"]


@pytest.mark.parametrize(
    ("natural", "room", "widths"),
    [
        ([3, 5], 20, [3, 5]),
        ([3, 50], 20, [3, 17]),
        ([40, 40], 20, [10, 10]),
        ([4, 30, 60], 40, [4, 18, 18]),
        ([], 9, []),
    ],
)
def test_the_widest_columns_give_first(natural: list[int], room: int, widths: list[int]) -> None:
    assert fair_widths(natural, room) == widths


def test_code_keeps_its_lines_and_has_colours() -> None:
    lines = prose_lines('```python\n\ndef f():\n    return "x"  # why\n```', 60) or []
    texts = [line.text[: len(line.text) - line.trailer] for line in lines]
    assert texts == ["  │ ", "  │ def f():", '  │     return "x"  # why']
    assert lines[0].text.endswith(" python")
    assert "accent" in styles(lines[1], "def") and "muted" in styles(lines[2], "# why")
    assert drawn("```nolanguage\n<b>\n```")[0].split() == ["│", "<b>", "nolanguage"]


def test_html_is_text_and_a_line_of_the_author_stays_a_line() -> None:
    assert drawn("<script>alert(1)</script>\nsecond\x1b[31m red\x1b[0m \x1b]0;t\x07") == [
        "  <script>alert(1)</script>",
        "  second red",
    ]


def settled(text: str) -> str:
    ended = ev.MessageEnded("assistant", (ev.Block("text", text),), stop_reason="stop")
    transcript = Transcript()
    transcript.apply(Record(AGENT, 1, 1, 0, 1, 0.0, ended))
    (entry,) = transcript.entries()
    return "\n".join(line.text for line in entry_lines(entry, 60, previous=None))


def test_a_settled_answer_is_drawn_so_and_a_long_one_stays_as_it_is_written() -> None:
    assert settled("a **b**") == "  a b"
    assert "a **b**" in settled("a **b**\n" + "x " * PROSE_LIMIT)


_MARKS = (
    *("# ", "- ", "1. ", "> ", "    ", "```", "```py\n", "\n", "\n\n", "| a | b |\n|--|:-:|\n", "| ", "**", "*", "`"),
    *("~~", "[x](y)", "![i](j)", "<b>", "&amp;", "\\", "\x1b[31m", "\x1b]8;;http://x\x07", "\u202e", "\u200d", "日本"),
    *("e\u0301", "👩\u200d👩\u200d👧", "\t", "\r", "\x00", "---\n", "word", "9999999999. ", "[1]: http://x\n"),
)
_pieces = st.sampled_from(_MARKS)
_letters = st.sampled_from(["# ", "- ", "> ", "**", "`", "\n", "\n\n", " ", "|", "[a]: b\n"]) | st.text(
    "abc", min_size=1
)


@given(st.lists(_pieces | st.text(max_size=12), max_size=40).map("".join), st.integers(3, 90))
def test_no_line_is_wider_than_its_room_and_none_acts(text: str, width: int) -> None:
    for line in prose_lines(text, width) or ():
        assert width_of(line.text) <= max(width, 6) or len(line.text) <= line.gutter + 2
        assert all(kind_of(char) is not CharacterKind.HOSTILE or char == "\u200d" for char in line.text)
        assert 0 <= line.gutter <= len(line.text)


@example(["```a"])
@example(["```a b\n", "c\n", "```\n"])
@given(st.lists(_letters))
def test_no_word_is_lost(parts: list[str]) -> None:
    text = "".join(parts)
    shown = "".join(line.text for line in prose_lines(text, 80) or ())
    assert sorted(re.findall("[abc]", shown)) == sorted(re.findall("[abc]", text))


def test_blocks_within_blocks_end_somewhere() -> None:
    assert prose_lines("> " * 200 + "x", 40) is not None
    assert prose_lines("".join(f"{'  ' * at}- x\n" for at in range(60)), 40) is not None
