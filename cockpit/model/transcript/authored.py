"""What a tool call puts into a file, from its arguments: the text of a `write`, the change of an `edit`.

Arguments as pi names them (badlogic/pi-mono, packages/coding-agent/src/core/tools) and as Claude Code does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONTENT = ("content", "file_text", "new_source")
PATHS = ("path", "file_path", "notebook_path")
PAIRS = (("oldText", "newText"), ("old_string", "new_string"), ("old_str", "new_str"))
"""How an edit names what stood there, and what shall stand there."""

MOST_EDITS = 64
"""Edits of one call whose change is told."""


def authored(name: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
    """Return the text that a call writes, and the change that it makes; empty where it does neither.

    The agent tells the true change once the call has ended: this one says what is meant until then.
    """
    if not any(isinstance(arguments.get(path), str) for path in PATHS):
        return "", ""
    changes = arguments.get("edits")
    edits = changes[:MOST_EDITS] if isinstance(changes, list) else [arguments]
    diffs = [change for edit in edits if isinstance(edit, Mapping) for change in _change(edit)]
    if diffs:
        return "", "\n".join(diffs)
    if name.lower() not in ("write", "create", "write_file", "notebookedit"):
        return "", ""
    found = (arguments.get(key) for key in CONTENT)
    return next((text for text in found if isinstance(text, str)), ""), ""


def _change(edit: Mapping[str, Any]) -> list[str]:
    """Return the lines of one replacement, those at both ends that stay shown as they are."""
    for before, after in PAIRS:
        old, new = edit.get(before), edit.get(after)
        if isinstance(old, str) and isinstance(new, str) and old != new:
            return _lines(old.split("\n"), new.split("\n"))
    return []


def _lines(old: list[str], new: list[str]) -> list[str]:
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    end, new_end = len(old) - tail, len(new) - tail
    return [
        *(f" {line}" for line in old[:head]),
        *(f"-{line}" for line in old[head:end]),
        *(f"+{line}" for line in new[head:new_end]),
        *(f" {line}" for line in old[end:]),
    ]
