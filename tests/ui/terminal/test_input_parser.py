"""What a terminal sends, hostile or cut anywhere: nothing that was typed is lost, and nothing absurd is a key."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from cockpit.ui.terminal.input_parser import (
    ESCAPE_DELAY,
    MAX_HEIGHT,
    MAX_WIDTH,
    STRING_DELAY,
    InputParser,
    clamped_size,
)


class Clock:
    """Time that passes when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def told(messages: list[Message]) -> list[str]:
    """Return keys by name, pastes by text, sizes by numbers, and the rest by its kind."""
    found = []
    for message in messages:
        match message:
            case events.Key(key=key):
                found.append(key)
            case events.Paste(text=text):
                found.append(f"<{text}>")
            case events.Resize(size=size):
                found.append(f"{size.width}x{size.height}")
            case _:
                found.append(type(message).__name__)
    return found


def parsed(text: str, *, pieces: int = 0) -> list[str]:
    """Feed a text whole, or in pieces, and then let time pass."""
    clock = Clock()
    parser = InputParser(clock)
    found: list[Message] = []
    for at in range(0, len(text), pieces or max(1, len(text))):
        found += parser.feed(text[at : at + (pieces or len(text))])
    clock.now += STRING_DELAY + 1
    found += parser.tick()
    return told(found)


MEANT = [
    ("abC", ["a", "b", "C"]),
    ("\r\t\x7f\x03", ["enter", "tab", "backspace", "ctrl+c"]),
    ("\x1b[A\x1bOB\x1b[1;5C", ["up", "down", "ctrl+right"]),
    ("\x1b[3~\x1b[5~\x1b[Z", ["delete", "pageup", "shift+tab"]),
    ("\x1bOP\x1b[[A\x1b[15~", ["f1", "f1", "f5"]),
    ("\x1b[27u\x1b[13;2u\x1b[97;;97u", ["escape", "shift+enter", "a"]),
    ("\x1b", ["escape"]),
    ("\x1bp", ["escape", "p"]),
    ("\x1b\x1bj\r", ["escape", "escape", "j", "enter"]),
    ("\x1b\r", ["escape", "enter"]),
    ("\x1b[", ["escape", "left_square_bracket"]),
    ("\x1b]", ["escape", "right_square_bracket"]),
    ("\x1b[200~p z\tx\x1b[201~q", ["<p z\tx>", "q"]),
    ("\x1b[200~a\r\nb\u2028c\u200dd\x00\x1b[31m\x1b[201~", ["<a\r\nb\u2028c\u200dd\x00\x1b[31m>"]),
    ("\x1b[I\x1b[O", ["AppFocus", "AppBlur"]),
    ("\x1b[48;40;120;800;1200t", ["120x40"]),
    ("\x1b[<0;5;6M\x1b[<0;5;6m", ["MouseDown", "MouseUp"]),
    ("\x1b[M !!x", ["x"]),
    ("\x1b[?2026;2$y", ["TerminalSupportsSynchronizedOutput"]),
    ("\x1b[12;40R", ["CursorPosition"]),
    ("\x1b[?62;22c\x1b[>1;4000;20c", []),
    ("\x1b]11;rgb:0000/0000/0000\x1b\\x", ["x"]),
    ("\x1bP>|xterm(389)\x1b\\\x1b_Gi=1;OK\x1b\\y", ["y"]),
    ("ü日", ["ü", "日"]),
]


@pytest.mark.parametrize(("text", "meaning"), MEANT, ids=[repr(text)[:30] for text, _ in MEANT])
@pytest.mark.parametrize("pieces", [0, 1, 2, 3])
def test_what_a_terminal_means(text: str, meaning: list[str], pieces: int) -> None:
    assert parsed(text, pieces=pieces) == meaning


HOSTILE = {
    "no text": "\udcff\udc80",
    "a code point beyond all": "\x1b[99999999999u",
    "a surrogate": "\x1b[55296u",
    "a surrogate as its text": "\x1b[97;;55296u",
    "a code point with a name that is none": "\x1b[1114112u",
    "many parameters": "\x1b[" + "1;" * 250_000 + "m",
    "one long parameter": "\x1b[" + "9" * 500_000 + "u",
    "a long colon list": "\x1b[97;1;" + "97:" * 100_000 + "u",
    "an endless title": "\x1b]0;" + "p" * 500_000,
    "an endless device string": "\x1bP1$r" + "x" * 500_000,
    "an application string": "\x1b_G" + "q" * 100_000 + "\x1b\\",
    "a mouse far away": "\x1b[<0;99999999;99999999M",
    "a mouse below zero": "\x1b[<0;-5;-5M",
    "an unknown sequence": "\x1b[?1;2;3x",
    "a cursor nowhere": "\x1b[0;0R",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("pieces", [0, 4096])
def test_nothing_absurd_is_a_key_and_keys_behind_it_count(name: str, pieces: int) -> None:
    began = time.process_time()
    clock = Clock()
    parser = InputParser(clock)
    text = HOSTILE[name]
    found: list[Message] = []
    for at in range(0, len(text), pieces or len(text)):
        found += parser.feed(text[at : at + (pieces or len(text))])
    clock.now += STRING_DELAY + 1
    found += parser.tick()
    assert not [key for key in told(found) if len(key) == 1 or key in ("enter", "escape")]
    assert told(parser.feed("q")) == ["q"]
    assert time.process_time() - began < 2.0, "bounded in time"


def test_a_sequence_that_comes_late_is_still_one_and_the_escape_key_does_not_wait_for_ever() -> None:
    clock = Clock()
    parser = InputParser(clock)
    assert parser.feed("\x1b") == []
    clock.now += ESCAPE_DELAY / 2
    assert parser.tick() == []
    assert told(parser.feed("[A")) == ["up"]
    parser.feed("\x1b")
    clock.now += ESCAPE_DELAY * 1.1
    assert told(parser.tick()) == ["escape"]
    assert parser.tick() == []


def test_a_paste_whose_end_never_comes_is_handed_over_and_keys_work_again() -> None:
    clock = Clock()
    parser = InputParser(clock)
    assert parser.feed("\x1b[200~half a te") == []
    clock.now += STRING_DELAY / 2
    assert parser.tick() == []
    assert parser.feed("xt\x1b[20") == []
    clock.now += STRING_DELAY * 1.1
    assert told(parser.tick()) == ["<half a text\x1b[20>"]
    assert told(parser.feed("q")) == ["q"]


def test_sizes_are_those_that_can_be_drawn() -> None:
    assert clamped_size(0, 0) == (1, 1)
    assert clamped_size(10**9, 10**9) == (MAX_WIDTH, MAX_HEIGHT)
    assert parsed("\x1b[48;99999;99999;0;0t") == [f"{MAX_WIDTH}x{MAX_HEIGHT}"]
    assert parsed("\x1b[48;0;0;0;0t\x1b[<0;5;6M")[0] == "1x1"


SEQUENCE = st.sampled_from(
    ["\x1b", "\x1b[", "\x1b]", "\x1bP", "\x1b[200~", "\x1b[201~", "\x1b[<", "\x1b[48;", ";", "M"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(SEQUENCE, st.text(max_size=5), st.characters()), max_size=30).map("".join))
def test_any_text_is_taken_and_a_key_after_silence_is_that_key(text: str) -> None:
    clock = Clock()
    parser = InputParser(clock)
    for character in text:
        parser.feed(character)
    for _ in range(3):
        clock.now += STRING_DELAY * 1.1
        parser.tick()
    assert told(parser.feed("q"))[-1:] == ["q"]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(blacklist_characters="\x1b", blacklist_categories=["Cs"]), max_size=200))
def test_a_paste_is_handed_over_as_it_is(text: str) -> None:
    for pieces in (0, 7):
        assert parsed(f"\x1b[200~{text}\x1b[201~", pieces=pieces) == ([f"<{text}>"] if text else [])
