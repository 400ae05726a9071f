"""Words and scripts for a remote login shell that may be sh, bash, zsh or fish."""

from __future__ import annotations

import functools
import re

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+\Z")


@functools.lru_cache(maxsize=256)
def quote(text: str) -> str:
    r"""Quote one word so that POSIX shells and fish read the same text.

    Single quotes alone differ: fish collapses `\\` and `\'` inside them. Both characters therefore stand outside.
    """
    if _PLAIN.match(text):
        return text
    pieces = re.split(r"(['\\])", text)
    return "".join(f"\\{piece}" if piece in ("'", "\\") else f"'{piece}'" for piece in pieces if piece) or "''"


def command_line(script: str, *arguments: str, shell: str = "sh", name: str = "cockpit") -> str:
    """Return the line that runs a script with arguments in `shell`, in place of the login shell that reads it."""
    words = [quote(word) for word in (shell, "-c", script, name, *arguments)]
    return " ".join(["exec", *words])
