"""Damaged records: the file is set aside, what can still be read of the services is taken over, and it is said."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import time
from pathlib import Path

from cockpit.embedded.api.records import DamagedRecords, Records
from cockpit.embedded.api.tables import SERVICE_TABLES
from cockpit.text.sanitize import our_text
from cockpit.text.streams import warn

logger = logging.getLogger(__name__)

COMPANIONS = ("-wal", "-shm")
"""Files beside a database that belong to it."""


def open_records(path: Path) -> Records:
    """Open the records of services; a damaged file is set aside, beside the new one.

    Raises:
        ConfigError: they cannot be read and are not damaged: they are of a newer version, or the disk refuses.
    """
    try:
        records = Records(path)
        try:
            records.check()
            return records
        except BaseException:
            records.close()
            raise
    except DamagedRecords as error:
        aside = _set_aside(path)
        records = Records(path)
        saved = _take_over(aside, records)
        said = our_text(
            "the records {} are damaged ({}); they were set aside as {}, and {} of their documents were saved",
            str(path),
            error.message,
            str(aside),
            saved,
        )
        logger.error("%s", said)
        warn(said)
        return records


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}")
    number = 1
    while aside.exists():
        number += 1
        aside = aside.with_name(f"{aside.name.partition('+')[0]}+{number}")
    path.rename(aside)
    for companion in COMPANIONS:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{companion}").rename(f"{aside}{companion}")
    return aside


def _take_over(aside: Path, records: Records) -> int:
    """Copy what can be read of the services' tables; return how many documents."""
    saved = 0
    with (
        contextlib.closing(sqlite3.connect(aside.as_uri() + "?mode=ro", uri=True)) as damaged,
        records.act() as database,
    ):
        for table in SERVICE_TABLES:
            with contextlib.suppress(sqlite3.DatabaseError):
                for identifier, document in damaged.execute(f"SELECT id, document FROM {table} ORDER BY seq"):
                    if _is_document(identifier, document):
                        query = f"INSERT OR IGNORE INTO {table} (id, document) VALUES (?, ?)"
                        saved += database.execute(query, (identifier, document)).rowcount
    return saved


def _is_document(identifier: object, document: object) -> bool:
    if not isinstance(identifier, str) or not isinstance(document, str):
        return False
    try:
        return isinstance(json.loads(document), dict)
    except ValueError:
        return False
