"""A terminal is called by sequences that no text can leave; an unknown one gets the bell alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.text.clean import Clean
from cockpit.ui.terminal.calling import desktop_notice, desktop_sequence, title_of

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@given(title=st.text(), text=st.text(), sequence=st.sampled_from(["9", "777", "99"]))
def test_no_text_gets_out_of_its_place(title: str, text: str, sequence: str) -> None:
    # Not even one that went past the door, which a `Clean` of the tests stands for.
    written = desktop_notice(sequence, Clean(title), Clean(text))
    strings = written.split("\x1b\\")
    assert strings.pop() == ""
    for string in strings:
        assert string.startswith(f"\x1b]{sequence};")
        assert not CONTROL.search(string[1:])
    assert not CONTROL.search(title_of(Clean(title)).removeprefix("\x1b").removesuffix("\x1b\\"))


def test_tmux_is_asked_to_pass_it_on() -> None:
    written = desktop_notice("777", Clean("cockpit"), Clean("ada asks"), multiplexed=True)
    assert written == "\x1bPtmux;\x1b\x1b]777;notify;cockpit;ada asks\x1b\x1b\\\x1b\\"


@pytest.mark.parametrize(
    ("wanted", "environment", "sequence"),
    [
        ("auto", {"TERM": "xterm-kitty"}, "99"),
        ("auto", {"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "9"),
        ("auto", {"TERM": "xterm-256color"}, ""),
        ("auto", {"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, ""),
        ("777", {"TMUX": "/tmp/x"}, "777"),
        ("off", {"TERM": "xterm-kitty"}, ""),
    ],
)
def test_what_the_terminal_is_known_for_is_used(wanted: str, environment: dict[str, str], sequence: str) -> None:
    assert desktop_sequence(wanted, environment) == sequence
