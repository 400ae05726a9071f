"""Opening the file: who else uses it, is it ours and sound, and what happens when it is not.

A file that cannot be read is never guessed at and never deleted: it is set aside under a new name and said aloud.
That is done only while no other cockpit has it open. A file of a newer cockpit is not touched at all: it is refused.
Where no usable file can be had, the store works on a temporary one and says that, so that a full or read-only disk does
not keep the operator from the agents.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cockpit import __version__
from cockpit.store import schema
from cockpit.store.errors import NewerHistory, StoreError, is_damage, store_error
from cockpit.store.lease import Leases

MAGIC = b"SQLite format 3\x00"

CHECK_SECONDS = 0.25
CHECK_SECONDS_AFTER_CRASH = 1.0
"""How long an opening may look for damage: 100 MB take about 0.25 s. A missing end is always found, at no cost; other
damage of a bigger file may be met in use only, and the file is then set aside at the next start."""

LOCK_SECONDS = 10.0
"""How long to wait for another cockpit that is opening the same file."""

ROOM = 128 << 10
"""Bytes that must be free for the journals of a store that nobody else has open: SQLite's index of them alone takes
32 KiB. With less a failure to open is one of the disk."""

_CHECK_INTERVAL = 10_000
"""SQLite instructions between two looks at the clock."""


@dataclass(slots=True)
class OpenedFile:
    """A file that is ready for use, and the lock that tells other cockpits so."""

    path: Path
    notices: tuple[str, ...] = ()
    refused: str = ""
    """Why the file that was asked for cannot be used, and this is only a temporary one; empty otherwise."""
    lock: int | None = None
    leases: Leases = field(default_factory=Leases)
    temporary: Path | None = field(default=None)

    @property
    def trouble(self) -> str:
        """What it means for the operator that the file is only a temporary one; empty otherwise."""
        return f"history is kept only until this cockpit ends: {self.refused}" if self.refused else ""

    def release(self) -> None:
        """Give the leases and the lock back and remove a temporary directory."""
        self.leases.close()
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None
        if self.temporary is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)


def suspicion_of(path: Path) -> Path:
    """Return the file whose presence says that damage was met while the store was in use."""
    return path.with_name(path.name + ".suspect")


def open_file(path: Path, now: Callable[[], float]) -> OpenedFile:
    """Make a store file ready: create it, upgrade it, or set a bad one aside and begin a new one.

    Raises:
        NewerHistory: a newer cockpit wrote it.
        StoreError: not even a temporary file could be made.
    """
    try:
        lock, alone = _lock(path)
    except (OSError, StoreError) as error:
        return _temporary(f"{path} cannot be used: {_cause(path, error)}")
    try:
        return _open_locked(path, lock, alone, now)
    except BaseException:
        os.close(lock)
        raise


def _open_locked(path: Path, lock: int, alone: bool, now: Callable[[], float]) -> OpenedFile:
    notices: list[str] = []
    try:
        fault = _fault_of(path)
        if fault:
            if not alone:
                os.close(lock)
                return _temporary(f"{path} {fault}, and another cockpit has it open: close that one first")
            kept = _set_aside(path, now)
            notices.append(
                f"the store {path} {fault}; it was kept as {kept} and a new one begun."
                " Host keys that were trusted are in the old one: each VM's key is trusted anew at its next contact"
            )
        version = _version(path)
        if 0 < version < schema.VERSION:
            if not alone:
                os.close(lock)
                return _temporary(
                    f"{path} is of an older version that another cockpit still uses: close that one first"
                )
            kept = _back_up(path, version)
            notices.append(
                f"the store {path} was brought from version {version} to {schema.VERSION}; the old one is {kept.name}"
            )
        _create_or_upgrade(path)
        leases = Leases.open(path)
    except (sqlite3.Error, OSError) as error:
        os.close(lock)
        return _temporary(f"{path} cannot be used: {_cause(path, error)}")
    fcntl.flock(lock, fcntl.LOCK_SH)
    return OpenedFile(path, tuple(notices), lock=lock, leases=leases)


def _lock(path: Path) -> tuple[int, bool]:
    """Take part in the use of the file; say whether nobody else does."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    deadline = time.monotonic() + LOCK_SECONDS
    try:
        while True:
            for mode, alone in ((fcntl.LOCK_EX, True), (fcntl.LOCK_SH, False)):
                try:
                    fcntl.flock(lock, mode | fcntl.LOCK_NB)
                    return lock, alone
                except BlockingIOError:
                    continue
            if time.monotonic() > deadline:
                raise StoreError(f"another cockpit has been opening it for {LOCK_SECONDS:.0f} s")
            time.sleep(0.02)
    except BaseException:
        os.close(lock)
        raise


def _fault_of(path: Path) -> str:
    """Say what is wrong with a file, or return empty text for a sound or an absent one.

    Raises:
        sqlite3.Error, OSError: the file could not be looked at.
    """
    if not path.exists() or path.stat().st_size == 0:
        return ""
    with path.open("rb") as file:
        head = file.read(100)
    if head[:16] == MAGIC and head[68:72] == schema.APPLICATION_ID.to_bytes(4, "big"):
        # Before anything else: whether a newer cockpit found its file damaged is for a newer cockpit to say.
        _refuse_newer(path, int.from_bytes(head[60:64], "big", signed=True))
    if suspicion_of(path).exists():
        return "was found damaged in use"
    if head[:16] != MAGIC[: len(head)] or len(head) < 100:
        return "is no SQLite database"
    # The last one who closes a file removes its journal: one that is left means a crash, or that somebody is there.
    crashed = path.with_name(path.name + "-wal").exists()
    connection = sqlite3.connect(path, timeout=schema.BUSY_TIMEOUT, isolation_level=None)
    try:
        version = schema.version_of(connection)
        if version < 0:
            return "belongs to another program"
        _refuse_newer(path, version)
        return _damage_of(connection, CHECK_SECONDS_AFTER_CRASH if crashed else CHECK_SECONDS)
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return f"is damaged ({error})"
        raise
    finally:
        connection.close()


def _refuse_newer(path: Path, version: int) -> None:
    if version > schema.VERSION:
        raise NewerHistory(
            f"the history {path} is of version {version}, and this cockpit ({__version__}) knows versions"
            f" up to {schema.VERSION} only; nothing was changed",
            hint="use the newer cockpit that wrote it, or give this one a place of its own with --root",
        )


def _damage_of(connection: sqlite3.Connection, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _CHECK_INTERVAL)
    try:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
            return ""
        raise
    finally:
        connection.set_progress_handler(None, 0)
    return "" if verdict == "ok" else f"is damaged ({verdict})"


def _version(path: Path) -> int:
    if not path.exists():
        return 0
    connection = sqlite3.connect(path, timeout=schema.BUSY_TIMEOUT)
    try:
        return schema.version_of(connection)
    finally:
        connection.close()


def _set_aside(path: Path, now: Callable[[], float]) -> Path:
    """Rename the file and its journals; return its new path."""
    stamp = datetime.fromtimestamp(now(), UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_name(f"{path.name}.broken-{stamp}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.broken-{stamp}-{number}")
    path.rename(kept)
    for suffix in ("-wal", "-shm"):
        journal = path.with_name(path.name + suffix)
        if journal.exists():
            journal.rename(kept.with_name(kept.name + suffix))
    suspicion_of(path).unlink(missing_ok=True)
    return kept


def _back_up(path: Path, version: int) -> Path:
    """Copy a file before it is upgraded; return the copy's path."""
    kept = path.with_name(f"{path.name}.version-{version}")
    private = path.with_name(f".{kept.name}.{os.getpid()}")
    try:
        _create_private(private)
        source, target = sqlite3.connect(path), sqlite3.connect(private)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()
        private.replace(kept)
    except BaseException:
        private.unlink(missing_ok=True)
        raise
    return kept


def _create_private(path: Path) -> None:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _create_or_upgrade(path: Path) -> None:
    # The journals take their mode from the file, so the file is private before SQLite sees it.
    _create_private(path)
    connection = schema.connect(path)
    try:
        schema.upgrade(connection)
        _prove_writable(connection)
    finally:
        connection.close()


def _prove_writable(connection: sqlite3.Connection) -> None:
    """Fail now, and not at the first event, where the file is read-only."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")


def _cause(path: Path, error: Exception) -> str:
    """Say why a file cannot be used; SQLite calls a full disk and a read-only one an I/O error."""
    with contextlib.suppress(OSError):
        disk = os.statvfs(path.parent)
        if disk.f_flag & os.ST_RDONLY:
            return f"its disk is read-only ({error})"
        if disk.f_bavail * disk.f_frsize < ROOM:
            return f"its disk is full ({error})"
    return str(error)


def _temporary(reason: str) -> OpenedFile:
    try:
        directory = Path(tempfile.mkdtemp(prefix="cockpit-store-"))
        path = directory / "store.db"
        try:
            _create_or_upgrade(path)
        except sqlite3.Error as error:
            shutil.rmtree(directory, ignore_errors=True)
            raise store_error("create", path, error) from error
    except OSError as error:
        raise StoreError(
            f"{reason}; nor can a temporary store be made: {error}", hint="free some disk space"
        ) from error
    opened = OpenedFile(path, refused=reason, temporary=directory)
    opened.notices = (opened.trouble,)
    return opened
