"""Notices: words that stand over the screen for a while, clean and never read as markup."""

from __future__ import annotations

from typing import Protocol

from textual.notifications import SeverityLevel

from cockpit.text.clean import NOTHING, Clean


class Notifier(Protocol):
    """Who shows notices: the application, a screen, a widget."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a text for a while."""


def notice(
    notifier: Notifier,
    text: Clean,
    *,
    title: Clean = NOTHING,
    severity: SeverityLevel = "information",
    timeout: float | None = None,
) -> None:
    """Show a text for a while, `timeout` seconds or the application's usual time."""
    notifier.notify(text, title=title, severity=severity, timeout=timeout, markup=False)
