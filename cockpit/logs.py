"""The log file: what happened, with context, and no secret in it."""

from __future__ import annotations

import logging
import logging.handlers
import re
from collections.abc import Iterable
from pathlib import Path

MAX_BYTES = 5_000_000
KEPT_FILES = 3

SHAPES = re.compile(r"sk-[A-Za-z0-9_-]{16,}|Bearer\s+\S+|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END", re.DOTALL)
"""What looks like a secret whatever its value."""


class Redaction(logging.Filter):
    """Replaces secrets by value and by shape before a line is written."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = tuple(secret for secret in secrets if len(secret) >= 8)

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean one record; never drops it."""
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
            record.exc_text = None
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        record.msg = SHAPES.sub("[secret]", text)
        record.args = ()
        return True


def write_log(file: Path, *, secrets: Iterable[str] = ()) -> None:
    """Send everything the product logs to a file (0600), rotated by size."""
    if not file.exists():
        file.touch(mode=0o600)
    handler = logging.handlers.RotatingFileHandler(file, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(Redaction(secrets))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for noisy in ("asyncssh", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
