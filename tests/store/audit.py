"""The audit as it stands in the file, read without the store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple


class AuditRow(NamedTuple):
    """One act of the operator."""

    at: float
    verb: str
    target: str
    detail: str


def audit_rows(path: Path) -> list[AuditRow]:
    """Return all acts, the oldest first."""
    with closing(sqlite3.connect(path)) as connection:
        return [AuditRow(*row) for row in connection.execute("SELECT at, verb, target, detail FROM audit ORDER BY id")]
