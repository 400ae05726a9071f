"""Where something stands in a TOML file, for messages: the standard reader forgets the lines of what it read."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[")


def line_of(text: str, table: str, number: int, key: str = "") -> int | None:
    """Return the line of a key in the n-th of several tables, else that of the table's header; None if it is not found.

    It looks at lines alone, so that a text of several lines which looks like a header deceives it: it serves messages.

    Args:
        text: the file.
        table: the name within `[[…]]`.
        number: which of them, from 0 on.
        key: the key in it; empty for the header.
    """
    header = re.compile(rf"\s*\[\[\s*{re.escape(table)}\s*\]\]")
    wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=") if key else None
    at, found = -1, None
    for place, line in enumerate(text.splitlines(), 1):
        if header.match(line):
            at += 1
            if at == number:
                found = place
        elif at == number and _HEADER.match(line):
            break
        elif at == number and wanted is not None and wanted.match(line):
            return place
    return found
