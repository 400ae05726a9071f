"""What puts a terminal back as it was before a program of somebody else drew on it, whatever that left behind."""

from __future__ import annotations

import os
import re
import select
import time

KEEP_TITLE = b"\x1b[22;0t"
"""Has the terminal keep its title (xterm, `XTWINOPS`)."""

_MODES_OFF = (9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 2004, 2026, 2027, 2031, 2048, 69, 5, 1)
"""Mouse, focus, paste, synchronised output, clusters, colour reports, sizes in band, margins, reverse, keys."""

END_STRINGS = b"\x18\x1b\\"
"""Ends a sequence or a string that was begun and not ended."""

_PLAIN_KEYS = b"\x1b[<99u\x1b[=0u\x1b[>4;0m"
"""Takes back how keys are sent: kitty's modes, which each of the two screens has of its own, and xterm's."""

_MAIN_SCREEN = b"\x1b[?1049l"
"""Leaves the other screen, and puts the cursor where it was before; on the main one it would put it there as well."""

_REST = b"".join(
    (
        _PLAIN_KEYS,
        b"".join(b"\x1b[?%dl" % mode for mode in _MODES_OFF),
        b"\x1b7\x1b[r\x1b8",  # the whole screen scrolls; setting it moves the cursor, so that is kept meanwhile
        b"\x1b[?7h\x1b[?25h\x1b[0 q\x1b[4l\x1b[20l\x1b>",  # wraps, shows its cursor as ever, replaces, plain keys
        b"\x1b(B\x1b)B\x0f\x1b[0m\x1b]8;;\x1b\\",  # plain letters in plain colours, no link
        b"\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\",  # its own colours
        b"\x1b[23;0t",  # the title that was kept
    )
)
"""All of it is harmless where nothing was changed."""

_PLAIN_ORIGIN = b"\x1b[?6l\x1b[r\x1b[999;1H\r\n"
"""Counts lines from the top again; the cursor goes there with it, so it is sent to the bottom."""

_ORIGIN = re.compile(rb"\x1b\[\?(?:[0-9;]*;)?6(?:;[0-9;]*)?h")
_SCREEN = re.compile(rb"\x1b\[\?(?:[0-9;]*;)?(?:1049|1047|47)(?:;[0-9;]*)?([hl])")
_QUESTION = re.compile(
    rb"\x05|\x1b\[[?>=]?[0-9;]*[cnqt]|\x1b\[\?[0-9;]*(?:\$p|u)|\x1bP[+$]q|\x1b\][0-9;]*[^\x07\x1b]{0,16}\?"
)
"""What a terminal answers: who it is, where its cursor is, what is set, what it knows, which colours it has."""
_LONGEST = 32
"""Bytes of the longest of those that matter; one may be cut in two."""


def scrolled_away(rows: int) -> bytes:
    """Return what empties a terminal of so many lines for whoever draws next; what stood there can be scrolled to."""
    return b"\x1b[r\x1b[%d;1H" % rows + b"\n" * rows + b"\x1b[H"


class ScreenWatch:
    """Which of a terminal's two screens a program draws on."""

    def __init__(self) -> None:
        """Begin on the main one."""
        self.other = False
        """The program left the terminal on the other screen, as editors use it."""
        self.counted_anew = False
        """The program had the terminal count lines from the top of a region."""
        self.asked = False
        """The program asked the terminal something: the answer may still be on its way."""
        self._tail = b""

    def take(self, data: bytes) -> None:
        """Look at what the program sends."""
        seen = self._tail + data
        found = _SCREEN.findall(seen)
        if found:
            self.other = found[-1] == b"h"
        self.counted_anew = self.counted_anew or _ORIGIN.search(seen) is not None
        self.asked = self.asked or _QUESTION.search(seen) is not None
        self._tail = seen[-_LONGEST:]

    def restoring(self) -> bytes:
        """Return what is sent once the program is gone."""
        leave = _PLAIN_KEYS + _MAIN_SCREEN if self.other else b""
        return END_STRINGS + leave + (_PLAIN_ORIGIN if self.counted_anew else b"") + _REST


_ASK = b"\x1b[c"
_ANSWER = re.compile(rb"\x1b\[\?[0-9;]*c")
"""A terminal answers in order (`DA1`): what comes before this answer belongs to questions of the program."""

ANSWER_LIMIT = 2.0
"""Seconds the answer gets: the line to the terminal may be slow."""


def swallow_answers(input_descriptor: int, output_descriptor: int, limit: float = ANSWER_LIMIT) -> None:
    """Ask a terminal something, and read up to its answer, so that older answers are not taken for keys.

    It must still be raw. What is typed within the time it takes is lost with them.
    """
    os.write(output_descriptor, _ASK)
    deadline, read = time.monotonic() + limit, b""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([input_descriptor], [], [], left)[0]:
            return
        data = os.read(input_descriptor, 65536)
        read = (read + data)[-4096:]
        if not data or _ANSWER.search(read):
            return
