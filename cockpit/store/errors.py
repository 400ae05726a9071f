"""The store's errors, and how SQLite's are told to a person."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TypeGuard

from cockpit.errors import CockpitError

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_HINTS = {
    sqlite3.SQLITE_FULL: "free some disk space; nothing is lost, the agents keep their output on their VMs",
    sqlite3.SQLITE_READONLY: "make the file and its directory writable",
    sqlite3.SQLITE_CANTOPEN: "check that its directory exists and is writable",
    sqlite3.SQLITE_IOERR: "check the disk; nothing is lost, the agents keep their output on their VMs",
    sqlite3.SQLITE_BUSY: "another cockpit holds the file; it is tried again",
    sqlite3.SQLITE_CORRUPT: "restart the cockpit: it sets the damaged file aside and begins a new one",
    sqlite3.SQLITE_NOTADB: "restart the cockpit: it sets the damaged file aside and begins a new one",
}


class StoreError(CockpitError):
    """The store could not read or write its file."""


class NewerHistory(StoreError):
    """The file was written by a newer cockpit; it stays as it is."""


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code of an error, 0 where it has none."""
    code = getattr(error, "sqlite_errorcode", None)
    return int(code) & 0xFF if code is not None else 0


def is_environmental(error: BaseException) -> TypeGuard[sqlite3.Error]:
    """Say whether an error lies in the disk or the file, and not in what was asked."""
    return isinstance(error, sqlite3.Error) and primary_code(error) in _HINTS


def is_damage(error: sqlite3.Error) -> bool:
    """Say whether an error means that the file is no sound database."""
    return primary_code(error) in _DAMAGED


def store_error(tried: str, path: Path, error: sqlite3.Error) -> StoreError:
    """Return the error for people: what was tried on which file, what came back, what to do next."""
    return StoreError(f"cannot {tried} {path}: {error}", hint=_HINTS.get(primary_code(error), ""))
