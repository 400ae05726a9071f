"""All data of the services as one file: written whole, read whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit import __version__
from cockpit.embedded.api.exchange import well_formed
from cockpit.embedded.api.moments import moment_text
from cockpit.embedded.api.records import Records
from cockpit.embedded.api.tables import SERVICE_TABLES
from cockpit.embedded.endpoint import FLEET_SIGNS, held_lock, lock_file
from cockpit.errors import ConfigError, Refused
from cockpit.paths import own_directory, write_private

FORMAT = "swarm-cockpit services"
VERSION = 1
"""The version of the format; a file of a greater one is refused."""
FILE_LIMIT = 2 * 1024**3
"""Bytes of the largest file that is read."""

Tables = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Interchanged:
    """What was written or read: the documents of each table that has some."""

    documents: dict[str, int]

    @property
    def total(self) -> int:
        """How many documents there are."""
        return sum(self.documents.values())


def export_services(root: Path, file: Path, *, replace: bool, dry_run: bool) -> Interchanged:
    """Write the services' data of a directory into a file; their server may run meanwhile.

    Raises:
        ConfigError: there are no records, they are damaged, or the file cannot be written.
        Refused: the file is there already, and is not to be replaced.
    """
    records_file = root / "records.sqlite"
    if not records_file.is_file():
        raise ConfigError(f"there are no records in {root}", hint="name the directory of a fleet or of services")
    if file.exists() and not replace:
        raise Refused(f"{file} is there already", hint="name another file, or add --replace")
    records = Records(records_file)
    try:
        records.check()
        # One transaction sees one moment, whatever is written meanwhile, and holds no writer up.
        records.database.execute("BEGIN")
        tables: Tables = {table: _documents(records, table) for table in SERVICE_TABLES}
    except ValueError as error:
        raise ConfigError(f"a document in {records_file} is damaged: {error}") from error
    finally:
        records.close()
    written = {
        "format": FORMAT,
        "version": VERSION,
        "written_by": __version__,
        "written_at": moment_text(),
        "sha256": _digest(tables),
        "services": tables,
    }
    if not dry_run:
        try:
            write_private(file, json.dumps(written, ensure_ascii=True, indent=1))
        except OSError as error:
            raise ConfigError(f"{file} cannot be written: {error.strerror or error}") from error
    return _counted(tables)


def import_services(root: Path, file: Path, *, replace: bool, dry_run: bool) -> Interchanged:
    """Put the data of a file into the records of a directory: all of it, or nothing.

    Args:
        root: where; it is made if it is not there. No server may run on it.
        file: what `export_services` wrote.
        replace: what the services hold there already goes; without it, there must be nothing.
        dry_run: check everything and change nothing.

    Raises:
        ConfigError: the file is no such file, is damaged, or of a newer version.
        Refused: a server runs there, or there is data that is not to be replaced.
    """
    tables = _read(file)
    if dry_run and not (root / "records.sqlite").is_file():
        return _counted(tables)
    own_directory(root, FLEET_SIGNS)
    with held_lock(lock_file(root)) as mine:
        if not mine:
            raise Refused(f"{root} is served now", hint="stop its server first")
        records = Records(root / "records.sqlite")
        with contextlib.closing(records), records.act() as database:
            there = sum(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in SERVICE_TABLES)
            if there and not replace:
                raise Refused(f"the services in {root} hold {there} documents", hint="--replace removes them")
            if dry_run:
                return _counted(tables)
            for table, documents in tables.items():
                database.execute(f"DELETE FROM {table}")
                key = SERVICE_TABLES[table]
                database.executemany(
                    f"INSERT INTO {table} (id, document) VALUES (?, ?)",
                    ((well_formed(document[key]), json.dumps(document)) for document in documents),
                )
    return _counted(tables)


def _documents(records: Records, table: str) -> list[dict[str, Any]]:
    rows = records.database.execute(f"SELECT document FROM {table} ORDER BY seq")
    return [json.loads(row[0]) for row in rows]


def _read(file: Path) -> Tables:
    try:
        if file.stat().st_size > FILE_LIMIT:
            raise ConfigError(f"{file} is larger than any export of ours")
        read = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file} is no export of the services: {error}", hint="it may be cut off") from error
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise ConfigError(f"{file} is no export of the services")
    version = read.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ConfigError(f"{file} says no version that there is: {version!r}")
    if version > VERSION:
        raise ConfigError(
            f"{file} has version {version} of the format, and {VERSION} is the newest known here",
            hint=f"it was written by Swarm Cockpit {read.get('written_by')}: install that or a newer one",
        )
    return _checked(file, read)


def _checked(file: Path, read: dict[str, Any]) -> Tables:
    tables = read.get("services")
    if not isinstance(tables, dict) or not tables.keys() <= SERVICE_TABLES.keys():
        raise ConfigError(f"{file} does not hold the services' tables")
    for table, documents in tables.items():
        if not isinstance(documents, list) or not all(isinstance(document, dict) for document in documents):
            raise ConfigError(f"{file}: {table} is no list of documents")
        keys = [document.get(SERVICE_TABLES[table]) for document in documents]
        if not all(isinstance(key, str) and key for key in keys) or len({well_formed(key) for key in keys}) < len(keys):
            raise ConfigError(f"{file}: the documents of {table} have no names of their own")
    if read.get("sha256") != _digest(tables):
        raise ConfigError(f"{file} is not as it was written: its digest differs", hint="copy it again")
    return {table: tables.get(table, []) for table in SERVICE_TABLES}


def _digest(tables: Tables) -> str:
    return hashlib.sha256(json.dumps(tables, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _counted(tables: Tables) -> Interchanged:
    return Interchanged({table: len(documents) for table, documents in tables.items() if documents})
