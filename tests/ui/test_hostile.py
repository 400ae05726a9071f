"""Hostile text in every field and pane: it neither crashes the cockpit nor acts on the terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest
from textual._context import visible_screen_stack
from textual.app import App
from textual.pilot import Pilot

from cockpit.model.inbox.question import digest_of
from cockpit.ui.actions.registry import ACTIONS
from cockpit.ui.app import CockpitApp
from cockpit.ui.dialogs.answer import AnswerDialog
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.widgets.needs_you import sight
from tests.remote.waiting import until
from tests.ui.hostile import FORBIDDEN, HOSTILE, hostile_engine

ROOT = Path(__file__).resolve().parents[2]


def drawn(app: App[Any]) -> str:
    """Return every character the compositor draws now; a dialog draws what stands behind it where it is told of it."""
    behind = visible_screen_stack.set(app._background_screens)
    try:
        return "\n".join("".join(segment.text for segment in line) for line in app.screen._compositor.render_strips())
    finally:
        visible_screen_stack.reset(behind)


async def assert_clean(pilot: Pilot[None]) -> None:
    await pilot.pause()
    app = pilot.app
    assert isinstance(app, CockpitApp)
    text = drawn(app)
    for character in FORBIDDEN:
        assert character not in text, repr(character)


KEY_PATHS = (
    (),
    ("down",),
    ("down", "w"),
    ("down", "down", "a"),
    ("down", "down", "down", "a"),
    ("down", "down", "down", "down", "a"),
    ("down", "down", "down", "down", "down", "a"),
    ("2", "v"),
    ("2", "m"),
    ("2", "A", "right"),
    ("2", "c"),
    ("3", "D"),
    ("3", "C"),
    ("5",),
    ("n",),
    ("n", "tab", "tab", "right", "tab", "right"),
    ("colon",),
    ("I",),
    ("exclamation_mark",),
    ("ctrl+p",),
    ("question_mark",),
    ("4", "e", "home"),
    ("p",),
    ("r",),
    ("down", "enter", "2", "3", "4", "6", "1"),
    ("down", "asterisk", "asterisk", "ampersand"),
    ("down", "space"),
    ("S", *"egnp", "enter"),
)

ALONE = {"q,ctrl+q", "dollar_sign", "tab", "shift+tab"}
"""Keys that end the screen, hand the terminal on, or only move."""


def other_keys() -> tuple[tuple[str, ...], ...]:
    """Return every key of the home screen that opens the paths above by no other way, the first agent selected."""
    begun = {path[-1] for path in KEY_PATHS if path} | {path[0] for path in KEY_PATHS if path}
    keys = [action.keys for action in ACTIONS if action.screen == "home" and action.keys and action.keys not in ALONE]
    return tuple(("down", keys.split(",")[0]) for keys in keys if keys.split(",")[0] not in begun)


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize(
    ("size", "paths"),
    [pytest.param((80, 24), KEY_PATHS, id="80x24"), pytest.param((200, 50), other_keys(), id="200x50")],
)
async def test_no_hostile_character_is_drawn(size: tuple[int, int], paths: tuple[tuple[str, ...], ...]) -> None:
    app = CockpitApp(hostile_engine())
    async with app.run_test(size=size) as pilot:
        seen: set[tuple[str, ...]] = set()
        for keys in paths:
            for at, key in enumerate(keys, 1):
                await pilot.press(key)
                # Several ways begin alike: what they have in common is looked at once.
                if keys[:at] not in seen:
                    await assert_clean(pilot)
                    seen.add(keys[:at])
            while not isinstance(app.screen, HomeScreen):
                await pilot.press("escape")
                await pilot.pause()
            await pilot.press("escape", "1", "home")
            await assert_clean(pilot)


async def test_a_toast_with_a_hostile_reason_is_clean() -> None:
    engine = hostile_engine()
    from cockpit.model.commands.vm import Pause

    engine.refusals[Pause] = HOSTILE
    app = CockpitApp(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("z")
        await pilot.pause()
        assert len(app._notifications) == 1
        await assert_clean(pilot)


async def test_answering_sends_the_raw_option_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown is clean; what the agent gets is its own word, or it would not know it."""
    from cockpit.model.commands.agent import Answer

    monkeypatch.setattr(sight, "STANDS", 0.0)
    engine = hostile_engine()
    app = CockpitApp(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        home = app.screen
        assert isinstance(home, HomeScreen)
        asking = next(one for one in engine.fleet.agents if one.activity.dialogs)
        home.select(asking.id)
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, AnswerDialog) and app.screen.card.sight._since is not None)
        await pilot.press("2")
        await pilot.pause()
    digest = digest_of(asking.activity.dialogs[0].request)
    assert engine.ordered == [Answer(asking.id, "d-select", value=HOSTILE + "2", digest=digest)]


@pytest.mark.slow
def test_nothing_hostile_reaches_a_real_terminal() -> None:
    """Run the cockpit on a pseudo-terminal and read every byte it writes."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment = {
        **kept,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TEXTUAL_ANIMATIONS": "none",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ui.scene", "--hostile"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    os.close(slave)
    seen = bytearray()
    try:
        _read_until(master, seen, b"waits for you", b"wait for you")
        for key in (b"j", b"w", b"\x1b", b"2", b"v", b"\x1b", b"4", b"e", b"?"):
            os.write(master, key)
            _read_quiet(master, seen)
        os.write(master, b"\x11")
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            _read_some(master, seen, 0.1)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        os.close(master)
    assert process.returncode == 0
    text = seen.decode("utf-8", errors="surrogateescape")
    assert "Traceback" not in text
    assert "\x1b]52" not in text
    assert "\x1bc" not in text
    assert "\x1b]0;t" not in text
    for character in (*"\x90\x9b\x9c\x9d", "\u200b", "\u202e", "\u2066"):
        assert character not in text, repr(character)


def _read_until(master: int, seen: bytearray, *markers: bytes) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if any(marker in seen for marker in markers):
            return
        _read_some(master, seen, 0.2)
    raise AssertionError(f"none of {markers!r} came: {bytes(seen[-2000:])!r}")


def _read_quiet(master: int, seen: bytearray) -> None:
    """Read until the terminal has been silent for a moment."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _read_some(master, seen, 0.25):
        pass


def _read_some(master: int, seen: bytearray, seconds: float) -> bool:
    ready, _, _ = select.select([master], [], [], seconds)
    if not ready:
        return False
    try:
        chunk = os.read(master, 65536)
    except OSError:
        return False
    seen.extend(chunk)
    return bool(chunk)
