"""What outlives the process: one SQLite file with events, cursors, the outbox, audit, host keys and search."""
