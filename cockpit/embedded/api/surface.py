"""All services behind one gate: what an application of the fleet, or one that serves nothing else, is made of."""

from __future__ import annotations

from starlette.routing import BaseRoute

from cockpit.embedded.api.board import Board
from cockpit.embedded.api.callers import Callers
from cockpit.embedded.api.dashboard import Dashboard
from cockpit.embedded.api.feed import FeedApi
from cockpit.embedded.api.gate import ServiceGate
from cockpit.embedded.api.ledger import CommitLedger
from cockpit.embedded.api.log import Journal, WorkLog
from cockpit.embedded.api.records import Records
from cockpit.embedded.api.registry import Registry
from cockpit.embedded.api.reports import Reports
from cockpit.embedded.api.service_records import ServiceRecords
from cockpit.embedded.api.sessions import Sessions
from cockpit.embedded.api.skills import SkillHub
from cockpit.embedded.api.streams import HEARTBEAT_INTERVAL
from cockpit.embedded.api.usage import UsageRecords


class AllServices:
    """The services of one file under one token."""

    def __init__(self, records: Records, token: str, heartbeat: float = HEARTBEAT_INTERVAL) -> None:
        """Open the services.

        Args:
            records: the file; it stays the caller's to close.
            token: what every call must bring that is not public.
            heartbeat: seconds between two comments on an open stream.
        """
        self.records = ServiceRecords(records)
        self.sessions = Sessions()
        """Those of the dashboard."""
        self.callers = Callers(token, records)
        """Tells the operator from agents."""
        self.gate = ServiceGate(self.callers.admit_to_services, self.sessions)
        self._heartbeat = heartbeat
        self._dashboard = Dashboard(self.records, self.sessions, token)

    def shares(self, link: str) -> bool:
        """Say whether a report was shared under a link."""
        return self.records.share_links.get(link) is not None

    def routes(self) -> list[BaseRoute]:
        """Return every route."""
        return [
            *Board(self.records).routes(),
            *FeedApi(self.records, self._heartbeat).routes(),
            *Registry(self.records, self.callers).routes(),
            *WorkLog(self.records).routes(),
            *Journal(self.records).routes(),
            *UsageRecords(self.records).routes(),
            *SkillHub(self.records, self._heartbeat).routes(),
            *Reports(self.records).routes(),
            *CommitLedger(self.records).routes(),
            *self._dashboard.routes(),
        ]
