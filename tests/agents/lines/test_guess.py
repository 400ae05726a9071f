"""What a program seems to be at, from what it prints: the guesser alone, with times that the test makes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cockpit.agents.lines.guess import MOST_UNFINISHED, READY_LIMIT, SHOWN_AFTER, STILL, Guess
from cockpit.agents.lines.patterns import Patterns

SIGNS = {"done": "^== done", "asking": r"\? $|^may I", "working": "^busy", "prompt": r"^> $"}


def guess(*signs: str, quiet: float = 10.0, echoes: bool = False) -> Guess:
    return Guess(Patterns({key: SIGNS[key] for key in signs}), quiet, echoes)


def said(guessed: Guess) -> list[dict[str, Any]]:
    found = list(guessed.records)
    guessed.records.clear()
    return found


def is_open(guessed: Guess) -> bool:
    return guessed.run_open


def is_ready(guessed: Guess) -> bool:
    return guessed.ready


def kinds(guessed: Guess) -> list[str]:
    return [record["type"] for record in said(guessed)]


def test_a_prompt_is_read_once_written_and_done_by_the_line_that_says_so() -> None:
    one = guess("done")
    one.took("p", 1.0)
    assert kinds(one) == ["response", "began"]
    one.written("hello", 1.0)
    one.printed("thinking\n== done\n", 2.0)
    records = said(one)
    assert [record["type"] for record in records] == ["written", "printed", "answer", "settled"]
    assert records[2]["text"] == "thinking\n== done\n" and records[2]["reason"] == "stop"
    one.printed("an afterthought\n== done\n", 3.0)
    assert kinds(one) == ["printed"], "what comes of itself is shown, and ends nothing"


def test_without_a_sign_silence_ends_a_run_and_nothing_is_claimed() -> None:
    one = guess(quiet=5.0)
    one.took("p", 0.0)
    one.printed("some\n", 1.0)
    one.passed(5.9)
    assert is_open(one)
    one.passed(6.1)
    (answer,) = [record for record in said(one) if record["type"] == "answer"]
    assert answer["reason"] == "silent" and not is_open(one)


def test_with_a_sign_silence_ends_nothing() -> None:
    one = guess("done", quiet=0.1)
    one.took("p", 0.0)
    one.passed(10_000.0)
    assert is_open(one)


def test_a_prompt_at_the_end_of_what_was_printed_counts_once_it_stands_still() -> None:
    one = guess("prompt")
    one.asked("s")
    assert kinds(one) == [] and not is_ready(one)
    one.printed("welcome\n> ", 0.5)
    one.passed(0.5 + STILL / 2)
    assert not is_ready(one)
    one.passed(0.5 + 2 * STILL)
    assert is_ready(one) and kinds(one) == ["printed", "response"]
    one.took("p", 1.0)
    one.written("2+2", 1.0)
    one.printed("4\n> ", 1.1)
    one.passed(1.1 + 2 * STILL)
    records = said(one)
    assert records[-2]["text"] == "4\n" and records[-1]["type"] == "settled"


def test_a_prompt_that_never_shows_holds_nothing_up_for_ever() -> None:
    one = guess("prompt")
    one.asked("s")
    one.passed(READY_LIMIT)
    assert kinds(one) == ["notice", "response"]


def test_texts_that_were_typed_ahead_are_done_when_the_last_one_is() -> None:
    one = guess("done")
    one.took("p1", 0.0)
    one.took("p2", 0.1)
    one.printed("== done\n", 1.0)
    assert is_open(one) and "settled" not in kinds(one)
    one.printed("== done\n", 2.0)
    assert not is_open(one) and kinds(one)[-1] == "settled"


def test_a_question_is_a_line_or_what_stands_without_an_end() -> None:
    for text in ("may I\n", "really? "):
        one = guess("done", "asking")
        one.took("p", 0.0)
        one.printed(text, 1.0)
        one.passed(1.0 + 2 * STILL)
        asks = said(one)[-1]
        assert asks["type"] == "asks" and asks["text"] == text.strip()
        assert not one.answers("a", "another", 2.0) and said(one)[-1]["success"] is False
        assert one.answers("a", asks["id"], 2.0) and said(one)[-1]["success"] is True
        assert not one.answers("b", asks["id"], 2.0), "it was answered"


def test_a_question_of_its_own_and_work_of_its_own_begin_a_run() -> None:
    one = guess("asking", "working", "done")
    one.printed("busy with the night\n", 1.0)
    assert is_open(one) and kinds(one) == ["printed", "began"]
    one.printed("may I\n", 2.0)
    one.printed("== done\n", 3.0)
    assert kinds(one)[-1] == "settled"
    assert not one.answers("a", "question-1", 4.0), "the end of the run closed it"


def test_an_abort_is_answered_once_the_program_says_so_or_falls_silent() -> None:
    for ends in ("== done\n", ""):
        one = guess("done")
        assert not one.aborts("early", 0.0) and said(one)[-1]["command"] == "abort"
        one.took("p", 0.0)
        assert one.aborts("x", 1.0)
        assert "abort" not in [record.get("command") for record in said(one)]
        if ends:
            one.printed(ends, 1.5)
        one.passed(20.0)
        records = said(one)
        assert [record["type"] for record in records][-3:] == ["answer", "settled", "response"]
        assert records[-2]["aborted"] is True and records[-1]["id"] == "x"


def test_an_echo_is_left_out_where_it_is_described_and_kept_where_not() -> None:
    for echoes in (True, False):
        one = guess("done", echoes=echoes)
        one.took("p", 0.0)
        one.expects("2+2\n")
        one.printed("\x1b[1m2+2\x1b[0m\r\n4\n", 1.0)
        assert ("2+2" in said(one)[-1]["text"]) is not echoes


@given(
    chunks=st.lists(st.text(alphabet="a\n >?=doneb", max_size=30), max_size=20),
    keys=st.sets(st.sampled_from(["done", "working"])),
)
def test_all_that_is_printed_is_shown_in_order_but_for_prompts(chunks: list[str], keys: set[str]) -> None:
    one = guess(*sorted(keys))
    shown, now = "", 0.0
    for chunk in chunks:
        now += 0.05
        one.printed(chunk, now)
        one.passed(now)
        shown += "".join(record["text"] for record in said(one) if record["type"] == "printed")
    one.passed(now + SHOWN_AFTER)
    one.ended()
    shown += "".join(record["text"] for record in said(one) if record["type"] == "printed")
    assert shown == "".join(chunks)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["took", "print", "answer", "abort", "wait"]),
            st.sampled_from(["a", "\n", ">", "== done\n", "may I\n", "> "]),
        ),
        max_size=40,
    )
)
def test_no_order_of_things_leaves_a_run_half_open(steps: list[tuple[str, str]]) -> None:
    one = guess(*SIGNS, quiet=1.0)
    now, records = 0.0, []
    for number, (what, text) in enumerate(steps):
        now += 0.3
        if what == "took":
            one.took(f"p{number}", now)
        elif what == "print":
            one.printed(text, now)
        elif what == "answer":
            one.answers(f"a{number}", "question-1", now)
        elif what == "abort":
            one.aborts(f"x{number}", now)
        one.passed(now)
        assert one.next_look(now) > 0
        records += said(one)
    marks = [record["type"] for record in records if record["type"] in ("began", "settled")]
    assert all(mark == ("began", "settled")[number % 2] for number, mark in enumerate(marks))
    assert is_open(one) == (len(marks) % 2 == 1)


def test_a_line_without_an_end_is_bounded_and_shown_whole() -> None:
    one = guess("done")
    for _ in range(3):
        one.printed("x" * MOST_UNFINISHED, 1.0)
    one.ended()
    assert sum(len(record["text"]) for record in said(one)) == 3 * MOST_UNFINISHED
