"""What leaves the sanitizer can neither act on a terminal nor hide anything, for any input."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.text.clean import ours
from cockpit.text.sanitize import Span, StyledLine, clean_line, clean_text, styled_lines
from cockpit.text.style import TextStyle
from tests.text.oracle import is_clean

HOSTILE_PIECES = [
    *"\x1b\x9b\x9d\x90\x98\x9e\x9f\x9c\x07\r\n\t\b\0\x7f\x85\u2028\u2029\ud800\udfff",
    *"\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2066\u2069\u061c\u2060\ufeff\xad\u0301\u0489\ufe0f\U000e0041",
    *"\u115f\u1160\u1161\u3164\u3000\xa0\u2003\U000e0100\ufffe\U0010ffff\ue000e é漢🙂❤",
    "\x1b[", "\x1b]", "\x1bP", "\x1b_", "\x1bc", "\x1b(B", "\x1b\\", "\x1b[31m", "\x1b[0m", "\x1b[2J", "\x1b[6n",
    "\x1b[K", "\x1b[2K", "\x1b[38;2;1;2;3m", "\x1b[38;5;9m", "\x1b[48:2::9:9:9m", "\x1b]52;c;aGk=\x07",
    "\x1b]8;;http://example.org\x1b\\", "\x1b]0;title", "31m", "[/bold]", "[@click=app.quit]", "plain text", "8" * 30,
]  # fmt: skip
hostile = st.lists(st.sampled_from(HOSTILE_PIECES) | st.characters(), max_size=40).map("".join)

FORBIDDEN_RANGES = [
    (0x00, 0x09), (0x0B, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C), (0x200B, 0x200F), (0x2028, 0x202E),
    (0x2060, 0x206F), (0xD800, 0xDFFF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xE0000, 0xE0FFF),
]  # fmt: skip


SHAPING = "\u200c\u200d\ufe0f"
"""Joiners and the look of an emoji: harmless where they stand between what they shape, and nowhere else."""


def assert_shapes(text: str, at: int) -> None:
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    assert (before and unicodedata.category(before) in ("So", "Sk", "Lo", "Mn")) or before == "\ufe0f" != text[at]
    assert not before.isascii()
    if text[at] != "\ufe0f":
        assert after and not after.isascii() and unicodedata.category(after) in ("So", "Lo", "Mn", "Cn")


def assert_harmless(text: str, *, lines: bool) -> None:
    marks = 0
    base = False
    for at, character in enumerate(text):
        code = ord(character)
        if character in SHAPING:
            assert_shapes(text, at)
            continue
        assert lines or character != "\n"
        for low, high in FORBIDDEN_RANGES:
            assert not low <= code <= high, f"U+{code:04X} came through"
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        if unicodedata.category(character) in ("Mn", "Me"):
            assert base, "a mark without a base joins what is left of the line"
            marks += 1
            assert marks <= 4
        else:
            marks = 0
            base = character != "\n"


@given(hostile)
def test_one_line_is_harmless(text: str) -> None:
    cleaned = clean_line(text)
    assert_harmless(cleaned, lines=False)
    assert is_clean(cleaned)
    assert clean_line(cleaned) == cleaned
    cleaned.encode()


@given(hostile)
def test_text_is_harmless_and_keeps_its_line_breaks(text: str) -> None:
    cleaned = clean_text(text)
    assert_harmless(cleaned, lines=True)
    assert cleaned.count("\n") == text.count("\n")
    assert clean_text(cleaned) == cleaned
    assert is_clean(cleaned)


@given(hostile)
def test_styled_lines_say_the_same_and_their_spans_lie_inside(text: str) -> None:
    lines = styled_lines(text)
    assert "\n".join(line.text for line in lines) == clean_text(text)
    for line in lines:
        end = 0
        for span in line.spans:
            assert end <= span.start < span.end <= len(line.text)
            assert not span.style.is_default
            assert span.style.foreground is None or span.style.foreground != span.style.background
            end = span.end


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_printable_ascii_is_untouched(text: str) -> None:
    assert clean_line(text) == text
    assert styled_lines(text) == [StyledLine(clean_line(text))]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("see \x1b]8;;http://example.org\x1b\\here\x1b]8;;\x07.", "see here."),
        ("\x1b]52;c;aGk=\x07ok", "ok"),
        ("\x1b]52;c;aGk=", "␛52;c;aGk="),
        ("\x1b]0;title\n", "␛0;title"),
        ("\x1bP1$r0m\x1b\\ok", "ok"),
        ("\x1b_payload\x1b\\ok", "ok"),
        ("\x1bXso\x9cok", "ok"),
        ("\x1b^pm\x1b\\ok", "ok"),
        ("\x1bcok", "ok"),
        ("\x1b(Bok", "ok"),
        ("\x9b2Jok", "ok"),
        ("\x9d0;title\x07ok", "ok"),
        ("\x1b[?1049hok", "ok"),
        ("\x1b[6nok", "ok"),
        ("\x1b\x1b[0m[2J", "␛[2J"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("abcdef\rXY", "XYcdef"),
        ("abc\r\x1b[Kz", "z"),
        ("abc\x1b[2K\rz", "z"),
        ("line\r\n", "line"),
        ("one\r\ntwo\n", "one␊two"),
        ("a\tb", "a       b"),
        ("漢\tb", "漢      b"),
        ("bell\x07 back\x08 nul\0 del\x7f", "bell␇ back␈ nul␀ del␡"),
        ("\u202egnp.exe", "�gnp.exe"),
        ("zero\u200bwidth\u2060\ufeff", "zero�width��"),
        ("soft\xadhyphen", "soft�hyphen"),
        ("tag\U000e0041", "tag�"),
        ("lone \ud83d half", "lone � half"),
        ("family 👨\u200d👩", "family 👨\u200d👩"),
        ("heart ❤\ufe0f", "heart ❤"),
        ("flood \ufe0f\ufe0f\ufe0f\ufe0f!", "flood �!"),
        ("e" + "\u0301" * 9 + "!", "e" + "\u0301" * 4 + "�!"),
        ("\u0301x", "�x"),
        ("no\xa0break\u3000wide", "no break  wide"),
        ("icon \ue0b0", "icon \ue0b0"),
        ("\u0e19\u0e49\u0e33", "\u0e19\u0e49\u0e33"),
    ],
)
def test_known_cases(text: str, shown: str) -> None:
    assert clean_line(text) == shown


@pytest.mark.parametrize(
    ("codes", "style"),
    [
        ("1;3;4", TextStyle(bold=True, italic=True, underline=True)),
        ("2;9;7", TextStyle(dim=True, strike=True, reverse=True)),
        ("31;44", TextStyle(foreground=1, background=4)),
        ("97;103", TextStyle(foreground=15, background=11)),
        ("38;5;208", TextStyle(foreground=208)),
        ("38:5:208", TextStyle(foreground=208)),
        ("38;2;1;2;3;1", TextStyle(foreground=(1, 2, 3), bold=True)),
        ("48:2:1:2:3", TextStyle(background=(1, 2, 3))),
        ("48:2::1:2:3", TextStyle(background=(1, 2, 3))),
        ("58;5;1;31", TextStyle(foreground=1)),
        ("1;0;32", TextStyle(foreground=2)),
        ("1;22;35", TextStyle(foreground=5)),
        ("4:3", TextStyle(underline=True)),
        ("4;4:0;36", TextStyle(foreground=6)),
        ("30;40;1", TextStyle(bold=True)),
        ("38;5;999;33", TextStyle(foreground=3)),
    ],
)
def test_graphic_rendition_becomes_data(codes: str, style: TextStyle) -> None:
    assert styled_lines(f"\x1b[{codes}mX\x1b[0mY") == [StyledLine(ours("XY"), (Span(0, 1, style),))]


@pytest.mark.parametrize("codes", ["", "0", "8", "5", "6", "999", "9" * 5000, ";" * 50, ">4;2", "38;5", "38;2;1"])
def test_what_hides_blinks_or_makes_no_sense_changes_nothing(codes: str) -> None:
    assert styled_lines(f"\x1b[{codes}mX") == [StyledLine(ours("X"))]


def test_a_style_lasts_over_lines_until_it_is_reset() -> None:
    red = TextStyle(foreground=1)
    assert styled_lines("\x1b[31mone\ntwo\x1b[0m.\nthree") == [
        StyledLine(ours("one"), (Span(0, 3, red),)),
        StyledLine(ours("two."), (Span(0, 3, red),)),
        StyledLine(ours("three")),
    ]


def test_an_overwritten_cell_takes_the_new_style() -> None:
    assert styled_lines("\x1b[31mabc\r\x1b[32mX") == [
        StyledLine(ours("Xbc"), (Span(0, 1, TextStyle(foreground=2)), Span(1, 3, TextStyle(foreground=1))))
    ]


@pytest.mark.races_the_clock("compares two measured times")
@pytest.mark.parametrize(
    "piece",
    [
        *("\x1b[", "\x1b]", "\x9d", "\x1b_", "\x1b[1m", "\x1b[K", "\x1b[2K", "\x1b[2Ka", "\x1b[;"),
        *("\rb", "\t", "\u0301", "\ufe0f", "1;"),
    ],
)
def test_the_time_is_linear(piece: str) -> None:
    def seconds(size: int) -> float:
        text = "a" * (size // 4) + piece * (size // len(piece))
        started = time.perf_counter()
        styled_lines(text)
        return time.perf_counter() - started

    small = min(seconds(50_000) for _ in range(3))
    # Quadratic work would take 64 times as long; 30 leaves room for a busy machine.
    assert seconds(400_000) < max(30 * small, 0.5)
