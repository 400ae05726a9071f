"""What fits a few words, and which letters of it they are; the oracle looks for letters one after another."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.palette.entries import Catalogue, PaletteEntry
from cockpit.ui.palette.matching import FoundBy, folded, lit, rank, wanted
from cockpit.ui.palette.rows import palette_rows
from tests.ui.hostile import FORBIDDEN, HOSTILE

GROUP = ours("Board")
TEXTS = st.one_of(
    st.text(max_size=60), st.just(HOSTILE), st.sampled_from(("नेविगेशन-परीक्षण", "重构认证中间件模块", "a\u0301b"))
)


def entry(name: str, about: str = "", *, reason: str = "", key: str = "") -> PaletteEntry:
    return PaletteEntry(key or name, GROUP, clean_line(name), clean_line(about), ours("^p"), clean_line(reason))


def follow(word: str, text: str) -> bool:
    """Tell whether the letters of a word stand in a text in their order."""
    letters = iter(text)
    return all(letter in letters for letter in word)


@given(TEXTS, TEXTS, TEXTS)
def test_each_word_of_what_fits_is_in_it(needle: str, name: str, about: str) -> None:
    of = FoundBy(folded(name), "board", folded(about))
    words = wanted(needle)
    if rank(words, of) is None:
        assert any(word not in of.name and word not in of.group and word not in of.about for word in words)
    else:
        assert all(follow(word, of.name) or word in of.group or word in of.about for word in words)


@given(TEXTS, TEXTS)
def test_letters_are_lit_whole(needle: str, name: str) -> None:
    text = clean_line(name)
    ranges = lit(wanted(needle), text, letters=True)
    assert all(start < end for start, end in ranges)
    assert [place for one in ranges for place in one] == sorted({place for one in ranges for place in one})
    for start, _ in ranges:
        assert not unicodedata.combining(text[start]) or start == 0


def listed(needle: str, *entries: PaletteEntry, lately: tuple[str, ...] = ()) -> list[str]:
    found = Catalogue(entries, lately).find(needle)
    return [one.name for section in found.sections for one in section.entries]


def test_what_fits_best_is_first() -> None:
    entries = [entry(name) for name in ("unqueue", "a queue", "queue of tasks", "q-u-e-u-e", "queue", "other")]
    assert listed("queue", *entries) == ["queue", "queue of tasks", "a queue", "unqueue", "q-u-e-u-e"]
    assert listed("iv", entry("diver"), entry("make infra VM")) == ["make infra VM", "diver"][::-1]
    assert listed("miv", entry("make infra VM")) == ["make infra VM"], "the first letters of its words"
    assert listed("board queue", *entries)[0] == "queue", "a word may name the group"
    assert listed("zz", *entries) == []


def test_what_cannot_be_done_is_found_by_its_name_and_stands_last() -> None:
    entries = (entry("pause", reason="it is paused"), entry("pause all"), entry("other", "said: pause"))
    found = Catalogue(entries).find("pause")
    assert [section.heading for section in found.sections] == ["Board", "In what is said of them", "Not now"]
    assert listed("") == [] and listed("", *entries) == ["pause all", "other"]
    assert Catalogue(entries).find("").dead == 1


def test_what_was_chosen_lately_is_first_and_only_once() -> None:
    entries = tuple(entry(name) for name in ("one", "two", "three"))
    assert listed("", *entries, lately=("three", "gone", "two")) == ["three", "two", "one"]
    assert listed("t", *entries, lately=("three",))[0] == "two", "what fits better is first all the same"


@given(TEXTS, st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=4), st.integers(20, 250))
def test_lines_are_clean_and_fit(needle: str, texts: list[tuple[str, str, str]], width: int) -> None:
    entries = [entry(*two, reason=reason, key=str(at)) for at, (*two, reason) in enumerate(texts)]
    for row in palette_rows(Catalogue(entries).find(needle), needle, width):
        line = str(row.content)
        assert not any(one in line for one in FORBIDDEN) and "\n" not in line
        if row.key:
            assert cell_len(line) <= width - 1 and line.endswith("^p")
