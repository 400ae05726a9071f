"""What the embedded fleet remembers of its VMs and commits: one SQLite file that survives a restart.

All methods are short and synchronous and run on the server's event loop: between two awaits nobody else writes, so a
read followed by a write is one act. The file belongs to one server process.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cockpit.embedded.api.tables import FIRST_TABLES, SERVICE_TABLES
from cockpit.errors import ConfigError

SCHEMA = """
CREATE TABLE vms (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, vm_id TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL, deleted_at TEXT,
    started INTEGER NOT NULL, labels TEXT, parent_commit_id TEXT, grandparent_vm_id TEXT,
    vcpu_count INTEGER NOT NULL, mem_size_mib INTEGER NOT NULL, fs_size_mib INTEGER NOT NULL
) STRICT;
CREATE TABLE commits (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, commit_id TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL,
    complete INTEGER NOT NULL, name TEXT NOT NULL, description TEXT, is_public INTEGER NOT NULL,
    parent_vm_id TEXT, grandparent_commit_id TEXT,
    vcpu_count INTEGER NOT NULL, mem_size_mib INTEGER NOT NULL, fs_size_mib INTEGER NOT NULL
) STRICT;
CREATE TABLE tasks (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL) STRICT;
CREATE TABLE feed (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL) STRICT;
CREATE TABLE registry (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL) STRICT;
CREATE INDEX commits_of_vm ON commits (parent_vm_id, seq);
"""
NAMES = """
ALTER TABLE commits ADD COLUMN size_bytes INTEGER NOT NULL DEFAULT 0;
CREATE TABLE repositories (
    name TEXT PRIMARY KEY, repo_id TEXT NOT NULL, description TEXT, is_public INTEGER NOT NULL, created_at TEXT NOT NULL
) STRICT;
CREATE TABLE tags (
    repository TEXT NOT NULL, tag_name TEXT NOT NULL, tag_id TEXT NOT NULL, commit_id TEXT NOT NULL, description TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, PRIMARY KEY (repository, tag_name)
) STRICT;
CREATE TABLE variables (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""
SERVICES = "".join(
    f"CREATE TABLE {kind} (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
    " document TEXT NOT NULL) STRICT;"
    for kind in SERVICE_TABLES
    if kind not in FIRST_TABLES
)
MAKERS = "ALTER TABLE vms ADD COLUMN made_by TEXT NOT NULL DEFAULT '';"
SLEEP = "ALTER TABLE vms ADD COLUMN asleep INTEGER NOT NULL DEFAULT 0;"
STEPS = (SCHEMA, NAMES, SERVICES, MAKERS, SLEEP)
"""What makes a file of each version one of the next."""


DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class DamagedRecords(ConfigError):
    """The file is no database, or its pages do not belong together."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a VM was asked to have: kept and reported; a sandbox is kept to its memory alone, where the kernel can."""

    vcpu_count: int = 1
    mem_size_mib: int = 512
    fs_size_mib: int = 1024


@dataclass(frozen=True, slots=True)
class VmRow:
    """One VM that is not deleted."""

    vm_id: str
    created_at: str
    started: bool
    """False while its sandbox is being made."""
    labels: dict[str, str] | None
    parent_commit_id: str | None
    grandparent_vm_id: str | None
    size: Size
    asleep: bool = False
    """It was put to sleep: it stands still as a paused one, and answers otherwise."""


@dataclass(frozen=True, slots=True)
class CommitRow:
    """One commit."""

    commit_id: str
    created_at: str
    name: str
    description: str | None
    is_public: bool
    parent_vm_id: str | None
    grandparent_commit_id: str | None
    size: Size
    size_bytes: int
    """Bytes its files take; 0 for one of before they were counted."""


class Records:
    """The file. Opens or creates it, brings it to the present schema, and is closed with `close`."""

    def __init__(self, path: Path | str) -> None:
        """Open the file.

        Raises:
            DamagedRecords: it is no database, or is damaged.
            ConfigError: it comes from a newer version, or the disk refuses.
        """
        self.path = path
        if isinstance(path, Path):
            # Created here so that it is never readable by others, not even for a moment.
            path.touch(mode=0o600, exist_ok=True)
        self.database = sqlite3.connect(path, isolation_level=None, timeout=5.0)
        try:
            self.database.execute("PRAGMA journal_mode=WAL")
            self.database.execute("PRAGMA synchronous=NORMAL")
            self._migrate()
        except sqlite3.DatabaseError as error:
            self.database.close()
            damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE
            raise (DamagedRecords if damaged else ConfigError)(
                f"the fleet's records {path} cannot be read: {error}",
                hint="move the file away to begin with an empty fleet",
            ) from error

    def _migrate(self) -> None:
        version = self.database.execute("PRAGMA user_version").fetchone()[0]
        if not 0 <= version <= len(STEPS):
            raise sqlite3.DatabaseError(f"schema {version} is newer than {len(STEPS)}")
        for number, step in enumerate(STEPS[version:], version + 1):
            self.database.executescript(f"BEGIN IMMEDIATE;{step}PRAGMA user_version={number};COMMIT;")

    def check(self) -> None:
        """Look at every page of the file.

        Raises:
            DamagedRecords: they do not belong together.
        """
        try:
            found = self.database.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            found = str(error)
        if found != "ok":
            raise DamagedRecords(str(found))

    def close(self) -> None:
        """Close the file; everything said to be done is in it."""
        self.database.close()

    @contextmanager
    def act(self) -> Iterator[sqlite3.Connection]:
        """Do several statements or none of them."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield self.database
        except BaseException:
            self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    # -- VMs -----------------------------------------------------------------------------------------------------

    def add_vm(
        self,
        vm_id: str,
        size: Size,
        *,
        labels: dict[str, str] | None = None,
        parent_commit_id: str | None = None,
        grandparent_vm_id: str | None = None,
        made_by: str = "",
    ) -> None:
        """Write down a VM whose sandbox is about to be made, and the VM whose agent makes it, if one does."""
        self.database.execute(
            "INSERT INTO vms (vm_id, created_at, started, labels, parent_commit_id, grandparent_vm_id,"
            " vcpu_count, mem_size_mib, fs_size_mib, made_by) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?)",
            (
                vm_id,
                now_text(),
                None if labels is None else json.dumps(labels),
                parent_commit_id,
                grandparent_vm_id,
                size.vcpu_count,
                size.mem_size_mib,
                size.fs_size_mib,
                made_by,
            ),
        )

    def maker_of(self, vm_id: str) -> str:
        """Return the VM whose agent made one, also one that is deleted; empty text if the operator did."""
        row = self.database.execute("SELECT made_by FROM vms WHERE vm_id = ?", (vm_id,)).fetchone()
        return str(row[0]) if row else ""

    def copied_from(self, vm_id: str) -> str:
        """Return the VM of whose commit one was made, also one that is deleted, or empty text."""
        row = self.database.execute("SELECT grandparent_vm_id FROM vms WHERE vm_id = ?", (vm_id,)).fetchone()
        return str(row[0] or "") if row else ""

    def set_started(self, vm_id: str) -> None:
        """The sandbox is there."""
        self.database.execute("UPDATE vms SET started = 1 WHERE vm_id = ?", (vm_id,))

    def delete_vm(self, vm_id: str) -> None:
        """Mark a VM deleted; its lineage stays readable for its commits."""
        self.database.execute(
            "UPDATE vms SET deleted_at = ? WHERE vm_id = ? AND deleted_at IS NULL", (now_text(), vm_id)
        )

    def set_labels(self, vm_id: str, labels: dict[str, str]) -> None:
        """Replace all labels of a VM."""
        self.database.execute("UPDATE vms SET labels = ? WHERE vm_id = ?", (json.dumps(labels), vm_id))

    def set_asleep(self, vm_id: str, *, asleep: bool) -> None:
        """A VM was put to sleep, or woke up."""
        self.database.execute("UPDATE vms SET asleep = ? WHERE vm_id = ?", (int(asleep), vm_id))

    def set_disk(self, vm_id: str, fs_size_mib: int) -> None:
        """Give a VM's disk another size."""
        self.database.execute("UPDATE vms SET fs_size_mib = ? WHERE vm_id = ?", (fs_size_mib, vm_id))

    def vm(self, vm_id: str) -> VmRow | None:
        """Return a VM that is not deleted."""
        rows = self._vms("vm_id = ?", (vm_id,))
        return rows[0] if rows else None

    def vms(self) -> list[VmRow]:
        """Return the VMs that are not deleted, oldest first."""
        return self._vms("1", ())

    def _vms(self, condition: str, values: tuple[str, ...]) -> list[VmRow]:
        rows = self.database.execute(
            "SELECT vm_id, created_at, started, labels, parent_commit_id, grandparent_vm_id, vcpu_count,"
            f" mem_size_mib, fs_size_mib, asleep FROM vms WHERE deleted_at IS NULL AND {condition} ORDER BY seq",
            values,
        )
        return [
            VmRow(
                row[0],
                row[1],
                bool(row[2]),
                json.loads(row[3]) if row[3] else None,
                row[4],
                row[5],
                Size(*row[6:9]),
                bool(row[9]),
            )
            for row in rows
        ]

    def vms_from(self, commit_id: str) -> int:
        """Return how many living VMs were made from a commit."""
        query = "SELECT count(*) FROM vms WHERE deleted_at IS NULL AND parent_commit_id = ?"
        return int(self.database.execute(query, (commit_id,)).fetchone()[0])

    # -- commits -------------------------------------------------------------------------------------------------

    def add_commit(self, commit_id: str, vm: VmRow, name: str, description: str | None) -> None:
        """Write down a commit whose copy is about to be made; its parent is the VM's newest commit, else its origin."""
        query = "SELECT commit_id FROM commits WHERE parent_vm_id = ? AND complete = 1 ORDER BY seq DESC LIMIT 1"
        earlier = self.database.execute(query, (vm.vm_id,)).fetchone()
        self.database.execute(
            "INSERT INTO commits (commit_id, created_at, complete, name, description, is_public, parent_vm_id,"
            " grandparent_commit_id, vcpu_count, mem_size_mib, fs_size_mib) VALUES (?, ?, 0, ?, ?, 0, ?, ?, ?, ?, ?)",
            (
                commit_id,
                now_text(),
                name,
                description,
                vm.vm_id,
                earlier[0] if earlier else vm.parent_commit_id,
                vm.size.vcpu_count,
                vm.size.mem_size_mib,
                vm.size.fs_size_mib,
            ),
        )

    def set_complete(self, commit_id: str, size_bytes: int = 0) -> None:
        """The copy is there, and takes so many bytes."""
        self.database.execute(
            "UPDATE commits SET complete = 1, size_bytes = ? WHERE commit_id = ?", (size_bytes, commit_id)
        )

    def remove_commit(self, commit_id: str) -> None:
        """Forget a commit, and the tags that name it."""
        with self.act() as database:
            database.execute("DELETE FROM tags WHERE commit_id = ?", (commit_id,))
            database.execute("DELETE FROM commits WHERE commit_id = ?", (commit_id,))

    def change_commit(self, commit_id: str, name: str, description: str | None, is_public: bool) -> None:
        """Rename a commit or change who may see it."""
        self.database.execute(
            "UPDATE commits SET name = ?, description = ?, is_public = ? WHERE commit_id = ?",
            (name, description, int(is_public), commit_id),
        )

    def commit(self, commit_id: str) -> CommitRow | None:
        """Return a commit whose copy is complete."""
        rows = self._commits("commit_id = ?", (commit_id,), "")
        return rows[0] if rows else None

    def commits(self, limit: int, offset: int, *, public: bool = False) -> tuple[list[CommitRow], int]:
        """Return a page of commits, newest first, and how many there are."""
        condition = "is_public = 1" if public else "1"
        total = self.database.execute(f"SELECT count(*) FROM commits WHERE complete = 1 AND {condition}").fetchone()
        return self._commits(condition, (limit, offset), "LIMIT ? OFFSET ?"), int(total[0])

    def _commits(self, condition: str, values: tuple[str | int, ...], page: str) -> list[CommitRow]:
        rows = self.database.execute(
            "SELECT commit_id, created_at, name, description, is_public, parent_vm_id, grandparent_commit_id,"
            f" vcpu_count, mem_size_mib, fs_size_mib, size_bytes FROM commits WHERE complete = 1 AND {condition}"
            f" ORDER BY seq DESC {page}",
            values,
        )
        return [
            CommitRow(row[0], row[1], row[2], row[3], bool(row[4]), row[5], row[6], Size(*row[7:10]), row[10])
            for row in rows
        ]

    def unfinished(self) -> tuple[list[str], list[str]]:
        """Return the VMs and commits whose making never came to its end: the server stopped meanwhile."""
        vms = self.database.execute("SELECT vm_id FROM vms WHERE started = 0 AND deleted_at IS NULL")
        commits = self.database.execute("SELECT commit_id FROM commits WHERE complete = 0")
        return [row[0] for row in vms], [row[0] for row in commits]


def now_text() -> str:
    """Return the present as the API writes it: RFC 3339 in UTC with fractions of a second."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
