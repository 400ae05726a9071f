"""What a swarm writes down: work log, journal, reports with their links, the ledger of commits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cockpit.model.shared.listed import Listed


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line of the work log."""

    id: str
    at: float
    """Unix seconds of the server's clock."""
    text: str
    agent: str = ""
    level: str = ""
    """`info`, `warn` or `error`, where the server keeps it."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A note about how the work goes."""

    id: str
    at: float
    text: str
    author: str = ""
    mood: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A document that an agent or a person left; it never changes."""

    id: str
    title: str
    author: str
    created_at: float
    """Unix seconds."""
    tags: tuple[str, ...] = ()
    content: str | None = None
    """Markdown; None in a list, which leaves it out."""


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A link by which everybody can read a report."""

    id: str
    report: str
    url: str
    """Where it is read."""
    created_by: str = ""
    created_at: float = 0.0
    expires_at: float = 0.0
    """Unix seconds; 0 if it never ends."""
    label: str = ""
    revoked: bool = False
    opened: int = 0
    """How often it was read."""


@dataclass(frozen=True, slots=True)
class LinkOpened:
    """Somebody read a report by a link."""

    at: float
    address: str = ""
    browser: str = ""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A commit that somebody wrote into the ledger; the platform's own list tells whether it is there."""

    commit: str
    vm_id: str
    at: float
    label: str = ""
    agent: str = ""
    tags: tuple[str, ...] = ()
    metadata: str = ""
    """As JSON text."""


class RecordsPort(Protocol):
    """What the services of a source keep in writing; the first source's if none is named."""

    async def log(self, place: str = "", *, last: str = "") -> Listed[LogEntry]:
        """Return the work log, the oldest entry first.

        Args:
            place: a source.
            last: how far back, as `8h` or `3d`; empty for the last day.

        Raises:
            CockpitError: it could not be had.
        """

    async def journal(
        self, place: str = "", *, last: str = "", author: str = "", tag: str = ""
    ) -> Listed[JournalEntry]:
        """Return the journal, the oldest entry first; author and tag match whole, in any case of letters.

        Raises:
            CockpitError: it could not be had.
        """

    async def reports(self, place: str = "", *, author: str = "", tag: str = "") -> Listed[Report]:
        """Return the reports without their content, the newest first.

        Raises:
            CockpitError: they could not be had.
        """

    async def report(self, report: str, place: str = "") -> Report:
        """Return a report with its content, by its id or the only beginning of it.

        Raises:
            CockpitError: it could not be had, or there is none.
        """

    async def shares(self, report: str, place: str = "") -> Listed[ShareLink]:
        """Return the links to a report, those that were revoked too.

        Raises:
            CockpitError: they could not be had.
        """

    async def opened(self, link: str, place: str = "") -> Listed[LinkOpened]:
        """Return who read a report by a link, the last first.

        Raises:
            CockpitError: it could not be had.
        """

    async def ledger(
        self, place: str = "", *, tag: str = "", agent: str = "", label: str = "", vm_id: str = ""
    ) -> Listed[LedgerEntry]:
        """Return the commits that were written down, the newest first; each filter matches whole.

        Raises:
            CockpitError: they could not be had.
        """
