"""What a terminal sends, hostile or cut anywhere: nothing that was typed is lost, and nothing absurd is a key."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from cockpit.ui.terminal.by_hand import UNENDED_DELAY
from cockpit.ui.terminal.command_string import STALL_DELAY, STRING_DELAY
from cockpit.ui.terminal.input_parser import (
    ESCAPE_DELAY,
    MAX_HEIGHT,
    MAX_WIDTH,
    InputParser,
    UnreadableInput,
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
    ("\x1b]11;rgb:0000/0000/0000\x1b\\x", ["GroundReported", "x"]),
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


def read_slowly(pieces: Iterable[str], pause: float) -> list[Message]:
    """Feed pieces with a pause behind each."""
    clock = Clock()
    parser = InputParser(clock)
    found: list[Message] = []
    for piece in pieces:
        found += parser.feed(piece)
        for _ in range(3):
            clock.now += pause / 3
            found += parser.tick()
    return found


PASTE = "\x1b[200~Dy\r\nB\r\x1b[A\x1b[27u\x1b\x11q\x1b[20\x1b[201\x1b[201~"
BODY = PASTE.removeprefix("\x1b[200~").removesuffix("\x1b[201~")


@pytest.mark.parametrize("cut", range(1, len(PASTE)))
@pytest.mark.parametrize("pause", [ESCAPE_DELAY * 2, STALL_DELAY * 2, UNENDED_DELAY * 20])
def test_a_paste_that_is_cut_anywhere_for_any_time_is_a_paste(cut: int, pause: float) -> None:
    found = told(read_slowly((PASTE[:cut], PASTE[cut:] + "j"), pause))
    assert [word for word in found if word != "PasteUnended"] in (
        [f"<{BODY}>", "j"],
        ["escape", f"<{BODY}>", "j"],
        ["escape", "left_square_bracket", f"<{BODY}>", "j"],
    )
    assert len(found) == 2 or cut < 3 or pause > UNENDED_DELAY


@pytest.mark.parametrize("pause", [ESCAPE_DELAY * 2, STALL_DELAY * 2])
def test_no_letter_of_a_paste_that_comes_letter_by_letter_runs(pause: float) -> None:
    body = BODY.replace("\x1b", "")
    found = told(read_slowly(f"\x1b[200~{body}\x1b[201~j", pause))
    assert found == ["escape", "left_square_bracket", "2", "0", "0", f"<{body}>", "j"]


def test_a_paste_whose_end_never_comes_is_said_and_ended_by_hand_only() -> None:
    clock = Clock()
    parser = InputParser(clock)
    assert parser.feed("\x1b[200~half a te") == []
    clock.now += UNENDED_DELAY / 2
    assert parser.tick() == []
    assert parser.feed("xt\x1b\x1b\x1b[20") == []
    clock.now += UNENDED_DELAY * 1.1
    assert told(parser.tick()) == ["PasteUnended"]
    assert parser.tick() == []
    assert parser.feed("Dy\r") == [] and parser.feed("\x1b") == [] and parser.feed("B") == []
    assert parser.feed("\x1b") == []
    clock.now += ESCAPE_DELAY * 2
    assert parser.tick() == []
    assert told(parser.feed("\x1b")) == ["<half a text\x1b\x1b\x1b[20Dy\r\x1bB>"]
    assert told(parser.feed("q")) == ["q"]


@pytest.mark.parametrize("leave", ["\x11", "\x1b[113;5u"])
def test_the_key_that_leaves_works_in_a_paste_whose_end_never_comes(leave: str) -> None:
    clock = Clock()
    parser = InputParser(clock)
    parser.feed("\x1b[200~half")
    clock.now += UNENDED_DELAY * 1.1
    parser.tick()
    assert told(parser.feed(leave)) == ["<half>", "ctrl+q"]


def test_a_long_paste_in_pieces_loses_and_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.ui.terminal.bracketed_paste.MAX_PASTE", 10)
    body = "0123456789\r\n0123456789\x1b0123456789\r\nx"
    for size in range(1, 14):
        text = f"\x1b[200~{body}\x1b[201~"
        found = told(read_slowly((text[at : at + size] for at in range(0, len(text), size)), 0.0))
        pieces = [word[1:-1] for word in found]
        assert "".join(pieces) == body and not [piece for piece in pieces if piece.startswith("\n")]


CUT = ["\x1b[<35;70;12M", "\x1b[1;5C", "\x1b[3~", "\x1b[97;;97u", "\x1b[?2026;2$y", "\x1b[M!!!"]


@pytest.mark.parametrize("sequence", CUT)
def test_a_sequence_that_a_slow_line_cuts_is_no_key(sequence: str) -> None:
    whole = told(InputParser().feed(sequence))
    for cut in range(3, len(sequence)):
        assert told(read_slowly((sequence[:cut], sequence[cut:]), STRING_DELAY * 3)) == whole
    for cut in (1, 2):
        found = told(read_slowly((sequence[:cut], sequence[cut:]), STRING_DELAY * 3))
        expected = ["escape", "left_square_bracket"][:cut]
        assert (found[:cut] == expected and found[cut:] == whole) or sequence.startswith("\x1b[M")


STRINGS = {
    "a colour": "\x1b]11;rgb:1p1p/2q2q/3D3D\x1b\\",
    "a title, ended by a bell": "\x1b]0;Dy\rB\r\x07",
    "a device string": "\x1bP>|pause(379)\x1b\\",
    "an application string": "\x1b_Gi=1;DyOK\x1b\\",
    "a private string": "\x1b^Dy\x1b\\",
    "a string of sequences": "\x1b]0;a\x1bpb\x1b[31mq\x07",
}


@pytest.mark.parametrize("name", STRINGS)
@pytest.mark.parametrize("pause", [ESCAPE_DELAY * 2, STALL_DELAY * 1.5, STRING_DELAY * 0.9, STRING_DELAY * 3])
def test_a_string_that_stalls_anywhere_is_no_key_and_what_follows_is(name: str, pause: float) -> None:
    text = STRINGS[name]
    for cut in range(1, len(text)):
        found = told(read_slowly((text[:cut], text[cut:] + "j"), pause))
        typed = ["escape", *told(InputParser().feed(text[1]))][:cut] if cut < 3 else []
        assert [word for word in found if word != "StringUnended"] in (["j"], [*typed, "j"]), (cut, found)


def test_no_letter_of_a_string_that_comes_letter_by_letter_runs() -> None:
    text = "\x1b]11;rgb:1p1p/2q2q\x1b\\"
    for pause in (STALL_DELAY * 2, UNENDED_DELAY * 1.1, STRING_DELAY * 0.9):
        found = told(read_slowly((text[:4], *text[4:], "j"), pause))
        assert [word for word in found if word != "StringUnended"] == ["j"]


def test_a_string_without_an_end_is_said_and_the_operator_gets_out_of_it() -> None:
    clock = Clock()
    parser = InputParser(clock)
    parser.feed("\x1b]0;half")
    assert parser.feed("q") == [] and parser.feed("\x11") == []
    clock.now += UNENDED_DELAY * 1.1
    assert told(parser.tick()) == ["StringUnended"]
    assert parser.tick() == []
    assert parser.feed("\x1b") == [] and parser.feed("D") == [] and parser.feed("\x1b") == []
    assert parser.feed("\x1b") == []
    assert told(parser.feed("q")) == ["q"]


@pytest.mark.parametrize("leave", ["\x11", "\x1b[113;5u"])
def test_the_key_that_leaves_works_in_a_string_without_an_end(leave: str) -> None:
    clock = Clock()
    parser = InputParser(clock)
    parser.feed("\x1bP1$r")
    clock.now += UNENDED_DELAY * 1.1
    parser.tick()
    assert told(parser.feed(leave)) == ["ctrl+q"]


@pytest.mark.parametrize(("sequence", "meaning"), [("\x1b[A", "up"), ("\x1b[97u", "a"), ("\x1b[200~x\x1b[201~", "<x>")])
def test_a_sequence_behind_a_string_that_stalls_counts(sequence: str, meaning: str) -> None:
    assert told(read_slowly(("\x1b]0;half", sequence), STALL_DELAY * 1.1)) == [meaning]


def test_a_string_that_does_not_end_costs_neither_memory_nor_time() -> None:
    clock = Clock()
    parser = InputParser(clock)
    parser.feed("\x1b]52;c;")
    began = time.process_time()
    for _ in range(2000):
        assert parser.feed("QUJD" * 2500) == []
    assert time.process_time() - began < 2.0
    assert not parser._held
    assert told(parser.feed("\x07q")) == ["q"]


def test_keys_behind_an_escape_typed_earlier_are_keys() -> None:
    for keys in (["f"], ["O", "o"], ["[", "2", "x"], ["d"], ["\r"]):
        expected = [word for key in keys for word in told(InputParser().feed(key))]
        assert told(read_slowly(["\x1b", *keys], 1.0)) == ["escape", *expected]


def test_a_text_that_an_input_method_puts_in_arrives_whole() -> None:
    text = "\u3042\u3044" * 60 + "\U0001f469\u200d\U0001f467"
    keys = InputParser().feed(f"\x1b[0;;{':'.join(str(ord(letter)) for letter in text)}u")
    assert "".join(key.character or "" for key in keys if isinstance(key, events.Key)) == text


def test_bytes_that_are_no_text_are_told() -> None:
    found = InputParser().feed("a\udce9b")
    assert told(found) == ["a", "b", "UnreadableInput"]
    assert [message.data for message in found if isinstance(message, UnreadableInput)] == [b"\xe9"]


@pytest.mark.parametrize("text", ["\ud800", "\udcff\ud800", "\x1b[200~\ud800\x1b[201~", "\x1b]0;\udfff\x07"])
def test_a_surrogate_that_stands_for_no_byte_hurts_nobody(text: str) -> None:
    parser = InputParser()
    parser.feed(text)
    assert told(parser.feed("q")) == ["q"]


def test_sizes_are_those_that_can_be_drawn() -> None:
    assert clamped_size(0, 0) == (1, 1)
    assert clamped_size(10**9, 10**9) == (MAX_WIDTH, MAX_HEIGHT)
    assert parsed("\x1b[48;99999;99999;0;0t") == [f"{MAX_WIDTH}x{MAX_HEIGHT}"]
    assert parsed("\x1b[48;0;0;0;0t\x1b[<0;5;6M")[0] == "1x1"


SURROGATES = st.characters(whitelist_categories=["Cs"])
SEQUENCE = st.sampled_from(
    ["\x1b", "\x1b[", "\x1b]", "\x1bP", "\x1b[200~", "\x1b[201~", "\x1b[<", "\x1b[48;", ";", "M"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(SEQUENCE, st.text(max_size=5), st.characters(), SURROGATES), max_size=30).map("".join))
def test_any_text_is_taken_and_a_key_after_silence_is_that_key(text: str) -> None:
    clock = Clock()
    parser = InputParser(clock)
    for character in text:
        parser.feed(character)
    for _ in range(3):
        clock.now += UNENDED_DELAY * 1.1
        parser.tick()
    if told(parser.feed("q"))[-1:] == ["q"]:
        return
    for _ in range(2):
        parser.feed("\x1b")
        clock.now += STRING_DELAY * 1.1
        parser.tick()
    assert told(parser.feed("q"))[-1:] == ["q"], "escape gets out of everything"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(blacklist_characters="\x1b", blacklist_categories=["Cs"]), max_size=200))
def test_a_paste_is_handed_over_as_it_is(text: str) -> None:
    for pieces in (0, 7):
        assert parsed(f"\x1b[200~{text}\x1b[201~", pieces=pieces) == ([f"<{text}>"] if text else [])
