"""The list of commits from the palette: asked for when it opens, with what is missing of it, and why there is none."""

from __future__ import annotations

from cockpit.engine.platform import Platform
from cockpit.errors import Refused
from cockpit.model.accounts import CommitList, CommitView
from cockpit.model.ids import CommitId
from cockpit.ui.dialogs.commits import commits_text
from tests.ui.scene import scene
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

COMMIT = CommitView(
    CommitId("c0ffee00-0000-4000-8000-00000000000a"),
    "vers",
    "gol\x1b[31mden",
    "for tests",
    1000.0,
    parent="abcdef00-1",
    tags=("images:v1",),
    size_bytes=1_500_000_000,
)


class Listed(Platform):
    """A platform that says at once what it keeps."""

    def __init__(self, answer: CommitList | Refused) -> None:
        super().__init__(())
        self._answer = answer

    async def commits(self, *, public: bool = False) -> CommitList:
        """Return it."""
        if isinstance(self._answer, Refused):
            raise self._answer
        return self._answer


def test_each_commit_says_its_age_its_size_and_what_names_it() -> None:
    said = str(commits_text(CommitList((COMMIT,), ("the names are unknown",)), 4600.0))
    assert "c0ffee00" in said and "1.5 GB" in said and "1h" in said and "\x1b" not in said
    assert "names images:v1 · after abcdef00 · for tests" in said and "This is not all: the names are unknown" in said
    assert "There is none." in str(commits_text(CommitList(()), 0.0))


async def test_the_palette_lists_them_and_says_why_it_cannot() -> None:
    engine = scene()
    engine.platform = Listed(CommitList((COMMIT,)))
    async with cockpit(engine) as (pilot, home, _):
        home.action_act("vm.commits")
        await pilot.pause()
        await pilot.pause()
        assert "images:v1" in drawn(pilot.app)
        await pilot.press("escape")
        engine.platform = Listed(Refused("the API is down"))
        home.action_act("vm.commits")
        await pilot.pause()
        await pilot.pause()
        assert "They cannot be listed: the API is down" in drawn(pilot.app)
