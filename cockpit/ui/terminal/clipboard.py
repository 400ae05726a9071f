"""Texts for the terminal's clipboard: it has a limit, takes no control characters from here, and never answers."""

from __future__ import annotations

from textual.app import App

from cockpit.errors import Refused
from cockpit.text.clean import Clean
from cockpit.text.sanitize import our_line

LIMIT = 74_994
"""Bytes of a text that every terminal known to take any takes: 100,000 of the sequence (OSC 52), coded in base 64."""


def copied(app: App[object], text: Clean, what: Clean) -> Clean:
    """Have the terminal copy a text, and return words that say so; whether it does, no terminal tells.

    Args:
        app: whose terminal.
        text: what is copied.
        what: how it is called.

    Raises:
        Refused: it is empty, or longer than what a terminal takes; then nothing was copied.
    """
    size = len(text.encode("utf-8", "replace"))
    if not text.strip():
        raise Refused("there is nothing in it to be copied")
    if size > LIMIT:
        raise Refused(
            f"{what} has {size // 1024} KB, and a terminal takes {LIMIT // 1024}: nothing was copied",
            hint="save it into a file, or copy a part of it",
        )
    app.copy_to_clipboard(text)
    lines = text.count("\n") + 1
    return our_line("Copied {}: {} {}, {} characters", what, lines, "line" if lines == 1 else "lines", len(text))
