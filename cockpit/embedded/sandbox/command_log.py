"""The log of what commands of the API wrote in a VM: one JSON object a line, read by the place of its bytes."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from cockpit.embedded.api.records import now_text
from cockpit.embedded.hosting import Written

PIECE = 4096
"""Bytes of output in one entry."""
LOG_LIMIT = 32 * 1024 * 1024
"""Bytes after which the log begins anew, as where it is rotated: places in the former one lead nowhere then."""


def note(path: Path, exec_id: str, written: Written) -> None:
    """Append what a command wrote.

    Raises:
        OSError: the disk refused.
    """
    lines: list[str] = []
    for stream, data in written:
        for start in range(0, len(data), PIECE):
            encoded = base64.b64encode(data[start : start + PIECE]).decode("ascii")
            entry = {"exec_id": exec_id, "timestamp": now_text(), "stream": stream, "data_b64": encoded}
            lines.append(json.dumps(entry, separators=(",", ":")) + "\n")
    if not lines:
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        flags |= os.O_TRUNC
    with os.fdopen(os.open(path, flags, 0o600), "ab") as file:
        file.write("".join(lines).encode())


def noted(path: Path, offset: int, entries: int, stream: str) -> tuple[list[dict[str, str]], int, bool]:
    """Return entries from a place on, the place behind them, and whether the log's end was reached.

    Raises:
        OSError: the disk refused.
    """
    found: list[dict[str, str]] = []
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return found, offset, True
    with file:
        file.seek(offset)
        while len(found) < entries:
            line = file.readline()
            if not line.endswith(b"\n"):
                return found, offset, True
            offset += len(line)
            entry = _entry(line)
            if entry is not None and stream in ("", entry.get("stream")):
                found.append(entry)
    return found, offset, False


def _entry(line: bytes) -> dict[str, Any] | None:
    """Return an entry, or None for a piece of one: the place was in its midst."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict):
        return None
    return {name: value for name, value in entry.items() if value or name != "exec_id"}
