"""Which editor the operator wants."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

USUAL = ("sensible-editor", "nano", "vim", "vi")
"""Editors that are looked for where none is named, the first one first."""


def editor_command(environment: Mapping[str, str], found: Callable[[str], str | None]) -> tuple[str, ...]:
    """Return the words of the editor's command: VISUAL, else EDITOR, else a usual one; none if there is none.

    Args:
        environment: the operator's.
        found: returns the path of a program, or None.
    """
    for name in ("VISUAL", "EDITOR"):
        try:
            words = tuple(shlex.split(environment.get(name, "")))
        except ValueError:
            words = (environment[name],)  # a quote is open: then it is a path as it stands
        if words:
            return words
    return next(((program,) for program in USUAL if found(program)), ())
