"""Opens the screen: settings, fleet, engine, application; the only headless module that imports one."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType

from cockpit import config
from cockpit.config import Settings
from cockpit.engine.source import Source
from cockpit.wiring import Places, make_source, running_engine

ASKED_TO_END = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that end a process by default; the cockpit leaves in good order instead."""

DEPARTURE_LIMIT = 8.0
"""Seconds leaving may take; then the process ends as it is, e.g. when its output is a pipe that nobody reads."""


class Departure:
    """Within the block, a signal that asks the process to end makes it leave in good order, once and bounded.

    What is left of the block then is unwound as in a cancellation, and `exit_code` tells the signal.
    """

    def __init__(self) -> None:
        """Prepare; to be made and entered by the task that shall leave."""
        task = asyncio.current_task()
        assert task is not None
        self.act: Callable[[], object] = task.cancel
        """What makes the block end; by default its task is cancelled."""
        self.exit_code = 0
        """128 and the signal's number, as a shell tells it; 0 without a signal."""
        self._loop = asyncio.get_running_loop()
        self._timer: threading.Timer | None = None
        # What is ignored stays ignored: that is how `nohup` asks for it.
        self._signals = [number for number in ASKED_TO_END if signal.getsignal(number) is not signal.SIG_IGN]

    def arm(self) -> None:
        """Take the signals, also back from who took them meanwhile."""
        for number in self._signals:
            signal.signal(number, self._asked)

    def _asked(self, number: int, _: FrameType | None) -> None:
        if self.exit_code:
            return
        self.exit_code = 128 + number
        self._timer = threading.Timer(DEPARTURE_LIMIT, os._exit, (self.exit_code,))
        self._timer.daemon = True
        self._timer.start()
        self._loop.call_soon_threadsafe(self.act)

    def __enter__(self) -> Departure:
        self.arm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        for number in self._signals:
            signal.signal(number, signal.SIG_DFL)
        if self._timer is not None:
            self._timer.cancel()
        return self.exit_code != 0 and isinstance(error, asyncio.CancelledError)


def open_cockpit(root: Path | None, config_file: Path | None, theme: str, read_only: bool, low_bandwidth: bool) -> int:
    """Open the cockpit on the configured fleet; returns when the operator detaches."""
    settings = config.load(config_file)
    places = Places.under(root) if root else Places.standard()
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        print("cockpit: the screen needs a terminal; see `cockpit --help` for verbs without one", file=sys.stderr)
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
