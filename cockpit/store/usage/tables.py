"""The tables of usage: steps by which an older file becomes a newer one."""

from __future__ import annotations

USAGE_TABLES = """
CREATE TABLE charges (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    agent TEXT NOT NULL,
    at REAL NOT NULL,
    said INTEGER NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    cost REAL NOT NULL,
    whole INTEGER NOT NULL,
    UNIQUE (key, agent)
);
CREATE INDEX charges_by_time ON charges (at);
CREATE INDEX charges_by_agent ON charges (agent, at);
CREATE TABLE charges_read (
    agent TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    PRIMARY KEY (agent, epoch)
) WITHOUT ROWID;
INSERT INTO charges_read SELECT agent, epoch, line FROM (
    SELECT agent, epoch, (SELECT min(line) FROM events WHERE stream = epochs.id) AS line FROM epochs
) WHERE line IS NOT NULL;
INSERT INTO choices (name, value) SELECT 'usage.uncounted', '0 0' WHERE EXISTS (SELECT 1 FROM events);
CREATE TABLE service_charges (
    place TEXT NOT NULL,
    id TEXT NOT NULL,
    agent TEXT NOT NULL,
    began REAL NOT NULL,
    ended REAL NOT NULL,
    model TEXT NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    cost REAL NOT NULL,
    turns INTEGER NOT NULL,
    PRIMARY KEY (place, id)
) WITHOUT ROWID;
CREATE TABLE task_spans (
    task TEXT NOT NULL,
    agent TEXT NOT NULL,
    began REAL NOT NULL,
    ended REAL,
    title TEXT NOT NULL,
    PRIMARY KEY (agent, task, began)
) WITHOUT ROWID;
CREATE TABLE vm_spans (
    vm_id TEXT NOT NULL,
    began REAL NOT NULL,
    ended REAL NOT NULL,
    name TEXT NOT NULL,
    runs INTEGER NOT NULL,
    vcpus INTEGER NOT NULL,
    memory_mib INTEGER NOT NULL,
    disk_mib INTEGER NOT NULL,
    unseen REAL NOT NULL,
    PRIMARY KEY (vm_id, began)
) WITHOUT ROWID;
CREATE TABLE budgets (
    scope TEXT PRIMARY KEY,
    cost REAL,
    tokens INTEGER,
    stage TEXT NOT NULL,
    period TEXT NOT NULL,
    spent_cost REAL NOT NULL,
    spent_tokens INTEGER NOT NULL,
    at REAL NOT NULL,
    vms TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE limits_resumed (
    cause TEXT NOT NULL,
    until REAL NOT NULL,
    agent TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (cause, until, agent)
) WITHOUT ROWID;
"""

PROCESS_TABLES = """
CREATE TABLE process_sums (
    agent TEXT NOT NULL,
    model TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    line INTEGER NOT NULL,
    key BLOB NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    cost REAL NOT NULL,
    PRIMARY KEY (agent, model, epoch, line)
) WITHOUT ROWID;
CREATE TABLE process_beginnings (
    agent TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    line INTEGER NOT NULL,
    PRIMARY KEY (agent, epoch, line)
) WITHOUT ROWID;
"""
