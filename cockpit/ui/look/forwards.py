"""How forwards are told where their agent is shown: in its row, in the frame of its output, and in the header."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.ports import PortForward
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import Piece

MARK = ours("⇢")
"""Stands before what leads from here to a VM."""


def _style(forwards: Sequence[PortForward]) -> str:
    return "$link-degraded" if any(one.hindrance or one.trouble for one in forwards) else "$link-up"


def forwarded_ports(forwards: Sequence[PortForward]) -> Clean:
    """Return the ports of an agent's VM that are forwarded, for its row; nothing where none is."""
    ports = " ".join(str(port) for port in sorted({one.port for one in forwards}))
    return our_line("{} {}", MARK, ports) if forwards else NOTHING


def forwarded_addresses(forwards: Sequence[PortForward]) -> list[Piece]:
    """Return the local addresses that lead to an agent's VM, for the frame of its output."""
    said = [our_line("  {} {}→{}", MARK, one.address, one.port) for one in forwards]
    return [(words, _style((one,))) for words, one in zip(said, forwards, strict=True)]


def forwards_counted(forwards: Sequence[PortForward]) -> list[Piece]:
    """Return how many forwards stand, for the header."""
    if not forwards:
        return []
    return [(our_line("{} {} forward{}  ", MARK, len(forwards), "" if len(forwards) == 1 else "s"), _style(forwards))]
