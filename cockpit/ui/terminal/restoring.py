"""What puts a terminal back as it was before a program of somebody else drew on it, whatever that left behind."""

from __future__ import annotations

import os
import re
import select
import time

KEEP_TITLE = b"\x1b[22;0t"
"""Has the terminal keep its title (xterm, `XTWINOPS`)."""

_MODES_OFF = (9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 2004, 2026, 2027, 2031, 2048, 69, 6, 5, 1)
"""Mouse, focus, paste, synchronised output, clusters, colour reports, sizes in band, margins, origin, reverse, keys."""

RESTORE = b"".join(
    (
        b"\x18\x1b\\",  # ends a sequence or a string that was begun and not ended
        b"\x1b[<99u\x1b[=0u\x1b[>4;0m",  # keys: kitty's modes, of the other screen as of this one, and xterm's
        b"\x1b[?1049l\x1b[?1047l\x1b[?47l",  # the main screen
        b"\x1b[<99u\x1b[=0u\x1b[>4;0m",
        b"".join(b"\x1b[?%dl" % mode for mode in _MODES_OFF),
        b"\x1b7\x1b[r\x1b8",  # the whole screen scrolls; setting it moves the cursor, so that is kept meanwhile
        b"\x1b[?7h\x1b[?25h\x1b[0 q\x1b[4l\x1b[20l\x1b>",  # wraps, shows its cursor as ever, replaces, plain keys
        b"\x1b(B\x1b)B\x0f\x1b[0m\x1b]8;;\x1b\\",  # plain letters in plain colours, no link
        b"\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\",  # its own colours
        b"\x1b[23;0t",  # the title that was kept
    )
)
"""Sent once the program is gone; all of it is harmless where nothing was changed."""

_ASK = b"\x1b[c"
_ANSWER = re.compile(rb"\x1b\[\?[0-9;]*c")
"""A terminal answers in order (`DA1`): what comes before this answer belongs to questions of the program."""

ANSWER_LIMIT = 0.5
"""Seconds the answer gets; a terminal that gives none answered nothing before either."""


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
