"""Joined emoji, Persian and Indic text are shown as such; a joiner that hides something is shown as a sign."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.cli.output import MAX_CELL, shortened
from cockpit.text.characters import MAX_COMBINING
from cockpit.text.clean import Clean
from cockpit.text.joiners import cells_in, cluster_ends, is_boundary, joins
from cockpit.text.sanitize import clean_line, clean_text, styled_lines
from cockpit.ui.look.cells import break_points, cut, fit, width_of
from tests.text.oracle import is_clean

ZWJ, ZWNJ, LOOK, SIGN = "\u200d", "\u200c", "\ufe0f", "\ufffd"

FAMILY = ZWJ.join("👨👩👧👦")
SHOWN = {
    "family": FAMILY,
    "woman astronaut with a tone": f"👩🏽{ZWJ}🚀",
    "kiss": f"🧑🏻{ZWJ}❤{LOOK}{ZWJ}💋{ZWJ}🧑🏿",
    "rainbow flag": f"🏳{LOOK}{ZWJ}🌈",
    "pirate flag": f"🏴{ZWJ}☠{LOOK}",
    "flag of a country": "🇩🇪",
    "tone": "👍🏿",
    "heart on fire": f"❤{LOOK}{ZWJ}🔥",
    "Persian: I want": f"می{ZWNJ}خواهم",
    "Persian: books, after a letter that joins nothing": f"کار{ZWNJ}ها",
    "Persian with a vowel sign": f"مِی{ZWNJ}خ",
    "Devanagari half form": f"क्{ZWJ}ष",
    "Devanagari visible virama": f"क्{ZWNJ}ष",
    "Bengali ra and ya": f"র{ZWJ}্য",
    "Sinhala": f"ශ්{ZWJ}රී",
}
HIDDEN = {
    "between ASCII letters": ("pass{}word", 1),
    "at the beginning": ("{}می", 1),
    "at the end": ("می{}", 1),
    "before a blank": ("می{} خ", 1),
    "doubled": ("می{0}{0}خ", 2),
    "between Latin letters": ("ä{}ö", 1),
    "between Cyrillic letters": ("д{}ж", 1),
    "between CJK": ("漢{}字", 1),
    "between two scripts": ("ی{}क", 1),
    "between Indic scripts": ("क्{}ষ", 1),
    "between Indic letters that do not join": ("क{}ष", 1),
    "after a digit": ("1{}ی", 1),
    "emoji and letter": ("👩{}a", 1),
    "letter and emoji": ("a{}👩", 1),
}


@pytest.mark.parametrize("text", SHOWN.values(), ids=SHOWN)
def test_joined_text_is_shown_as_it_is(text: str) -> None:
    for whole in (text, f"a {text} b", f"{text} {text}", f"\x1b[31m{text}\x1b[0m"):
        shown = whole.replace("\x1b[31m", "").replace("\x1b[0m", "")
        assert clean_line(whole) == shown
        assert clean_text(whole) == shown
        assert is_clean(shown)
    assert [span.end for span in styled_lines(f"\x1b[31m{text}\x1b[0m!")[0].spans] == [len(text)]


@pytest.mark.parametrize("joiner", [ZWJ, ZWNJ])
@pytest.mark.parametrize(("text", "signs"), HIDDEN.values(), ids=HIDDEN)
def test_a_joiner_that_hides_is_a_sign(text: str, signs: int, joiner: str) -> None:
    cleaned = clean_line(text.format(joiner))
    assert joiner not in cleaned
    assert cleaned.count(SIGN) == signs


def test_a_joiner_that_shapes_nothing_in_its_script_is_a_sign() -> None:
    assert clean_line(f"ب{ZWJ}ب") == f"ب{SIGN}ب"
    assert clean_line(f"👩{ZWNJ}👩") == f"👩{SIGN}👩"
    assert clean_line(f"❤{LOOK}") == "❤"


def test_a_cluster_joins_so_many_and_no_more() -> None:
    cleaned = clean_line(ZWJ.join("👩" * 1000))
    assert all(run.count(ZWJ) <= 3 for run in cleaned.split(SIGN))
    assert cleaned.startswith(ZWJ.join("👩" * 4) + SIGN)
    conjuncts = clean_line(f"क्{ZWJ}" * 1000 + "क")
    assert all(run.count(ZWJ) <= 3 for run in conjuncts.split(SIGN))


def test_what_a_return_or_an_escape_put_beside_a_joiner_is_not_joined() -> None:
    assert ZWJ not in clean_line(f"👩\x1b[0m{ZWJ}👩")
    assert ZWJ not in clean_line(f"a\r{ZWJ}👩")
    assert ZWJ not in clean_line(f"👩{ZWJ}\x1b[0m👩")


LETTERS = [*"👨👩❤🏳🌈☠🏽🏿🇩🇪🇫a 1漢é", *"میخرِ", *"क्षिक", *"র্য"]
PIECES = [ZWJ, ZWNJ, LOOK, *LETTERS, "\u0301", "\x1b[31m", "\r", "\t", "\u202e", "\ufe0e"]
joined_text = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)


@given(joined_text)
def test_hostile_joiners_never_hide_and_cleaning_is_stable(text: str) -> None:
    cleaned = clean_line(text)
    assert is_clean(cleaned)
    assert clean_line(cleaned) == cleaned
    for at, character in enumerate(cleaned):
        if character in (ZWJ, ZWNJ):
            assert joins(cleaned, at)
            assert 0 < at < len(cleaned) - 1
            assert not cleaned[at - 1].isascii() and not cleaned[at + 1].isascii()
            assert cleaned[at - 1] not in (ZWJ, ZWNJ) and cleaned[at + 1] not in (ZWJ, ZWNJ)


def clusters(text: str) -> list[str]:
    """Return the clusters of a text."""
    ends = list(cluster_ends(text))
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(joined_text)
def test_clusters_make_up_the_text_and_measure_the_same(text: str) -> None:
    cleaned = clean_line(text)
    parts = clusters(cleaned)
    assert "".join(parts) == cleaned
    assert sum(map(cell_len, parts)) == cell_len(cleaned)
    ends = {0, *cluster_ends(cleaned)}
    assert {at for at in range(len(cleaned) + 1) if is_boundary(cleaned, at)} == ends
    assert all(len(part) <= (MAX_COMBINING + 4) * 4 for part in parts)


@given(joined_text, st.integers(0, 12), st.booleans())
def test_lines_are_cut_and_wrapped_between_clusters_only(text: str, width: int, words: bool) -> None:
    cleaned = clean_line(text)
    assert width_of(fit(cleaned, width)) == width
    shortened = cut(cleaned, width)
    assert width_of(shortened) <= width
    if shortened != cleaned and width:
        kept = shortened.removesuffix("…")
        assert is_boundary(cleaned, len(kept)) and cleaned.startswith(kept)
    at = 0
    for start, end in break_points(cleaned, width, words=words):
        assert is_boundary(cleaned, start) and is_boundary(cleaned, end)
        assert cleaned[at:start] in ("", " ")
        if width:
            assert width_of(cleaned[start:end]) <= width or len(clusters(cleaned[start:end])) == 1
        at = end
    assert at == len(cleaned) or cleaned[at:] == " "


@given(joined_text)
def test_cells_are_counted_as_the_screen_counts_them(text: str) -> None:
    cleaned = clean_line(text)
    assert cells_in(cleaned) == width_of(cleaned)


@given(joined_text)
def test_a_table_cuts_between_clusters(text: str) -> None:
    cleaned = clean_line(text * 9)
    kept = shortened(cleaned)
    assert cleaned.startswith(kept) and width_of(kept) <= MAX_CELL and is_boundary(cleaned, len(kept))
    assert kept == cleaned or width_of(kept) > MAX_CELL - 9


def test_known_clusters() -> None:
    text = Clean(f"a{FAMILY}🇩🇪🇫🇷e\u0301कि👍🏿")
    assert clusters(text) == ["a", FAMILY, "🇩🇪", "🇫🇷", "e\u0301", "कि", "👍🏿"]
    assert [width_of(part) for part in clusters(text)] == [1, 2, 2, 2, 1, 2, 2]
