"""What was typed before the screen took the terminal: it stands there in lines, whose enter became a line feed."""

from __future__ import annotations

import array
import fcntl
import termios

_LOCAL = 3
"""Where the local modes stand among a terminal's settings."""


def waiting_lines(terminal: int) -> int:
    """Return how many bytes of whole lines wait in a terminal that gives lines; 0 for one that gives keys, or none."""
    try:
        if not termios.tcgetattr(terminal)[_LOCAL] & termios.ICANON:
            return 0
        number = array.array("i", [0])
        fcntl.ioctl(terminal, termios.FIONREAD, number)
    except (termios.error, OSError):
        return 0
    return number[0]


def as_keys(data: bytes, before: int) -> bytes:
    """Return what was read with each enter as the key it was, where `before` bytes of it were typed as lines."""
    return data[:before].replace(b"\n", b"\r") + data[before:]
