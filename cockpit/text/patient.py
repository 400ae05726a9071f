"""Streams that wait where the file itself may not be waited for, so that nothing of a text is lost.

Whoever shares a terminal or a pipe with a process may set O_NONBLOCK on it, e.g. a parent that runs an event loop: the
setting belongs to what is open, not to the process. A write that finds no room and a read that finds nothing fail then,
and Python's own streams lose what did not fit, or take silence for the end of the input.
"""

from __future__ import annotations

import io
import select
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_PIECE = 64 * 1024


class PatientFile(io.FileIO):
    """A file whose every read and write waits as if it were one that may be waited for."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write a part of some data as soon as there is room."""
        while (written := super().write(data)) is None:
            self._wait_for(select.POLLOUT)
        return written

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read as soon as something came; zero at the end."""
        while (size := super().readinto(buffer)) is None:
            self._wait_for(select.POLLIN)
        return size

    def readall(self) -> bytes:
        """Read up to the end."""
        found, piece = bytearray(), bytearray(_PIECE)
        while size := self.readinto(piece):
            found += memoryview(piece)[:size]
        return bytes(found)

    def _wait_for(self, event: int) -> None:
        poller = select.poll()
        poller.register(self.fileno(), event)
        poller.poll()


def patient_output(stream: TextIO, errors: str) -> TextIO:
    """Return a stream to the same place that waits; one that is no file of the system stays as it is."""
    descriptor = _descriptor(stream)
    if descriptor is None:
        return stream
    stream.flush()
    raw = PatientFile(descriptor, "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=errors,
        line_buffering=bool(getattr(stream, "line_buffering", False)),
        write_through=bool(getattr(stream, "write_through", False)),
    )


def patient_input(stream: TextIO) -> TextIO:
    """Return a stream from the same place that waits; one that is no file of the system stays as it is."""
    descriptor = _descriptor(stream)
    if descriptor is None:
        return stream
    raw = PatientFile(descriptor, "rb", closefd=False)
    return io.TextIOWrapper(io.BufferedReader(raw), encoding=stream.encoding, errors=stream.errors)


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None
