"""The audit, read: acts by their words, the newest first."""

from __future__ import annotations

import sqlite3

from cockpit.model.acts import DoneAct
from cockpit.model.codec import safe_text
from cockpit.store.reader import Reader


class ActLog:
    """Implements `cockpit.model.acts.ActsPort` over one store."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def acts(self, *, words: str = "", since: float = 0.0, limit: int = 200) -> list[DoneAct]:
        """Return the newest acts that hold all words."""
        return await self._reader.run(lambda connection: _read(connection, words, since, limit))


def _read(connection: sqlite3.Connection, words: str, since: float, limit: int) -> list[DoneAct]:
    """Return acts; a word counts wherever it stands, whatever its case, and none of its characters means another."""
    wanted = [word.casefold() for word in safe_text(words).split()]
    found: list[DoneAct] = []
    rows = connection.execute("SELECT at, verb, target, detail FROM audit WHERE at >= ? ORDER BY id DESC", (since,))
    for at, verb, target, detail in rows:
        text = f"{verb}\n{target}\n{detail}".casefold()
        if all(word in text for word in wanted):
            found.append(DoneAct(at, verb, target, detail))
            if len(found) >= limit:
                break
    return found
