"""Log, journal, reports and ledger as they are read; a reef's own logs and signals stand in for its log."""

from __future__ import annotations

from cockpit.engine.clock import Clock
from cockpit.engine.coordination.places import ServicePlaces, lack, or_told, reef_facts
from cockpit.errors import NotFound
from cockpit.model.shared.listed import Listed
from cockpit.model.shared.records import JournalEntry, LedgerEntry, LinkOpened, LogEntry, Report, ShareLink
from cockpit.services.errors import ServiceMissing
from cockpit.services.journal import JournalClient
from cockpit.services.ledger import LedgerClient
from cockpit.services.log import LogClient
from cockpit.services.reef import activity
from cockpit.services.reports import ReportsClient

WHOLE_ID = 26
"""Characters of a whole id; fewer are looked for among the reports."""


class SharedRecords:
    """Implements `cockpit.model.shared.records.RecordsPort`."""

    def __init__(self, places: ServicePlaces, clock: Clock) -> None:
        self._places = places
        self._clock = clock

    async def log(self, place: str = "", *, last: str = "") -> Listed[LogEntry]:
        """Return the work log, the oldest entry first.

        Raises:
            CockpitError: it could not be had.
        """
        services = self._places.services(place)
        try:
            return await LogClient(services.http).entries(last=last)
        except ServiceMissing as missing:
            facts = await reef_facts(services, missing)
            if not (facts.has("logs") and facts.has("signals")):
                return Listed(missing=(lack("log", facts),))
        found = await activity.both(services.http, last=last, now=self._clock.now())
        newest = f"the newest {activity.LOGS} entries and {activity.SIGNALS} signals of a reef"
        return Listed(found.entries, found.unreadable, found.as_of, (f"these are at most {newest}",))

    async def journal(
        self, place: str = "", *, last: str = "", author: str = "", tag: str = ""
    ) -> Listed[JournalEntry]:
        """Return the journal, the oldest entry first.

        Raises:
            CockpitError: it could not be had.
        """
        services = self._places.services(place)
        client = JournalClient(services.http)
        return await or_told(services, "journal", lambda: client.entries(last=last, author=author, tag=tag))

    async def reports(self, place: str = "", *, author: str = "", tag: str = "") -> Listed[Report]:
        """Return the reports without their content, the newest first.

        Raises:
            CockpitError: they could not be had.
        """
        services = self._places.services(place)
        client = ReportsClient(services.http)
        return await or_told(services, "reports", lambda: client.entries(author=author, tag=tag))

    async def report(self, report: str, place: str = "") -> Report:
        """Return a report with its content, by its id or the only beginning of it.

        Raises:
            CockpitError: it could not be had, or there is none.
        """
        client = ReportsClient(self._places.services(place).http)
        return await client.report(report if len(report) == WHOLE_ID else await self._whole(client, report))

    async def _whole(self, client: ReportsClient, beginning: str) -> str:
        found = [one for one in (await client.entries()).entries if one.id.lower().startswith(beginning.lower())]
        if len(found) == 1 and beginning:
            return found[0].id
        named = ", ".join(f"{one.id} ({one.title})" for one in found[:5])
        raise NotFound(
            f"{len(found) or 'no'} reports begin with {beginning!r}" + (f": {named}" if named else ""),
            hint="`cockpit reports` lists them",
        )

    async def shares(self, report: str, place: str = "") -> Listed[ShareLink]:
        """Return the links to a report.

        Raises:
            CockpitError: they could not be had.
        """
        services = self._places.services(place)
        client = ReportsClient(services.http)
        return await or_told(services, "links to reports", lambda: client.shares(report))

    async def opened(self, link: str, place: str = "") -> Listed[LinkOpened]:
        """Return who read a report by a link, the last first.

        Raises:
            CockpitError: it could not be had.
        """
        return await ReportsClient(self._places.services(place).http).opened(link)

    async def ledger(
        self, place: str = "", *, tag: str = "", agent: str = "", label: str = "", vm_id: str = ""
    ) -> Listed[LedgerEntry]:
        """Return the commits that were written down, the newest first.

        Raises:
            CockpitError: they could not be had.
        """
        services = self._places.services(place)
        client = LedgerClient(services.http)
        return await or_told(
            services, "ledger of commits", lambda: client.entries(tag=tag, agent=agent, label=label, vm_id=vm_id)
        )
