"""Where the output of a script of ours begins: behind a marker, since rc files may print anything before it."""

from __future__ import annotations

import secrets

NOISE_LIMIT = 1 << 20
"""Bytes of rc-file noise tolerated before the marker."""

PRELUDE = 'echo "$1 $$"; echo "$1 $$" >&2; shift; '
"""Stands before a script whose first argument is the marker: it says marker and process number on both streams."""


def new_marker() -> str:
    """Return a word that no rc file prints."""
    return f"cockpit-{secrets.token_hex(12)}"


class MarkedStream:
    """One stream of a command, of which what comes before the marker is put aside."""

    def __init__(self, marker: str) -> None:
        self._marker = f"{marker} ".encode()
        self._noise = bytearray()
        self.process_id: int | None = None
        """Of the shell that runs the script, once it has said so."""

    def after_marker(self, data: bytes) -> bytes:
        """Take bytes and return those that are the script's."""
        if self.process_id is not None:
            return data
        self._noise += data
        at = self._noise.find(self._marker)
        end = self._noise.find(b"\n", at)
        if at < 0 or end < 0:
            del self._noise[: max(0, len(self._noise) - NOISE_LIMIT)]
            return b""
        self.process_id = int(self._noise[at + len(self._marker) : end])
        rest = bytes(self._noise[end + 1 :])
        self._noise.clear()
        return rest

    def noise(self) -> str:
        """Return the end of what came while no marker did."""
        return self._noise[-400:].decode("utf-8", "backslashreplace").strip()
