"""Golden images from the palette: the frozen one is patched or deleted, and a wrong name is said in the form."""

from __future__ import annotations

from textual.widgets import Input

from cockpit.model.commands.command import Command
from cockpit.model.commands.images import BuildImage, DeleteImage
from cockpit.model.ids import CommitId
from cockpit.model.images import GoldenImage, ImageFacts
from cockpit.ui.actions.action import Situation
from cockpit.ui.actions.registry import BY_ID, disabled_reason
from tests.ui.scene import scene
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

FIRST = CommitId("c0ffee00-0000-4000-8000-00000000000a")
SECOND = CommitId("c0ffee00-0000-4000-8000-00000000000b")


async def test_images_are_built_patched_and_deleted_from_the_palette() -> None:
    engine = scene()
    none = disabled_reason(BY_ID["image.patch"], Situation(engine, engine.fleet))
    assert "no golden image" in none
    async with cockpit(engine) as (pilot, home, _):
        app = pilot.app
        ordered: list[Command] = engine.ordered
        engine.golden.known = (
            GoldenImage(FIRST, "base", 1.0, "tools", ImageFacts((("agent", "1.0"),), lacks=("extras",))),
            GoldenImage(SECOND, "other", 2.0),
        )
        home.action_act("image.build")
        await pilot.pause()
        await pilot.pause()
        app.screen.query_one("#name", Input).value = "no name"
        await pilot.press("enter")
        assert ordered == []
        app.screen.query_one("#name", Input).value = "fresh"
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        assert ordered == [BuildImage("fresh")]
        home.action_act("image.patch")
        await pilot.pause()
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        app.screen.query_one("#again", Input).value = "one step, another"
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        assert ordered[1:] == [BuildImage("base", base=FIRST, again=("one step", "another"), description="tools")]
        home.action_act("image.delete")
        await pilot.pause()
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        await pilot.pause()
        app.screen.query_one("#word", Input).value = "other"
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        assert ordered[2:] == [DeleteImage(SECOND)]


async def test_the_list_says_age_size_versions_and_why_an_image_is_stale() -> None:
    engine = scene()
    facts = ImageFacts((("pi", "0.73.1"), ("node", "22.1.0")), used_bytes=1_200_000_000)
    engine.golden.known = (
        GoldenImage(SECOND, "base", engine.clock - 3600, "for tests", facts),
        GoldenImage(FIRST, "base", engine.clock - 40 * 86400.0, "\x1b[31mold", facts),
    )
    engine.golden.reasons = {FIRST: ("older than 30 days", "its pi is 0.73.1, and 1.6.0 is known")}
    async with cockpit(engine) as (pilot, home, _):
        home.action_act("image.list")
        await pilot.pause()
        await pilot.pause()
        shown = drawn(pilot.app)
        newest, old = shown.split(f"base {FIRST}")
        assert "1h old · 1,200.0 MB in use · pi 0.73.1, node 22.1.0 · for tests" in newest and "stale" not in newest
        assert "40d old" in old and "a newer one has its name" in old and "\x1b" not in old
        assert "stale: older than 30 days; its pi is 0.73.1, and 1.6.0 is known" in old
        await pilot.press("escape")
        home.action_act("image.patch")
        await pilot.pause()
        await pilot.pause()
        assert "stale: older than 30 days" in drawn(pilot.app)
