"""The language of filters: any text is one, what it asks for is told by an oracle, what it lacks is said."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.filters.fields import UNITS, Measure, Vocabulary, Wording
from cockpit.model.filters.language import filter_of, quoted

Thing = tuple[str, tuple[str, ...], str, float | None]
"""Name, labels, state, age."""

THINGS: Vocabulary[Thing] = Vocabulary(
    lambda thing: (thing[0], *thing[1], thing[2]),
    {
        "name": Wording(lambda thing: (thing[0],), within=True),
        "label": Wording(lambda thing: thing[1], several=True),
        "state": Wording(lambda thing: (thing[2],), known=("asking", "idle", "working")),
        "age": Measure(lambda thing: thing[3], UNITS),
    },
    marks={"#": "label"},
    others={"status": "state"},
)

FORGE: Thing = ("forge", ("api", "night shift"), "asking", 120.0)
QUILL: Thing = ("quill one", ("docs",), "idle", 30.0)
STORE: Thing = ("store", (), "working", None)
ALL = (FORGE, QUILL, STORE)


def names(line: str) -> str:
    return " ".join(thing[0].split()[0] for thing in filter_of(line, THINGS).of(ALL))


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("", "forge quill store"),
        ("   ", "forge quill store"),
        ("FORGE", "forge"),
        ("quill one", "quill"),
        ('"quill one"', "quill"),
        ('"one quill"', ""),
        ('"quill', "quill"),
        ("-forge", "quill store"),
        ("- forge", ""),
        ("state:ask", "forge"),
        ("status:ask", "forge"),
        ("STATE:ASK", "forge"),
        ("state:asking,idle", "forge quill"),
        ("state:asking state:idle", "forge quill"),
        ("-state:asking,idle", "store"),
        ("-state:asking -state:idle", "store"),
        ("state:", "forge quill store"),
        ("state: forge", "forge"),
        ("#api", "forge"),
        ("#api label:night", "forge"),
        ("#api #docs", ""),
        ('label:"night shift"', "forge"),
        ('-label:"night shift"', "quill store"),
        ("name:i", "quill"),
        ("age:>60", "forge"),
        ("age:>1m", "forge"),
        ("age:1m", "forge"),
        ("age:<1m", "quill"),
        ("age:>10 age:<60", "quill"),
        ("age:=30", "quill"),
        ("-age:>60", "quill store"),
        ("age:>", "forge quill store"),
        ("-age:>", "forge quill store"),
        ("-age:old", "forge quill store"),
        ("-age:>60,>", "quill store"),
        ("http://forge", ""),
        ("-", ""),
        ("-#", "forge quill store"),
    ],
)
def test_a_line_asks(line: str, wanted: str) -> None:
    assert names(line) == wanted


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sate:asking", "no field sate: · did you mean state:?"),
        ("lable:x forge", "no field lable: · did you mean label:?"),
        ("qqqq:x", "no field qqqq: · there are name: label: state: age:"),
        ("state:askin", ""),
        ("state:askint", "state:askint is none of asking, idle, working"),
        ("age:old", "age:old takes a number such as >5, with s m h d behind it"),
        ("age:>", ""),
        ("http://forge:80", ""),
        ("12:30", ""),
    ],
)
def test_what_means_nothing_is_said_with_what_is_nearest(line: str, said: str) -> None:
    assert "; ".join(filter_of(line, THINGS).faults) == said


def test_what_is_no_field_is_looked_for_as_it_stands() -> None:
    odd: Thing = ("sate:asking", (), "idle", None)
    assert filter_of("sate:asking", THINGS).of([odd, FORGE]) == [odd]
    assert filter_of("-sate:asking", THINGS).of([odd, FORGE]) == [FORGE]


@given(st.text() | st.text(alphabet='abes:,"-#> \t\n'))
def test_any_text_is_a_filter_and_so_is_each_beginning_of_it(text: str) -> None:
    for end in range(len(text) + 1):
        found = filter_of(text[:end], THINGS)
        assert set(found.of(ALL)) <= set(ALL)
        assert all(isinstance(fault, str) for fault in found.faults)


@given(st.text(max_size=30), st.booleans())
def test_a_quoted_text_is_looked_for_as_it_stands(text: str, negated: bool) -> None:
    thing: Thing = (f"a {text} b", (), "idle", None)
    wanted = quoted(text)
    held = text.replace('"', " ").casefold() in "\n".join((thing[0], "idle")).casefold()
    if text.replace('"', " "):
        assert bool(filter_of(("-" if negated else "") + wanted, THINGS).of([thing])) is (held is not negated)


@given(st.lists(st.sampled_from(["forge", "quill", "idle", "api", "o", "zzz"]), max_size=5), st.data())
def test_words_all_fit_in_any_order(words: list[str], data: st.DataObject) -> None:
    expected = [thing for thing in ALL if all(any(w in t for t in (thing[0], *thing[1], thing[2])) for w in words)]
    shuffled = data.draw(st.permutations(words))
    assert filter_of(shlex.join(shuffled), THINGS).of(ALL) == expected
