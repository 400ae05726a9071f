"""What an error of a provider says, without the JSON in which it came."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.provider_words import said_in


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ('529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "529 Overloaded"),
        ('API Error: 401 {"error":"invalid key"} · retry', "API Error: 401 invalid key · retry"),
        ('{"message": "no\\nroom"}', "no\nroom"),
        ('429 {"error":{"code":7}}', '429 {"error":{"code":7}}'),
        ("exit 1: {not json}", "exit 1: {not json}"),
        ('{"message":"\\ud83d\\ude00 \\ud83d"}', "\U0001f600 \ufffd"),
        ("", ""),
    ],
)
def test_the_message_stands_in_the_place_of_its_body(error: str, said: str) -> None:
    assert said_in(error) == said


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.dictionaries(st.sampled_from(["error", "message", "detail", "type"]), inner, max_size=3)
        | st.lists(inner, max_size=2)
    ),
)


@given(st.text(max_size=20), JSON, st.text(max_size=20))
def test_an_error_of_any_form_says_something_where_it_did(before: str, body: object, behind: str) -> None:
    error = before + json.dumps(body) + behind
    said = said_in(error)
    assert bool(said.strip()) == bool(error.strip()) and len(said) <= len(error) + 2
    assert said == error or "{" in error
