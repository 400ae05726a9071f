"""The log of a server: rotated, and every file of it this user's alone."""

from __future__ import annotations

import io
import logging
import logging.handlers
import os
from pathlib import Path

LOG_BYTES = 2_000_000
LOG_FILES = 3


class _PrivateLog(logging.handlers.RotatingFileHandler):
    """A rotated log whose every file is this user's alone."""

    def _open(self) -> io.TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return io.TextIOWrapper(io.FileIO(descriptor, "a"), self.encoding, self.errors, line_buffering=True)


def open_log(root: Path) -> logging.Handler:
    """Log into `serve.log` of a directory."""
    path = root / "serve.log"
    handler = _PrivateLog(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    return handler
