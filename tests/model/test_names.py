"""What an agent may be called: in any script, as it is read, and never so that two names only look alike."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.names import fault_of, fault_of_plain, numbered_from, sorting_name

NAMES = ("w-1", "Jiří", "кузнец-2", "铁匠", "עורך", "محرر-٣", "संपादक", "ไทย", "한국어", "🚀-one", "mixed-עברית-12")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_script_is_one(name: str) -> None:
    assert not fault_of(name)
    assert bool(fault_of_plain(name)) != name.isascii(), "what other programs read is of plain letters"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a b", "letters"),
        ("-a", "letters"),
        ("\u0301a", "letters"),
        ("", "letters"),
        ("a/b", "letters"),
        ("ж\x1b[2J", "letters"),
        ("עורך\u202e", "letters"),
        ("at\u200dlas", "letters"),
        ("a\ufe0f", "letters"),
        ("\u3164", "letters"),
        ("ж" + "\u0301" * 5, "letters"),
        ("e\u0301a", "'éa'"),
        ("аtlas", "Cyrillic and Latin"),
        ("铁" * 65, "at most 64"),
        ("🚀" * 49, "192 bytes"),
    ],
)
def test_what_hides_something_or_looks_like_another_is_none(name: str, said: str) -> None:
    assert said in fault_of(name)


@given(st.text(max_size=80))
def test_a_name_holds_nothing_that_acts_or_is_not_seen(name: str) -> None:
    if not fault_of(name):
        assert 0 < len(name) <= 64 and len(name.encode()) <= 192
        assert not {unicodedata.category(character)[0] for character in name} & set("CZ")


@pytest.mark.parametrize("name", ["🚀" * 48, "铁" * 64, "a" * 64, *NAMES])
def test_numbered_names_are_names(name: str) -> None:
    numbered = numbered_from(name, 9998)
    for made in (next(numbered), next(numbered), next(numbered)):
        assert not fault_of(made), made


def test_names_are_sorted_as_people_count_and_spell() -> None:
    names = ["w-10", "éclair", "Zoe", "w-2", "ada", "w-1b", "eva", "fritz", "محرر-١٠", "محرر-٩"]
    wanted = ["ada", "eva", "éclair", "fritz", "w-1b", "w-2", "w-10", "Zoe", "محرر-٩", "محرر-١٠"]
    assert sorted(names, key=sorting_name) == wanted
