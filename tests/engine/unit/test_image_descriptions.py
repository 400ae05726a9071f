"""What an image says of itself comes back as it was, and what anybody wrote there is not trusted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.engine.images.description import MARK, described, image_of
from cockpit.model.ids import CommitId
from cockpit.model.images import ImageFacts

COMMIT = CommitId("c0ffee00-0000-4000-8000-000000000001")
WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
FACTS = st.builds(
    ImageFacts,
    versions=st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple),
    used_bytes=st.integers(0, 10**12),
    number=st.integers(1, 100),
    origin=WORDS,
    recipe=WORDS,
    lacks=st.lists(WORDS, max_size=3).map(tuple),
)


@given(WORDS, FACTS)
def test_what_an_image_says_of_itself_comes_back(words: str, facts: ImageFacts) -> None:
    image = image_of(COMMIT, "base", 1.0, described(words, facts))
    assert image.facts == facts
    assert image.description == words.strip()


@given(
    st.text(),
    st.sampled_from(
        ["", MARK, MARK + "{", MARK + "[]", MARK + "[" * 5000, MARK + '{"versions":3}', MARK + '{"number":"x"}']
    ),
)
def test_any_description_is_read_and_one_that_says_nothing_is_no_image(words: str, more: str) -> None:
    image = image_of(COMMIT, "", 0.0, words.replace(MARK, "") + more)
    assert image.facts is None
