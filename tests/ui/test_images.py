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
