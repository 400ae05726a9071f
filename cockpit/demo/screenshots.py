"""`python -m cockpit.demo.screenshots`: the pictures of the README, from the running demonstration, for developers.

The fleet, the agents and their output are real; nothing is drawn by hand. It takes about a minute and leaves nothing
else behind.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.bootstrap.fleet import Places
from cockpit.config import Settings
from cockpit.demo.run import make_demo_setup, telling
from cockpit.embedded.endpoint import lock_file
from cockpit.embedded.lifecycle import remove
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError, TimedOut
from cockpit.model.fleet import ActivityState, Agent
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import guard_streams, say, warn

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from cockpit.ui.app import CockpitApp
    from cockpit.ui.screens.home.screen import HomeScreen

SIZE = (160, 45)
"""Columns and rows of the pictures: every pane is in view."""

SMALL_SIZE = (80, 24)
"""The terminal that everybody has."""

LIMIT = 90.0
"""Seconds a moment of the story may take to come."""

BUILDER, RELEASER = "forge", "quill"
"""Whom the pictures look at: one with a tool running, one who asks."""

TOOL = "load step"
"""The builder's command that runs in the pictures: there is a finished run above it."""

TOOL_SECONDS = 5.0
"""How long the tool has run when the picture is taken, so that there is output to read."""

FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")

FONTS = "ui-monospace, 'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace"
"""Fonts that a viewer has already: a picture loads nothing from anywhere."""

ORIGIN = re.compile(r"[ \t]*<!-- Generated with Rich [^>]*-->\n")

CELL = 12.2
"""Width of one cell in a picture's own units, as the framework draws it."""

TEXT = re.compile(
    r'<text class="(?P<style>[^"]*-r\d+)" x="(?P<x>[\d.]+)"(?P<at>[^>]*?) textLength="[\d.]+"'
    r"(?P<clip>[^>]*)>(?P<words>[^<]*)</text>"
)

BLANK = "&#160;"


def local(svg: str) -> str:
    """Return a picture that names nothing on the network: fonts of the viewer, no address but the SVG namespace."""
    svg = TEXT.sub(_place, ORIGIN.sub("", FONT_FACE.sub("", svg)))
    svg = svg.replace("font-family: Fira Code, monospace", f"font-family: {FONTS}")
    svg = svg.replace("font-family: arial", "font-family: sans-serif")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _place(text: re.Match[str]) -> str:
    """Put each group of words where it begins: some viewers drop leading blanks or ignore the length of a text."""
    from rich.cells import cell_len

    placed: list[str] = []
    column = 0
    for member in re.split(rf"((?:{BLANK}){{2,}}|^{BLANK}|{BLANK}$)", text["words"]):
        width = cell_len(html.unescape(member))
        if member.replace(BLANK, ""):
            left, length = float(text["x"]) + column * CELL, width * CELL
            head = f'<text class="{text["style"]}" x="{left:.1f}"{text["at"]} textLength="{length:.1f}"{text["clip"]}>'
            placed.append(f"{head}{member}</text>")
        column += width
    return "".join(placed)


class Photographer:
    """Takes pictures of one running cockpit."""

    def __init__(self, app: CockpitApp, pilot: Pilot[None], home: HomeScreen, directory: Path) -> None:
        self._app = app
        self._pilot = pilot
        self._home = home
        self._directory = directory

    async def look_at(self, name: str) -> None:
        """Select an agent."""
        agent = next(agent for agent in self._home.fleet.agents if agent.name == name)
        self._home.focus_pane("agents")
        self._home.select(agent.id)
        await self._pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys as the operator would."""
        await self._pilot.press(*keys)
        await self._pilot.pause()

    async def resize(self, size: tuple[int, int]) -> None:
        """Give the screen another size."""
        await self._pilot.resize_terminal(*size)
        await self._pilot.pause()

    async def take(self, screen: str) -> None:
        """Write the picture of what is in view, in the theme that is on."""
        self._home.bridge.flush()
        await self._pilot.pause()
        file = self._directory / f"{screen}-{self._app.theme}.svg"
        file.write_text(local(self._app.export_screenshot(title="cockpit")), encoding="utf-8")
        say(our_line("{}", str(file)))

    async def take_in_every_theme(self, screen: str) -> None:
        """Write the picture once per theme that the product ships; the first theme is on again afterwards."""
        first = self._app.theme
        for theme in (first, *(name for name in self._app.own_themes if name != first)):
            self._app.theme = theme
            await self._pilot.pause()
            await self.take(screen)
        self._app.theme = first
        await self._pilot.pause()


async def moment(engine: HeadlessPort, condition: Callable[[], bool], what: str) -> None:
    """Wait for a moment of the story.

    Raises:
        TimedOut: it did not come.
    """
    if not await engine.until(condition, LIMIT):
        raise TimedOut(f"the demonstration never came to where {what}", hint="run `cockpit demo` and look")


def named(engine: HeadlessPort, name: str) -> Agent | None:
    """Return an agent, or None while it is not spawned."""
    return next((agent for agent in engine.fleet.agents if agent.name == name), None)


async def photograph(engine: HeadlessPort, directory: Path) -> None:
    """Wait for the moments of the story and write every picture."""
    from cockpit.ui.app import CockpitApp
    from cockpit.ui.screens.home.screen import HomeScreen

    def builds() -> bool:
        builder = named(engine, BUILDER)
        tools = builder.activity.tools if builder is not None else ()
        return any(TOOL in tool.summary and engine.now() - tool.since > TOOL_SECONDS for tool in tools)

    def asks() -> bool:
        releaser = named(engine, RELEASER)
        return releaser is not None and releaser.activity.state is ActivityState.ASKING

    app = CockpitApp(engine)
    async with app.run_test(size=SIZE) as pilot:
        home = app.screen
        assert isinstance(home, HomeScreen)
        camera = Photographer(app, pilot, home, directory)
        await moment(engine, lambda: builds() and asks(), f"{BUILDER} runs a tool while {RELEASER} asks")
        await camera.look_at(BUILDER)
        await camera.take_in_every_theme("home")
        await camera.resize(SMALL_SIZE)
        await camera.take("small")
        await camera.resize(SIZE)
        await camera.press("w")
        await camera.take("why")
        await camera.press("escape", "n", *"harbor", "tab", *"deployment and rollback")
        await camera.take("spawn")
        await camera.press("escape", "question_mark")
        await camera.take("help")
        await camera.press("escape")
        await camera.look_at(RELEASER)
        await camera.press("a")
        await camera.take("answer")


async def stage(root: Path, directory: Path) -> None:
    """Run the demonstration in a directory of its own and take the pictures."""
    places = Places.under(root)
    setup = await asyncio.to_thread(make_demo_setup, Settings(), places, 1.0)
    async with setup.engine(wait=False) as engine, telling(engine):
        await photograph(engine, directory)


def main(arguments: list[str]) -> int:
    """Take the pictures; the operator's own fleet, history and settings are not touched."""
    parser = argparse.ArgumentParser(prog="python -m cockpit.demo.screenshots", description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=Path("screenshots"), help="where the pictures go")
    directory: Path = parser.parse_args(arguments).directory
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cockpit-pictures-") as temporary:
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            os.environ[name] = temporary
        root = Path(temporary) / "stage"
        try:
            asyncio.run(stage(root, directory))
        except CockpitError as error:
            warn(our_text("cockpit: {}", str(error)))
            return 1
        finally:
            fleet = Places.under(root).fleet
            if lock_file(fleet).exists():
                remove(fleet)
    return 0


if __name__ == "__main__":
    guard_streams()
    sys.exit(main(sys.argv[1:]))
