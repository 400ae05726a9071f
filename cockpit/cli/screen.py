"""Opens the screen: settings, fleet, engine, application; the only headless module that imports one."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from cockpit import config
from cockpit.bootstrap.fleet import Places, make_source, running_engine
from cockpit.cli.signals import Departure
from cockpit.config import Settings
from cockpit.engine.source import Source
from cockpit.text.streams import is_terminal, warn


def open_cockpit(root: Path | None, config_file: Path | None, theme: str, read_only: bool, low_bandwidth: bool) -> int:
    """Open the cockpit on the configured fleet; returns when the operator detaches."""
    settings = config.load(config_file)
    places = Places.under(root) if root else Places.standard()
    if not is_terminal():
        warn("cockpit: the screen needs a terminal; see `cockpit --help` for verbs without one")
        return 2
    source = make_source(settings, places, force_embedded=root is not None)
    return asyncio.run(show(settings, places, source, theme=theme, read_only=read_only, low_bandwidth=low_bandwidth))


async def show(
    settings: Settings,
    places: Places,
    source: Source,
    *,
    theme: str = "",
    read_only: bool = False,
    low_bandwidth: bool = False,
) -> int:
    """Run engine and application until the operator leaves."""
    slow = low_bandwidth or settings.screen.low_bandwidth
    if slow:
        # Textual reads these once, when it is imported.
        os.environ.setdefault("TEXTUAL_FPS", "10")
        os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from cockpit.ui.app import CockpitApp

    with Departure() as departure:
        async with running_engine(settings, places, source, wait=False) as engine:
            app = CockpitApp(
                engine,
                theme=theme or settings.screen.theme,
                read_only=read_only,
                low_bandwidth=slow,
                keymap=settings.screen.keys,
            )
            departure.act = app.exit
            try:
                await app.run_async()
            finally:
                departure.arm()
            return app.return_code or 0
    return departure.exit_code
