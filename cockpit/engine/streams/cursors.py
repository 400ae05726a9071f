"""Between the reader's cursor and the store's: the same position, opaque to the store."""

from __future__ import annotations

import functools
import json
import logging

from cockpit.remote.tail.cursor import Cursor, FileIdentity
from cockpit.store.rows import StoredCursor

log = logging.getLogger(__name__)


def to_stored(cursor: Cursor, epoch: int, at: float) -> StoredCursor:
    """Return a reader's cursor as the store keeps it."""
    return StoredCursor(
        epoch=epoch,
        offset=cursor.offset,
        line=cursor.line,
        identity=_identity_text(cursor.identity),
        anchor=f'[{cursor.anchor_length}, "{cursor.anchor_digest}"]',
        at=at,
    )


@functools.lru_cache(maxsize=1024)
def _identity_text(identity: FileIdentity) -> str:
    return json.dumps([identity.device, identity.inode, identity.head_length, identity.head_digest])


def from_stored(stored: StoredCursor) -> Cursor | None:
    """Return a stored cursor as the reader takes it.

    None if nothing was stored of its epoch yet, or if it cannot be read; then the file is read anew.
    """
    if not stored.anchor:
        return None
    try:
        device, inode, head_length, head_digest = json.loads(stored.identity)
        anchor_length, anchor_digest = json.loads(stored.anchor)
    except (ValueError, TypeError) as error:
        log.warning("a stored cursor cannot be read and is not used: %s", error)
        return None
    return Cursor(
        identity=FileIdentity(device, inode, head_length, head_digest),
        offset=stored.offset,
        line=stored.line,
        anchor_length=anchor_length,
        anchor_digest=anchor_digest,
    )


def epoch_key(identity: FileIdentity, previous: int) -> str:
    """Name a file that follows an epoch, alike for every cockpit that meets it at that point."""
    return f"{identity.device}:{identity.inode}:after {previous}"
