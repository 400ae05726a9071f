"""The screen steps aside for somebody else on its terminal and comes back as it was; engine and timers go on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from textual.app import App

from cockpit.errors import Refused
from cockpit.ui.terminal.driver import TerminalDriver


@contextlib.contextmanager
def lent(app: App[object]) -> Iterator[None]:
    """Give the terminal away for the time of the block, which may await.

    Raises:
        Refused: the application draws on no terminal of its own.
    """
    driver = app._driver
    if not isinstance(driver, TerminalDriver):
        raise Refused("this screen has no terminal to give away")
    with driver.lent():
        yield
