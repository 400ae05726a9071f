"""Gives the terminal to another program for a while: the cockpit lives on, draws nothing, and comes back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from textual.app import App

from cockpit.ui.terminal.driver import TerminalDriver


@contextmanager
def stepped_aside(app: App[None]) -> Iterator[None]:
    """Leave the terminal to somebody else within the block; streams are read and links are kept meanwhile.

    Raises:
        SuspendNotSupported: there is no terminal to give.
    """
    driver = app._driver
    with app.suspend():
        if isinstance(driver, TerminalDriver):
            driver.aside = True
        try:
            yield
        finally:
            if isinstance(driver, TerminalDriver):
                driver.aside = False
    app.refresh(repaint=True, layout=True)
