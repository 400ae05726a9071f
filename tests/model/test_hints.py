"""What can be taken up in a text: each thing at its place, none over another, whatever the text is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.hints import LETTERS, MOST, HintKind, hints_in, labels_for

ADDRESS, PATH, HASH, PORT = HintKind.ADDRESS, HintKind.PATH, HintKind.HASH, HintKind.PORT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://example.org/a_(b)?c=1#d.", [(ADDRESS, "https://example.org/a_(b)?c=1#d", 0)]),
        ("(http://localhost:3000/x)", [(ADDRESS, "http://localhost:3000/x", 3000)]),
        ("at https://127.0.0.1", [(ADDRESS, "https://127.0.0.1", 443)]),
        ("https://localhost.example.org:81", [(ADDRESS, "https://localhost.example.org:81", 0)]),
        ("mail ada@example.org, now", [(ADDRESS, "ada@example.org", 0)]),
        ("listening on :8080", [(PORT, "8080", 8080)]),
        ("on port 5173", [(PORT, "5173", 5173)]),
        ("0.0.0.0:9000 and 10.0.0.7:22", [(PORT, "0.0.0.0:9000", 9000), (ADDRESS, "10.0.0.7:22", 0)]),
        ("peer 192.168.1.20", [(ADDRESS, "192.168.1.20", 0)]),
        ("src/app/main.py:42: error", [(PATH, "src/app/main.py:42", 0)]),
        ("wrote `notes with blank/a.md`", [(PATH, "notes with blank/a.md", 0)]),
        ("commit 3f2c9ab and 10:41:52", [(HASH, "3f2c9ab", 0)]),
        (
            "vm 0a1b2c3d-5c0f-4a11-9d00-000000003dde",
            [(HASH, "0a1b2c3d-5c0f-4a11-9d00-000000003dde", 0)],
        ),
        ("1234567 deadbeef 99.5% 47/52 v1.2.3 at 10:42", []),
        ("port 99999 :1 ::", []),
        ("store.events() in store.py, app.quit", [(PATH, "store.py", 0)]),
    ],
)
def test_what_is_found(text: str, expected: list[tuple[HintKind, str, int]]) -> None:
    assert [(hint.kind, hint.text, hint.port) for hint in hints_in(text)] == expected


def test_a_path_brings_its_line() -> None:
    (hint,) = hints_in("src/a.py:7:1")
    assert (hint.path, hint.line) == ("src/a.py", 7)


PIECES = st.sampled_from(
    [*"()`@- \n漢\u202e", "http://", "localhost", ":80", "a/b.py", ":7", "3f2c9ab", "x.y", "127.0.0.1"],
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=25).map("".join))


@given(TEXTS)
def test_each_thing_stands_where_it_is_said(text: str) -> None:
    behind = 0
    for hint in hints_in(text):
        assert behind <= hint.start < hint.end <= len(text)
        shown = text[hint.start : hint.end]
        assert hint.text.startswith(hint.path or shown) or hint.text in shown
        assert 0 <= hint.port <= 65535
        behind = hint.end


@given(st.lists(st.integers(0, 200).map(str), max_size=120), st.lists(st.integers(0, 200).map(str), max_size=120))
def test_labels_are_plain_and_stay(first: list[str], then: list[str]) -> None:
    labels = labels_for(first, {})
    assert len(labels) == min(len(set(first)), MOST)
    later = labels_for(then, labels)
    assert all(later[text] == label for text, label in labels.items() if text in then)
    for known in (labels, later):
        assert len(set(known.values())) == len(known)
        assert len({len(label) for label in known.values()}) <= 1, "none is the beginning of another"
        assert all(set(label) <= set(LETTERS) for label in known.values())
