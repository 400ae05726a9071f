"""The work log's client: appended to and read, by time alone."""

from __future__ import annotations

from cockpit.model.shared.listed import Listed
from cockpit.model.shared.records import LogEntry
from cockpit.services.http import ServiceHttp
from cockpit.services.reading import listed, one_of
from cockpit.services.wire import Identifier, ServiceModel, Text, Timestamp


class LogRecord(ServiceModel):
    """One entry."""

    id: Identifier
    timestamp: Timestamp = 0.0
    text: Text = ""
    agent: Text = ""

    def entry(self) -> LogEntry:
        """Return the fleet's entry."""
        return LogEntry(self.id, self.timestamp, self.text, self.agent)


class LogClient:
    """The work log of one server."""

    def __init__(self, http: ServiceHttp) -> None:
        self._http = http

    async def entries(self, *, last: str = "") -> Listed[LogEntry]:
        """Return the entries, the oldest first.

        Args:
            last: how far back, as `8h` or `3d`; empty for a day. The server takes what else it is given for a day.

        Raises:
            ServiceError: they could not be had.
        """
        return await listed(
            self._http, "read the work log", "/log", "entries", LogRecord, LogRecord.entry, {"last": last}
        )

    async def write(self, text: str, agent: str) -> LogEntry:
        """Append an entry and return it. After a lost answer it may be there: look before writing it again.

        Raises:
            ServiceError: it was refused, or the answer was lost.
        """
        what = "write into the work log"
        reply = await self._http.request(what, "POST", "/log", body={"text": text, "agent": agent})
        return one_of(reply, what, LogRecord).entry()
