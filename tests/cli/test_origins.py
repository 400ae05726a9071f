"""Which commit a word means: ids come before tags, tags before names, and what means several is never guessed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from cockpit.cli.origins import commit_named, with_commit
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound, UsageError
from cockpit.model.accounts import CommitList, CommitView
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommitId
from cockpit.model.images import GoldenImage

FIRST = CommitId("1f0c0000-6b5a-4948-8372-615049382716")
SECOND = CommitId("2f0c0000-6b5a-4948-8372-615049382716")
THIRD = CommitId("2f0c9999-6b5a-4948-8372-615049382716")
COMMITS = (
    CommitView(FIRST, "vers", "base", tags=("stable", "images:v1")),
    CommitView(SECOND, "vers", "stable"),
    CommitView(THIRD, "vers", "base"),
)


def engine(*images: GoldenImage) -> HeadlessPort:
    """Return an engine that knows commits and images, and nothing else."""

    async def commits() -> CommitList:
        return CommitList(COMMITS)

    async def look() -> tuple[GoldenImage, ...]:
        return images

    return cast(
        HeadlessPort, SimpleNamespace(platform=SimpleNamespace(commits=commits), golden=SimpleNamespace(look=look))
    )


@pytest.mark.parametrize(
    ("word", "meant"),
    [(FIRST.upper(), FIRST), ("stable", FIRST), ("images:v1", FIRST), ("1f0c", FIRST), ("2f0c9", THIRD)],
)
async def test_a_word_means_one_commit(word: str, meant: CommitId) -> None:
    assert (await commit_named(engine(), word)).id == meant


@pytest.mark.parametrize("word", ["base", "2f0c"])
async def test_what_means_several_says_which(word: str) -> None:
    with pytest.raises(UsageError, match="means 2 commits"):
        await commit_named(engine(), word)


@pytest.mark.parametrize("word", ["1f0", "Stable", "images", ""])
async def test_what_means_none_is_not_found(word: str) -> None:
    with pytest.raises(NotFound):
        await commit_named(engine(), word)


async def test_a_spawn_takes_an_image_by_its_name_and_else_a_commit_by_its_tag() -> None:
    spawn = Spawn("ada", AgentKind.WORKER)
    assert await with_commit(engine(), spawn) == spawn
    for word, meant in (("stable", FIRST), (SECOND, SECOND)):
        found = await with_commit(engine(), Spawn("ada", AgentKind.WORKER, image=CommitId(word)))
        assert found.image == meant
    image = GoldenImage(THIRD, "stable", 1.0)
    found = await with_commit(engine(image), Spawn("ada", AgentKind.WORKER, image=CommitId("stable")))
    assert found.image == THIRD
    with pytest.raises(NotFound, match="no image 'nothing'"):
        await with_commit(engine(), Spawn("ada", AgentKind.WORKER, image=CommitId("nothing")))
