"""The colours an operator may give an agent: the terminal's own, by their names."""

from __future__ import annotations

COLOURS = ("red", "green", "yellow", "blue", "magenta", "cyan")
