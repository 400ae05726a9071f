"""Agents that the operator describes: what is wrong is said with its key, and nothing hangs on a pattern."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.own.described import DescribedAgent, fault_of_agent, fault_of_pattern, kind_meant

GOOD = DescribedAgent(("sh", "agent.sh"), done="^== done", prompt=r"^\$ $")


def test_what_is_right_has_no_fault() -> None:
    assert fault_of_agent("bot-1", GOOD) == ("", "")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("command", ()),
        ("command", ("",)),
        ("command", ("a\0b",)),
        ("send", "no place for it"),
        ("answer", "{text}{text}"),
        ("quiet_seconds", 0.0),
        ("quiet_seconds", float("nan")),
        ("done", "("),
        ("asking", "x*"),
        ("working", "y" * 501),
        ("prompt", "((a{99}){99}){99}"),
        ("prompt", "a{99999999999999999999}"),
    ],
)
def test_what_is_wrong_is_named_by_its_key_with_what_to_write(key: str, value: Any) -> None:
    wrong: dict[str, Any] = {key: value}
    found, fault = fault_of_agent("bot", replace(GOOD, **wrong))
    assert found == key and len(fault) > 20


@pytest.mark.parametrize("name", ["", "Bot", "1bot", "a b", "a/b", "a" * 40, "bot\n"])
def test_a_name_is_one_word(name: str) -> None:
    assert fault_of_agent(name, GOOD)[1]


@given(pattern=st.text(alphabet="ab(){}[]*+?|\\^$.,0123456789:=!<>P", max_size=40))
def test_no_pattern_raises_or_hangs(pattern: str) -> None:
    before = time.monotonic()
    assert isinstance(fault_of_pattern(pattern), str)
    assert time.monotonic() - before < 30.0


def test_a_word_means_the_kind_of_that_name_before_the_described_one() -> None:
    known = ("pi", "scripted", "lines:bot", "lines:pi")
    assert [kind_meant(word, known) for word in ("pi", "bot", "lines:pi", "other", "")] == [
        "pi",
        "lines:bot",
        "lines:pi",
        "other",
        "",
    ]
