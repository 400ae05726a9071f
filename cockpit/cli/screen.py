"""Opens the screen: settings, fleet, engine, application; the only headless module that imports one."""

from __future__ import annotations

import os
from pathlib import Path

from cockpit import config, paths
from cockpit.bootstrap.fleet import Places, Setup
from cockpit.cli import first_sight
from cockpit.cli.exits import ExitCode
from cockpit.cli.signals import GracefulExit, TerminalWatch
from cockpit.config import Settings
from cockpit.engine.port import CockpitPort
from cockpit.paths import state_directory
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import input_is_terminal, is_terminal, warn
from cockpit.ui.keys_first import run_screen


def open_cockpit(
    watch: TerminalWatch,
    root: Path | None,
    config_file: Path | None,
    theme: str,
    read_only: bool,
    low_bandwidth: bool,
    low_motion: bool,
) -> int:
    """Open the cockpit on the configured fleet; returns when the operator detaches."""
    settings = config.load(config_file)
    places = Places.under(root) if root else Places.standard()
    if reason := unusable_terminal():
        warn(our_text("cockpit: {}", reason))
        return ExitCode.USAGE
    setup = Setup.of(settings, places, force_embedded=root is not None)
    return run_screen(
        show(setup, watch, theme=theme, read_only=read_only, low_bandwidth=low_bandwidth, low_motion=low_motion)
    )


async def show(
    setup: Setup,
    watch: TerminalWatch,
    *,
    theme: str = "",
    read_only: bool = False,
    low_bandwidth: bool = False,
    low_motion: bool = False,
) -> int:
    """Run engine and application until the operator leaves, is told to, or the terminal goes away."""
    with GracefulExit() as graceful_exit:
        watch.act = graceful_exit.hang_up
        async with setup.engine(wait=False, read_only=read_only) as engine:
            return await run_application(
                engine,
                setup.settings,
                graceful_exit,
                theme=theme,
                read_only=read_only,
                low_bandwidth=low_bandwidth or setup.settings.screen.low_bandwidth,
                low_motion=low_motion,
            )
    return graceful_exit.exit_code


def show_demonstration(watch: TerminalWatch, *, keep: bool, speed: float, theme: str) -> int:
    """Open the cockpit on a fresh fleet of scripted agents; the fleet goes when the operator leaves."""
    from cockpit.demo.run import demonstrate, telling

    if reason := unusable_terminal():
        warn(our_text("cockpit: {}", reason))
        return ExitCode.USAGE

    async def present(setup: Setup) -> int:
        with GracefulExit() as graceful_exit:
            watch.act = graceful_exit.hang_up
            async with setup.engine(wait=False) as engine, telling(engine):
                return await run_application(engine, setup.settings, graceful_exit, theme=theme)
        return graceful_exit.exit_code

    return demonstrate(present, keep=keep, speed=speed)


async def run_application(
    engine: CockpitPort,
    settings: Settings,
    graceful_exit: GracefulExit,
    *,
    theme: str = "",
    read_only: bool = False,
    low_bandwidth: bool = False,
    low_motion: bool = False,
) -> int:
    """Show the screen over an engine; return the exit code: 1 if it ended by a fault of its own."""
    prepare_framework(low_bandwidth=low_bandwidth)
    from cockpit.ui.app import CockpitApp
    from cockpit.ui.motion import kept_motion
    from cockpit.ui.terminal.driver import TerminalDriver
    from cockpit.ui.theming import kept_theme

    configured = settings.screen.theme
    app = CockpitApp(
        engine,
        theme=theme or await kept_theme(engine.coordination.preferences, configured),
        own_themes=(settings.file or paths.config_file()).parent / "themes",
        configured_theme=configured,
        read_only=read_only,
        low_bandwidth=low_bandwidth,
        low_motion=low_motion or await kept_motion(engine.coordination.preferences, settings.screen.low_motion),
        configured_motion=settings.screen.low_motion,
        keymap=settings.screen.keys,
        driver_class=TerminalDriver,
        layout_file=state_directory() / "layout.json",
    )
    if not read_only:
        engine.coordination.plans.hand_out()
    leave = graceful_exit.act
    graceful_exit.act = lambda: app.exit() if app.is_running else leave()
    first_sight.taken_over()
    await app.run_async()
    _say_what_ends(engine)
    if graceful_exit.exit_code:
        return graceful_exit.exit_code
    return 1 if app.return_code is None else app.return_code


def _say_what_ends(engine: CockpitPort) -> None:
    """Say which forwards end with the cockpit that held them."""
    for one in engine.fleet.forwards:
        warn(
            our_line(
                "cockpit: the forward from {} to port {} of {} ended with the cockpit; "
                "`cockpit forward {} {}` holds one without it",
                one.address,
                one.port,
                one.name,
                one.name,
                one.port,
            )
        )


def prepare_framework(*, low_bandwidth: bool) -> None:
    """Set what Textual reads once, when it is imported."""
    if low_bandwidth:
        os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    os.environ.setdefault("TEXTUAL_FPS", "10" if low_bandwidth else FRAME_GRID)


FRAME_GRID = "1000"
"""Moments a second at which a change may be painted: a key waits for the next. How many are depends on the changes.

With 240 a key that came just after a line that streamed in waited for up to five of its nine milliseconds.
"""


def unusable_terminal() -> str:
    """Say why no screen can be drawn here, or return empty text."""
    if not is_terminal():
        lacking = "standard output" if input_is_terminal() else "standard input"
        return f"the screen needs a terminal, and {lacking} is none; see `cockpit --help` for verbs without one"
    kind = os.environ.get("TERM", "")
    if kind in first_sight.UNUSABLE_TERMINALS:
        return (
            f"TERM={kind or 'nothing'} names no terminal that can draw the screen; set it to what yours is, "
            "e.g. TERM=xterm-256color, or see `cockpit --help` for verbs without a screen"
        )
    return ""
