"""A terminal as an SSH server is asked for one (RFC 4254, section 6.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PseudoTerminal:
    """What stands at the near end; the modes are the server's own."""

    kind: str
    """The value of TERM."""
    columns: int
    rows: int
