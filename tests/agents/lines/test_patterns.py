"""Patterns of the operator's: matched on what a person sees, in bounded time whatever they are."""

from __future__ import annotations

import time

from cockpit.agents.lines.patterns import Patterns, seen


def test_a_pattern_that_backtracks_for_ever_is_given_up_and_told_of_once() -> None:
    patterns = Patterns({"done": r"^(a+)+$", "prompt": "^> $"}, seconds=0.05)
    before = time.monotonic()
    assert not patterns.matches("done", "a" * 60 + "!")
    assert time.monotonic() - before < 10.0, "it would take longer than the world is old"
    assert patterns.slow == ["done"] and not patterns.has("done")
    assert not patterns.matches("done", "aaa"), "it is not asked any more"
    assert patterns.matches("prompt", "> ")


def test_a_line_is_matched_as_it_is_seen() -> None:
    assert seen("\x1b[32m== done\x1b[0m\r") == "== done"
    assert seen("10 %\r50 %\r== done") == "== done"
    assert seen("\x1b]0;title\x07ready") == "ready"
    assert len(seen("x" * 10_000)) <= 2000


def test_what_is_not_described_is_never_found() -> None:
    assert not Patterns({"done": ""}).has("done") and not Patterns({}).matches("asking", "anything?")
