"""Which image a name means, which version is the newest, and why an image is stale."""

from __future__ import annotations

import pytest

from cockpit.model.ages import DAY
from cockpit.model.ids import CommitId
from cockpit.model.images import (
    GoldenImage,
    ImageFacts,
    images_called,
    newest_version,
    plain_version,
    stale_reasons,
)

COMMIT = CommitId("c0ffee00-0000-4000-8000-000000000001")
OTHER = CommitId("c0ffee00-0000-4000-8000-000000000002")


def test_stale_is_what_is_old_or_has_an_older_program() -> None:
    facts = ImageFacts(versions=(("agent", "0.9.10"),))
    image = GoldenImage(COMMIT, "base", 100.0, facts=facts)
    now, month = 100.0 + 10 * DAY, 30 * DAY
    assert stale_reasons(image, now, month, {"agent": "0.9.9"}) == ()
    assert stale_reasons(image, now, month, {"agent": "0.9.10", "other": "3.0"}) == ()
    assert stale_reasons(image, now, 9 * DAY, {"agent": "0.10.1"}) == (
        "older than 9 days",
        "its agent is 0.9.10, and 0.10.1 is known",
    )
    assert stale_reasons(GoldenImage(COMMIT, "x", 0.0), now, month, {"agent": "9.9"}) == (), "nothing is known of it"


def test_the_newest_version_is_that_of_the_greatest_numbers() -> None:
    assert newest_version(["0.9.10", "0.10.1", "unknown", "0.10"]) == "0.10.1"
    assert newest_version(["unknown", ""]) == ""
    assert (plain_version("v20.20.2"), plain_version("tmux 3.3a"), plain_version("next")) == ("20.20.2", "3.3", "next")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (COMMIT, [COMMIT]),
        (COMMIT.upper(), [COMMIT]),
        ("base", [OTHER]),
        ("c0ffee00", [COMMIT, OTHER]),
        ("c0ffee0", []),
        ("bas", []),
    ],
)
def test_a_name_means_the_newest_image_of_it(text: str, found: list[CommitId]) -> None:
    images = [GoldenImage(COMMIT, "base", 1.0), GoldenImage(OTHER, "base", 2.0)]
    assert [image.commit for image in images_called(text, images)] == found
