"""How long an answer took, where the agent says it: on the screen, and in what a script prints."""

from __future__ import annotations

import pytest

from cockpit.cli.output import spoken
from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.transcript.transcript import Transcript
from cockpit.text.clean import ours
from cockpit.ui.transcript.folding import TextLine, at_end
from cockpit.ui.transcript.lines import entry_lines
from tests.model.captures import AGENT, records


@pytest.mark.parametrize(
    ("seconds", "shown", "printed"),
    [(None, "", "agent"), (0.4, "", "agent"), (9.9, "", "agent (9 s)"), (75.0, "1m15s", "agent (1 min)")],
)
def test_a_long_answer_says_how_long_it_took(seconds: float | None, shown: str, printed: str) -> None:
    ended = ev.MessageEnded("assistant", (ev.Block("text", "done"),), stop_reason="stop", duration=seconds)
    record = Record(AGENT, 1, 1, 0, 1, 0.0, ended)
    transcript = Transcript()
    transcript.apply(record)
    (entry,) = transcript.entries()
    lines = ["".join(text for text, _ in line.pieces) for line in entry_lines(entry, 60, previous=None)]
    assert [word for line in lines for word in line.split()] == ["done", *([shown] if shown else [])]
    assert spoken(record) == (printed, "done")


def test_figures_that_have_no_room_beside_the_words_stand_below_at_the_right_all_the_same() -> None:
    below = at_end([TextLine(((ours("  "), ""), (ours("word " * 3), "")), 2)], 18, (ours("$0.001"), "$muted"))
    assert [line.text for line in below] == ["  word word word ", "            $0.001"]
    assert below[1].gutter == 18  # they are no part of what is copied


def test_the_durations_of_a_capture_are_read() -> None:
    ends = [record.event for record in records("error_queue.v1.6.0.jsonl")]
    answers = [event.duration for event in ends if isinstance(event, ev.MessageEnded) and event.role == "assistant"]
    assert answers == [0.191, 0.013, 0.232]
