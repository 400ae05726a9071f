"""Paths of the scripted agent as plain strings: `pathlib` and what it brings along is a twentieth of its memory."""

from __future__ import annotations

import os


def make_parents(path: str) -> None:
    """Make the directories above a file.

    Raises:
        OSError: one cannot be made.
    """
    directory = os.path.dirname(path)
    if directory:
        os.makedirs(directory, exist_ok=True)
