"""What outlives the process: one SQLite file with events, cursors, the outbox, audit, host keys and search."""

from cockpit.store.errors import StoreError
from cockpit.store.rows import AgentRow, AuditRow, StoredCursor, StoredSnapshot
from cockpit.store.store import Store

__all__ = [
    "AgentRow",
    "AuditRow",
    "SearchHit",
    "Store",
    "StoreError",
    "StoredCursor",
    "StoredSnapshot",
]
