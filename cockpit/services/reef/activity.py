"""A reef's structured logs and the signals between its agents, as entries of a work log."""

from __future__ import annotations

from pydantic import Field

from cockpit.model.shared.listed import Listed
from cockpit.model.shared.records import LogEntry
from cockpit.services.http import ServiceHttp
from cockpit.services.reading import listed
from cockpit.services.reef.usage import minutes
from cockpit.services.wire import Identifier, Object, ServiceModel, Text, Timestamp

LOGS = 500
"""Entries asked for: every call of a tool is one, and without a limit a reef gives them all."""

SIGNALS = 200

SAID = ("summary", "message", "reason", "error")
"""Where the words of a signal are, by convention."""


class ReefLogRecord(ServiceModel):
    """One entry of `/logs`."""

    id: Identifier
    agentName: Text = ""
    level: Text = ""
    category: Text = ""
    message: Text = ""
    createdAt: Timestamp = 0.0

    def entry(self) -> LogEntry:
        """Return the fleet's entry."""
        text = f"{self.category}: {self.message}" if self.category else self.message
        return LogEntry(self.id, self.createdAt, text, self.agentName, self.level)


class SignalRecord(ServiceModel):
    """One signal; its direction and its type are not checked by anybody."""

    id: Identifier
    fromAgent: Text = ""
    toAgent: Text = ""
    direction: Text = ""
    signalType: Text = ""
    payload: Object = Field(default_factory=dict)
    createdAt: Timestamp = 0.0

    def entry(self) -> LogEntry:
        """Return it as an entry of the one who sent it."""
        said = next((str(self.payload[key]) for key in SAID if self.payload.get(key)), "")
        text = f"{self.signalType} to {self.toAgent}" + (f": {said}" if said else "")
        return LogEntry(self.id, self.createdAt, text, self.fromAgent, "signal")


async def logs(http: ServiceHttp, *, last: str = "", now: float = 0.0) -> Listed[LogEntry]:
    """Return the newest entries of the logs, the oldest first.

    Raises:
        ServiceError: they could not be had.
    """
    params: dict[str, str | int] = {"limit": LOGS, "since": _since(last, now)}
    found = await listed(http, "read the logs", "/logs", "logs", ReefLogRecord, ReefLogRecord.entry, params)
    return Listed(found.entries[::-1], found.unreadable, found.as_of)


async def signals(http: ServiceHttp, *, last: str = "", now: float = 0.0) -> Listed[LogEntry]:
    """Return the newest signals, the oldest first. Reading them takes them out of nobody's inbox.

    Raises:
        ServiceError: they could not be had.
    """
    params: dict[str, str | int] = {"limit": SIGNALS, "since": _since(last, now)}
    found = await listed(http, "read the signals", "/signals", "signals", SignalRecord, SignalRecord.entry, params)
    return Listed(found.entries[::-1], found.unreadable, found.as_of)


async def both(http: ServiceHttp, *, last: str = "", now: float = 0.0) -> Listed[LogEntry]:
    """Return logs and signals in one, the oldest first.

    Raises:
        ServiceError: either could not be had.
    """
    said, sent = await logs(http, last=last, now=now), await signals(http, last=last, now=now)
    merged = sorted((*said.entries, *sent.entries), key=lambda entry: entry.at)
    return Listed(tuple(merged), said.unreadable + sent.unreadable, said.as_of)


def _since(last: str, now: float) -> int:
    span = minutes(last)
    return int((now - span * 60) * 1000) if span and now else 0
