"""What shares a line: it takes the room that is there, and what does not fit whole is left out or stands below."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.attention import attention
from cockpit.model.board import FeedItem
from cockpit.text.sanitize import clean_line
from cockpit.ui.actions.help import help_text
from cockpit.ui.dialogs.dialog import key_line
from cockpit.ui.dialogs.spawn.line import hint
from cockpit.ui.look.cells import width_of
from cockpit.ui.look.rows.feed import feed_row, feed_table
from cockpit.ui.widgets.needs_you.lines import entry_line, entry_lines
from cockpit.ui.widgets.needs_you.posed import Posed, pose
from tests.ui.fake_engine import NOW
from tests.ui.scene import scene

KEYS = (("⏎", "spawn"), ("^t", "lieutenant or worker"), ("esc", "back"), ("tab", "all fields"))


@given(st.integers(1, 90))
def test_of_a_line_of_keys_only_whole_ones_are_shown_and_always_the_way_out(width: int) -> None:
    shown = key_line(KEYS, width).plain.rstrip()
    assert "esc back" in shown
    assert width_of(shown) <= max(width, len("esc back"))
    for key, label in KEYS:
        assert (f"{key} {label}" in shown) == (key in shown)


@given(st.integers(40, 200))
def test_no_line_of_the_help_is_wider_than_its_dialog(width: int) -> None:
    room = int(width * 0.94) - 9
    for line in help_text({}, width).plain.split("\n"):
        assert not line.startswith("  ") or len(line) <= max(room, 37) + len(" · asks first")


LOOKED_FOR = (
    "refuse reason",
    "own commands",
    "own themes",
    "clipboard",
    "mouse",
    "no_color",
    "history",
    "notify",
    "mute",
)


@pytest.mark.parametrize("words", LOOKED_FOR)
def test_the_help_finds_what_a_newcomer_looks_for(words: str) -> None:
    found = help_text({}, 120, needle=words).plain
    assert found.strip() and "Nothing fits" not in found


def question() -> Posed:
    """Return the question of the scene."""
    fleet = scene().fleet
    return next(one for one in (pose(item, fleet, ()) for item in attention(fleet, NOW)) if one.answers)


@given(st.integers(60, 260))
def test_options_are_cut_only_where_the_line_is_full(width: int) -> None:
    asked = question()
    line = entry_line(asked, NOW, width).plain
    assert width_of(line) <= width
    whole = sum(width_of(one.label) + 6 for one in asked.answers)
    said = width_of(asked.words.replace("\n", " "))
    if width >= whole + said + 30:
        assert all(one.label in line for one in asked.answers) and "…" not in line


def test_a_wide_line_has_the_whole_name_and_a_column_no_wider_than_its_names() -> None:
    names = tuple(map(clean_line, ("ada", "αποθήκευση-σελίδων-3", "اختبار-الواجهة-1")))
    posed = [replace(question(), who=name) for name in names]
    for width, whole in ((80, 1), (120, 1), (200, 3)):
        lines = [entry_line(one, NOW, width, names=names).plain for one in posed]
        assert sum(name in line for name, line in zip(names, lines, strict=True)) == whole
    short = [entry_line(posed[0], NOW, 200, names=names[:1]).plain, entry_line(posed[0], NOW, 200).plain]
    assert short[0] == short[1]


@given(st.integers(50, 200), st.integers(0, 5))
def test_what_stands_behind_a_question_moves_no_column_of_it(width: int, kept: int) -> None:
    asked = question()
    whole, shorter = (entry_lines(asked, NOW, width, kept=cells)[0].plain for cells in (0, kept))
    begins = asked.words.split()[0]
    assert shorter.index(begins) == whole.index(begins) and width_of(shorter) <= width - kept


@given(st.integers(1, 260), st.integers(1, 9))
def test_every_option_can_be_read_in_the_line_of_a_question_or_below_it(width: int, number: int) -> None:
    asked = question()
    answers = tuple(
        replace(asked.answers[0], key=str(at), label=f"{at} hours, as was said") for at in range(1, number + 1)
    )
    lines = [line.plain for line in entry_lines(replace(asked, answers=answers), NOW, width)]
    if width < 56:
        assert lines  # nothing can be read on few cells, and a terminal goes through them while it is made smaller
        return
    assert len(lines) <= 3 and all(width_of(line) <= width for line in lines)
    for at in range(1, number + 1):
        assert f"[{at}] {at} ho" in " ".join(lines) or number > 6, lines
    left_out = number - sum(f"[{at}] " in " ".join(lines) for at in range(1, number + 1))
    assert not left_out or f"+{left_out}" in lines[-1]


@pytest.mark.parametrize("width", [28, 36, 58, 71, 120])
def test_the_feed_cuts_neither_sender_nor_kind_where_there_is_room(width: int) -> None:
    items = [
        FeedItem("1", "coordinator-board", "task_status_changed", "spawn quill" * 9, NOW - 5),
        FeedItem("2", "forge", "agent_started", "", NOW - 5),
    ]
    table = feed_table(items, width)
    rows = [feed_row(item, NOW, width, table=table).plain for item in items]
    assert all(width_of(row) == width for row in rows)
    assert ("coordinator-board" in rows[0]) == (width >= 58)
    assert ("task_status_changed" in rows[0]) == (width >= 71)
    assert "spawn quill" in rows[0]


@given(st.integers(20, 90))
def test_what_a_spawn_line_takes_is_named_in_whole_words(width: int) -> None:
    named = hint(width).split("   or   ")
    assert named[0] == "NAME" and set(named) <= {"NAME", "NAME: first task", "a, b, c", "NAME*3"}
    assert width_of(hint(width)) <= width and (len(named) == 4) == (width >= 57)
