"""How the operator wants to be called."""

from __future__ import annotations

from dataclasses import dataclass

HOOK_SECONDS = 10.0
"""Seconds a hook may take."""
DIGEST_SECONDS = 60.0
"""Seconds for which what is not urgent is gathered."""


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """What config.toml says in its table `notify`."""

    bell: bool = True
    """Ring the terminal's bell."""
    desktop: str = "auto"
    """The sequence that has the terminal show a notice: `9`, `777`, `99`, `off`, or `auto` for what it is known for."""
    title: bool = True
    """Say in the terminal's title how many ask and failed."""
    hook: str = ""
    """A command of the operator, run by `sh -c` with what is told in its environment; empty runs none."""
    hook_seconds: float = HOOK_SECONDS
    digest_seconds: float = DIGEST_SECONDS
