"""The log file: what happened, with context, and no secret in it."""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
import sys
from collections.abc import Callable, Iterable
from io import TextIOWrapper
from pathlib import Path

MAX_BYTES = 5_000_000
KEPT_FILES = 3

SHAPES = re.compile(r"sk-[A-Za-z0-9_-]{16,}|Bearer\s+\S+|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END", re.DOTALL)
"""What looks like a secret whatever its value."""


class Redaction(logging.Formatter):
    """Replaces secrets by value and by shape in what is written; the record is everybody's and stays as it is."""

    def __init__(self, form: str, secrets: Callable[[], Iterable[str]]) -> None:
        super().__init__(form)
        self._given: Callable[[], Iterable[str]] | None = secrets
        self._secrets: tuple[str, ...] = ()

    def _take_given(self) -> None:
        """Take what was given when the first line is written: most verbs write none, and to find them all costs."""
        if self._given is not None:
            given, self._given = self._given, None
            try:
                self._secrets += tuple(secret for secret in given() if len(secret) >= 8)
            except BaseException:
                self._given = given  # without them no line is written
                raise

    def format(self, record: logging.LogRecord) -> str:
        """Return a record's line, its traceback included, without a secret."""
        self._take_given()
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return SHAPES.sub("[secret]", text)

    def hide(self, secret: str) -> None:
        """Replace one more."""
        self._take_given()
        if len(secret) >= 8 and secret not in self._secrets:
            self._secrets = (*self._secrets, secret)


class PrivateRotatingFile(logging.handlers.RotatingFileHandler):
    """A rotated log file that only its owner can read, also after each rotation."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        return os.fdopen(descriptor, "a", encoding=self.encoding, errors="backslashreplace")

    def handleError(self, record: logging.LogRecord) -> None:
        """Lose a line that a full disk refuses: said on the terminal it would tear the screen."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


def await_log() -> None:
    """Keep what is logged before there is a log file off the terminal."""
    logging.getLogger("cockpit").addHandler(logging.NullHandler())


def hide(secret: str) -> None:
    """Keep a secret that was learnt while the log is written out of it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, Redaction):
            handler.acquire()  # as whoever writes a line does: none is written while the secrets are being found
            try:
                handler.formatter.hide(secret)
            finally:
                handler.release()


def write_log(file: Path, *, secrets: Callable[[], Iterable[str]] = tuple) -> str:
    """Send everything the product logs to a file (0600), rotated by size.

    Args:
        file: the file.
        secrets: returns what is kept out of it; asked when the first line is written.

    Returns:
        Why there will be no log, on a disk that is full or read-only; empty text usually.
    """
    root = logging.getLogger()
    for known in [handler for handler in root.handlers if isinstance(handler, PrivateRotatingFile)]:
        root.removeHandler(known)
        known.close()
    try:
        handler = PrivateRotatingFile(file, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    except OSError as error:
        await_log()
        return f"no log is written: {file}: {error.strerror or error}"
    handler.setFormatter(Redaction("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s", secrets))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for noisy in ("asyncssh", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return ""
