"""The journal's client: notes about how the work goes, with an author, a mood and tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.model.shared.listed import Listed
from cockpit.model.shared.records import JournalEntry
from cockpit.services.http import ServiceHttp
from cockpit.services.reading import listed, one_of
from cockpit.services.wire import Identifier, ServiceModel, Text, Texts, Timestamp


class JournalRecord(ServiceModel):
    """One entry."""

    id: Identifier
    timestamp: Timestamp = 0.0
    text: Text = ""
    author: Text = ""
    mood: Text = ""
    tags: Texts = ()

    def entry(self) -> JournalEntry:
        """Return the fleet's entry."""
        return JournalEntry(self.id, self.timestamp, self.text, self.author, self.mood, self.tags)


class JournalClient:
    """The journal of one server."""

    def __init__(self, http: ServiceHttp) -> None:
        self._http = http

    async def entries(self, *, last: str = "", author: str = "", tag: str = "") -> Listed[JournalEntry]:
        """Return the entries, the oldest first; author and tag match whole, in any case of letters.

        Args:
            last: how far back, as `8h` or `3d`; empty for a day.
            author: who wrote them.
            tag: what they have.

        Raises:
            ServiceError: they could not be had.
        """
        params = {"last": last, "author": author, "tag": tag}
        return await listed(
            self._http, "read the journal", "/journal", "entries", JournalRecord, JournalRecord.entry, params
        )

    async def write(self, text: str, author: str, *, mood: str = "", tags: Sequence[str] = ()) -> JournalEntry:
        """Append an entry and return it. After a lost answer it may be there: look before writing it again.

        Raises:
            ServiceError: it was refused, or the answer was lost.
        """
        body: dict[str, Any] = {"text": text, "author": author}
        body |= {"mood": mood} if mood else {}
        body |= {"tags": list(tags)} if tags else {}
        what = "write into the journal"
        return one_of(await self._http.request(what, "POST", "/journal", body=body), what, JournalRecord).entry()
