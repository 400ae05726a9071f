"""One line that says what a tool call works on, from its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SUMMARY_LENGTH = 200
"""Characters of a summary: more never fits a row, and arguments can be megabytes."""

TELLING_ARGUMENTS = (
    "command",
    "path",
    "file_path",
    "pattern",
    "query",
    "url",
    "question",
    "description",
    "name",
)
"""The argument that says most about a call, in this order of preference; of pi's own tools these are `command`
(bash), `path` (read, write, edit, ls) and `pattern` (grep, find), see badlogic/pi-mono,
packages/coding-agent/src/core/tools."""


def one_line(text: str, length: int = SUMMARY_LENGTH) -> str:
    """Return text as one line: every run of white space one blank, cut to a length with an ellipsis."""
    line = " ".join(text[: length * 4].split())
    if len(line) <= length and len(text) <= length * 4:
        return line
    return line[: length - 1] + "…"


def summarize_call(arguments: Mapping[str, Any]) -> str:
    """Return the command, path or other telling argument of a tool call as one line; empty if there is none."""
    for name in TELLING_ARGUMENTS:
        value = arguments.get(name)
        if isinstance(value, str) and value.strip():
            return one_line(value)
    for name, value in arguments.items():
        if isinstance(value, str) and value.strip():
            return one_line(f"{name}: {value}")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return one_line(f"{name}: {value}")
    return ""


def call_title(name: str, arguments: Mapping[str, Any]) -> str:
    """Return the title of a tool call: its name, and what it works on."""
    return f"{one_line(name, 80) or 'tool'} {summarize_call(arguments)}".rstrip()
