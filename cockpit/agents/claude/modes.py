"""Words for what Claude Code can be set to: what it does unasked, and how much it thinks."""

from __future__ import annotations

THINKING = {"off": 0, "low": 4_000, "medium": 10_000, "high": 31_999, "xhigh": 31_999}
"""Tokens that it may think with, by the words for its effort (`claude --help`); `off` is none of them.

Models that choose by themselves how long they think heed the effort alone, older ones the tokens alone, and all of them
no tokens at all: it is told both. It takes `max` at a start only, so that it is not offered.
"""

OFF = "off"

PERMISSION_MODES: tuple[tuple[str, str], ...] = (
    ("default", "asks before it uses what no rule allows"),
    ("acceptEdits", "changes the files of its workspace unasked, asks for the rest"),
    ("plan", "reads and plans, and changes nothing"),
    ("dontAsk", "asks nobody: what no rule allows is refused"),
    ("auto", "a model of its own decides what needs no question"),
    ("bypassPermissions", "does everything unasked; only if it was started so, and never as root"),
)
"""Its own words (`claude --help`). It answers with success to a word that it does not know, and stays as it is."""
