"""The tables, and the steps by which an older file becomes a newer one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cockpit.model.codec import KINDS
from cockpit.store.inbox.tables import INBOX_TABLES
from cockpit.store.usage.tables import PROCESS_TABLES, USAGE_TABLES

APPLICATION_ID = 0x53574350
"""Marks the file as ours in SQLite's header ("SWCP")."""

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another process that writes."""

JOURNAL_LIMIT = 16 * 2**20
"""Bytes the write-ahead log shrinks back to after a checkpoint."""

_TRANSCRIPTS = """
CREATE TABLE kinds (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE epochs (
    id INTEGER PRIMARY KEY,
    agent TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    identity TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    started_at REAL NOT NULL DEFAULT 0,
    cursor_offset INTEGER,
    cursor_line INTEGER,
    cursor_identity TEXT,
    cursor_anchor TEXT,
    cursor_at REAL,
    UNIQUE (agent, epoch)
);
CREATE TABLE events (
    stream INTEGER NOT NULL,
    line INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    at REAL NOT NULL,
    kind INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (stream, line)
) WITHOUT ROWID;
CREATE TABLE snapshots (
    agent TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    line INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (agent, epoch, line)
) WITHOUT ROWID;
CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    line INTEGER NOT NULL,
    at REAL NOT NULL,
    source TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (stream, line)
);
CREATE VIRTUAL TABLE texts_index USING fts5 (
    body, content = 'texts', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER texts_added AFTER INSERT ON texts BEGIN
    INSERT INTO texts_index (rowid, body) VALUES (new.id, new.body);
END;
CREATE TRIGGER texts_removed AFTER DELETE ON texts BEGIN
    INSERT INTO texts_index (texts_index, rowid, body) VALUES ('delete', old.id, old.body);
END;
"""

_OPERATOR = """
CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    vm_id TEXT NOT NULL,
    role TEXT NOT NULL,
    program TEXT NOT NULL,
    labels TEXT NOT NULL,
    parent TEXT NOT NULL,
    paths_directory TEXT NOT NULL,
    workspace TEXT NOT NULL,
    run_id TEXT NOT NULL,
    created_at REAL NOT NULL,
    destroyed_at REAL
) WITHOUT ROWID;
CREATE TABLE receipts (
    id TEXT PRIMARY KEY,
    agent TEXT,
    verb TEXT NOT NULL,
    text TEXT NOT NULL,
    stage TEXT NOT NULL,
    created_at REAL NOT NULL,
    reason TEXT NOT NULL,
    stages TEXT NOT NULL
);
CREATE INDEX receipts_by_time ON receipts (created_at);
CREATE TABLE answers (
    agent TEXT NOT NULL,
    dialog_id TEXT NOT NULL,
    text TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (agent, dialog_id)
) WITHOUT ROWID;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    verb TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE TABLE host_keys (
    identity TEXT NOT NULL,
    key TEXT NOT NULL,
    trusted_at REAL NOT NULL,
    PRIMARY KEY (identity, key)
) WITHOUT ROWID;
"""

_NAMES = """
CREATE TABLE names (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE suspects (
    vm_id TEXT PRIMARY KEY,
    evidence TEXT NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
"""

_PLACES = """
ALTER TABLE receipts ADD COLUMN epoch INTEGER;
ALTER TABLE receipts ADD COLUMN line INTEGER;
"""

_ACCOUNTS = """
ALTER TABLE agents ADD COLUMN account TEXT NOT NULL DEFAULT '';
UPDATE agents SET account = '?';
"""

_CREATIONS = """
CREATE TABLE creations (
    request TEXT PRIMARY KEY,
    verb TEXT NOT NULL,
    target TEXT NOT NULL,
    source TEXT NOT NULL,
    account TEXT NOT NULL,
    at REAL NOT NULL,
    agent TEXT NOT NULL,
    known TEXT NOT NULL,
    vms TEXT NOT NULL,
    told INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE dismissals (
    vm_id TEXT PRIMARY KEY,
    evidence TEXT NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
"""

_IDENTITIES = """
ALTER TABLE agents ADD COLUMN parent_vm TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN colour TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN named_at REAL NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN findable INTEGER NOT NULL DEFAULT 0;
"""

_FROZEN = """
CREATE TABLE frozen (
    vm_id TEXT PRIMARY KEY,
    why TEXT NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
"""

_CHOICES = """
CREATE TABLE choices (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
"""

_KEPT_COMMITS = """
CREATE TABLE kept_commits (
    request TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    at REAL NOT NULL,
    account TEXT NOT NULL,
    vm_id TEXT NOT NULL,
    name TEXT NOT NULL,
    identity TEXT NOT NULL,
    kind TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    size TEXT NOT NULL,
    expires_at REAL,
    parent TEXT NOT NULL,
    prompt TEXT NOT NULL,
    trouble TEXT NOT NULL
) WITHOUT ROWID;
"""

_IMAGES_OF_TEXTS = """
ALTER TABLE receipts ADD COLUMN images TEXT NOT NULL DEFAULT '[]';
"""

_COMMENTS = """
CREATE TABLE comments (
    agent TEXT NOT NULL,
    number INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (agent, number)
) WITHOUT ROWID;
CREATE TABLE comment_numbers (
    agent TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE listings (
    agent TEXT NOT NULL,
    occasion TEXT NOT NULL,
    at REAL NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (agent, occasion)
) WITHOUT ROWID;
"""

_OWED = """
CREATE TABLE owed (
    key TEXT PRIMARY KEY,
    at REAL NOT NULL,
    body TEXT NOT NULL,
    settled INTEGER NOT NULL
);
"""

_HAND_OVERS = """
CREATE TABLE hand_overs (
    command TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    agent TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    status TEXT NOT NULL,
    assignee TEXT NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
"""

_ANNOUNCED = """
CREATE TABLE announced (
    agent TEXT NOT NULL,
    place TEXT NOT NULL,
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    state INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (agent, place, kind)
) WITHOUT ROWID;
"""

_NOTEBOOK = """
CREATE TABLE drafts (
    agent TEXT PRIMARY KEY,
    at REAL NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE sent_texts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agent TEXT NOT NULL,
    at REAL NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX sent_texts_by_agent ON sent_texts (agent);
"""

STEPS = (
    _TRANSCRIPTS,
    _OPERATOR,
    _NAMES,
    _PLACES,
    _ACCOUNTS,
    _CREATIONS,
    _IDENTITIES,
    _FROZEN,
    _CHOICES,
    _KEPT_COMMITS,
    _IMAGES_OF_TEXTS,
    _COMMENTS,
    _OWED,
    _HAND_OVERS,
    USAGE_TABLES,
    _ANNOUNCED,
    _NOTEBOOK,
    INBOX_TABLES,
    PROCESS_TABLES,
)
"""A file of version n has gone through the first n steps. A released step never changes: a new one is added."""

VERSION = len(STEPS)


INCREMENTAL = 2
"""Freed pages are given back when it is asked for (SQLite's word for it, pragma `auto_vacuum`)."""


def connect(path: Path, *, read_only: bool = False, timeout: float = BUSY_TIMEOUT) -> sqlite3.Connection:
    """Return a connection in autocommit mode: transactions are begun by hand.

    Raises:
        sqlite3.Error: the file cannot be opened or is no database.
    """
    connection = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
    try:
        # Set before the first table: afterwards it would need the whole file to be rewritten.
        # Where it is set already it is left alone: it would write a page, for which it waits for all who write, and on
        # a full disk nobody could read any more.
        if not read_only and connection.execute("PRAGMA auto_vacuum").fetchone()[0] != INCREMENTAL:
            connection.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
        connection.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing. A power cut may lose the last transactions, each of them whole: the
        # cursor goes back together with its events, and a resume brings both again.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT}")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA secure_delete = OFF")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a file, 0 for one without tables, -1 for a database of another program."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application == APPLICATION_ID:
        return version
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    return 0 if empty and application == 0 and version == 0 else -1


def upgrade(connection: sqlite3.Connection, steps: tuple[str, ...] = STEPS) -> int:
    """Bring a file to the newest version in one transaction; return the version it had.

    Raises:
        sqlite3.Error: a step failed; the file is as it was.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        before = version_of(connection)
        if before < 0:
            raise sqlite3.DatabaseError("the file belongs to another program")
        for step in steps[before:]:
            for statement in _statements(step):
                connection.execute(statement)
        if before < len(steps):
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(steps)}")
        known = {name for (name,) in connection.execute("SELECT name FROM kinds")}
        missing = [(name,) for name in KINDS if name not in known]
        if missing:
            connection.executemany("INSERT OR IGNORE INTO kinds (name) VALUES (?)", missing)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return before


def _statements(script: str) -> list[str]:
    """Cut a script into statements. `executescript` would commit the open transaction before it starts."""
    found: list[str] = []
    pending = ""
    for piece in script.split(";"):
        pending += piece + ";"
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    return [statement for statement in found if statement != ";"]
