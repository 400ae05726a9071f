"""The pseudo-terminals of SSH sessions: one of the host where a sandbox has no walls, else one of the sandbox's own."""

from __future__ import annotations

import fcntl
import logging
import os
import pty
import struct
import termios
from collections.abc import Mapping, Sequence
from typing import IO

from cockpit.embedded.sandbox.launch import LaunchedProcess
from cockpit.embedded.sandbox.sandbox import Sandbox

logger = logging.getLogger(__name__)

COLUMNS, ROWS = 80, 24
"""What a terminal has whose client says nothing."""
LARGEST = 65_535
"""Columns or rows: more the kernel cannot write down, though a client may say it."""


async def begin_on_terminal(
    sandbox: Sandbox,
    arguments: Sequence[str],
    extra: Mapping[str, str],
    variables: Mapping[str, str],
    size: tuple[int, int],
) -> tuple[IO[bytes], LaunchedProcess]:
    """Start a command on a terminal of its own; return our end of it, and the command.

    Args:
        sandbox: where.
        arguments: the program and its arguments.
        extra: what the client would set; of it only language and terminal count.
        variables: what is set beside it, whatever it is.
        size: columns and rows; 0 takes what is usual, and what is too large the largest.

    Raises:
        HostingError: the sandbox is being destroyed, or does not answer.
        OSError: the command could not be started.
    """
    if sandbox.walled:
        child = await sandbox.launch(arguments, extra=extra, variables=variables, size=_fitting(*size))
        return os.fdopen(child.terminal, "rb", buffering=0), child
    master, slave = pty.openpty()
    reading = os.fdopen(master, "rb", buffering=0)
    try:
        set_size(master, *size)
        child = await sandbox.launch(
            arguments,
            extra=extra,
            variables=variables,
            terminal=os.ttyname(slave),
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
    except BaseException:
        reading.close()
        raise
    finally:
        os.close(slave)
    return reading, child


def set_size(terminal: int, width: int, height: int) -> None:
    """Set a terminal's size in cells; a terminal that is closed already is no error."""
    columns, rows = _fitting(width, height)
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    except OSError as error:
        logger.debug("the terminal's size could not be set: %s", error)


def _fitting(columns: int, rows: int) -> tuple[int, int]:
    return min(columns or COLUMNS, LARGEST), min(rows or ROWS, LARGEST)
