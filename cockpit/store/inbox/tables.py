"""The tables of what is put off and of what became of questions."""

from __future__ import annotations

INBOX_TABLES = """
CREATE TABLE shelved (
    key TEXT PRIMARY KEY,
    how TEXT NOT NULL,
    mark TEXT NOT NULL,
    at REAL NOT NULL,
    until REAL,
    sentence TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE decided (
    key TEXT NOT NULL,
    mark TEXT NOT NULL,
    at REAL NOT NULL,
    who TEXT NOT NULL,
    asked TEXT NOT NULL,
    outcome TEXT NOT NULL,
    answer TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    agent TEXT,
    PRIMARY KEY (key, mark)
) WITHOUT ROWID;
CREATE INDEX decided_by_time ON decided (at);
"""
