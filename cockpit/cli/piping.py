"""The streams of this process as those of a command on a VM: its input goes there, both outputs come from there."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import select
import threading
from pathlib import Path
from typing import BinaryIO

from cockpit.model.reach import RunningCommand
from cockpit.text.sanitize import clean_text
from cockpit.text.streams import flush_output, is_read_by_a_terminal, put, write_raw

INPUT = 0
READ_SIZE = 1 << 16

KEPT = 1 << 20
"""Bytes of the end of each stream that are kept to be told."""


class Outputs:
    """Writes what a command says: as it is for a program or a file, sanitised for a terminal."""

    def __init__(self, file: Path | None, *, live: bool) -> None:
        """Open the file.

        Args:
            file: gets both streams as they come, and is complete; None for none.
            live: write them to this process's own streams, too.

        Raises:
            OSError: it cannot be written.
        """
        self._file: BinaryIO | None = file.open("wb", buffering=0) if file is not None else None
        self._live = live
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {
            errors: decoder("backslashreplace") for errors in (False, True) if is_read_by_a_terminal(errors=errors)
        }
        self._kept = {False: bytearray(), True: bytearray()}
        self.sizes = {False: 0, True: 0}

    def write(self, data: bytes, stderr: bool) -> None:
        """Write what came on a stream."""
        self.sizes[stderr] += len(data)
        if self._file is not None:
            self._file.write(data)
        if self._live:
            decoder = self._decoders.get(stderr)
            if decoder is None:
                write_raw(data, errors=stderr)
                flush_output()
            else:
                # A carriage return alone would let a line be drawn over another one.
                text = decoder.decode(data).replace("\r\n", "\n").replace("\r", "\n")
                put(clean_text(text), errors=stderr)
        else:
            kept = self._kept[stderr]
            kept += data
            del kept[: max(0, len(kept) - KEPT)]

    def kept(self, *, stderr: bool) -> str:
        """Return the end of what came on a stream that was not written live."""
        return self._kept[stderr].decode("utf-8", "backslashreplace")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def feed(command: RunningCommand) -> None:
    """Send standard input to a command from a thread of its own, as fast as it takes it, and end it at its end.

    A process in the background of a terminal would be stopped by reading it: its command gets no input.
    """
    loop = asyncio.get_running_loop()
    if _in_background():
        command.write_eof()
        return

    def run() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            while data := _read():
                asyncio.run_coroutine_threadsafe(command.write(data), loop).result()
            loop.call_soon_threadsafe(command.write_eof)

    threading.Thread(target=run, name="standard input", daemon=True).start()


def _read() -> bytes:
    while True:
        try:
            return os.read(INPUT, READ_SIZE)
        except BlockingIOError:
            select.select([INPUT], [], [])
        except OSError:
            return b""


def _in_background() -> bool:
    try:
        return os.tcgetpgrp(INPUT) != os.getpgrp()
    except OSError:
        return False
