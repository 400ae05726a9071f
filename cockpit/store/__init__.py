"""SQLite on this machine: events, cursors, outbox, host keys."""
