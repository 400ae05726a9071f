"""Doubles of what the services keep beside board and feed: each gives what a test puts in, or fails as it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

from cockpit.errors import CockpitError, NotFound
from cockpit.model.commands.shared import PublishItem
from cockpit.model.shared.link import MagicLink
from cockpit.model.shared.listed import Listed
from cockpit.model.shared.records import JournalEntry, LedgerEntry, LinkOpened, LogEntry, Report, ShareLink
from cockpit.model.shared.registered import Liveness, Registered
from cockpit.model.shared.skills import AgentSkills, SharedItem, SharedKind, Shelf, SkillChange, Version

NOW = 1_795_190_400.0
Kept = TypeVar("Kept")

TRIAGE = SharedItem(SharedKind.SKILL, "triage", 2, "How to triage", "# Triage\n", "operator", NOW - 60, NOW - 60)
HANDOFF = SharedItem(
    SharedKind.SKILL, "handoff", 1, "How to hand over", "# Handoff\n", "lt", NOW - 90, NOW - 90, enabled=False
)
HELLO = SharedItem(SharedKind.EXTENSION, "hello", 1, "Example", "// x\n", "lt", NOW - 90, NOW - 90)
WORKER = AgentSkills("worker-auth", "vm-1", (Version("triage", 1),), (), NOW - 30)


class Failing:
    """What a double does before it answers."""

    def __init__(self) -> None:
        self.failure: CockpitError | None = None
        self.asked: list[str] = []
        """The places that were named, in order."""

    def check(self, place: str) -> None:
        """Note a question, and fail if that is wanted."""
        self.asked.append(place)
        if self.failure is not None:
            raise self.failure


class SkillsDouble(Failing):
    """Satisfies `cockpit.model.shared.hub.SkillsPort`."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf((HANDOFF, TRIAGE, HELLO), (WORKER,), (), NOW)
        self.changes: asyncio.Queue[SkillChange] = asyncio.Queue()

    async def look(self, place: str = "") -> Shelf:
        """Return the shelf."""
        self.check(place)
        return self.shelf

    async def found_at(self, path: str, place: str = "") -> tuple[PublishItem, ...]:
        """Return one skill, named after the path."""
        self.check(place)
        return (PublishItem(SharedKind.SKILL, path.rpartition("/")[2], "What for", "---\n---\n", source=place),)

    async def watch(
        self, place: str = "", *, heard: Callable[[bool, str], None] = lambda _up, _reason: None
    ) -> AsyncGenerator[SkillChange, None]:
        """Yield what is put into `changes`."""
        heard(True, "")
        while True:
            yield await self.changes.get()


class RecordsDouble(Failing):
    """Satisfies `cockpit.model.shared.records.RecordsPort`."""

    def __init__(self) -> None:
        super().__init__()
        self.log_entries: tuple[LogEntry, ...] = (
            LogEntry("1", NOW - 3600, "Session started.", "coordinator"),
            LogEntry("2", NOW - 60, "Dispatched worker-auth.\nThen \x1b[31mred\x1b[0m.", ""),
        )
        self.journal_entries = (JournalEntry("1", NOW - 60, "Calmer.", "coordinator", "calm", ("process",)),)
        self.report_entries = (Report("01REPORT", "Sprint recap", "coordinator", NOW - 60, ("recap",)),)
        self.share_entries = (ShareLink("01LINK", "01REPORT", "http://x/reports/share/01LINK", "me", NOW, 0.0, "all"),)
        self.ledger_entries = (LedgerEntry("c0ffee00", "vm-1", NOW - 60, "golden", "coordinator", ("golden",)),)
        self.missing: tuple[str, ...] = ()

    def _listed(self, entries: tuple[Kept, ...], place: str) -> Listed[Kept]:
        self.check(place)
        return Listed(entries, 0, NOW, self.missing)

    async def log(self, place: str = "", *, last: str = "") -> Listed[LogEntry]:
        """Return the log."""
        return self._listed(self.log_entries, place)

    async def journal(
        self, place: str = "", *, last: str = "", author: str = "", tag: str = ""
    ) -> Listed[JournalEntry]:
        """Return the journal."""
        return self._listed(self.journal_entries, place)

    async def reports(self, place: str = "", *, author: str = "", tag: str = "") -> Listed[Report]:
        """Return the reports."""
        return self._listed(self.report_entries, place)

    async def report(self, report: str, place: str = "") -> Report:
        """Return one with a content, by the beginning of its id."""
        self.check(place)
        for one in self.report_entries:
            if one.id.startswith(report):
                return Report(one.id, one.title, one.author, one.created_at, one.tags, "# Recap\n\nAll *done*.\n")
        raise NotFound(f"no report begins with {report!r}")

    async def shares(self, report: str, place: str = "") -> Listed[ShareLink]:
        """Return the links."""
        return self._listed(self.share_entries, place)

    async def opened(self, link: str, place: str = "") -> Listed[LinkOpened]:
        """Return one reading."""
        return self._listed((LinkOpened(NOW - 5, "10.0.0.9", "curl"),), place)

    async def ledger(
        self, place: str = "", *, tag: str = "", agent: str = "", label: str = "", vm_id: str = ""
    ) -> Listed[LedgerEntry]:
        """Return the ledger."""
        return self._listed(self.ledger_entries, place)


class RegistryDouble(Failing):
    """Satisfies `cockpit.model.shared.registered.RegisteredPort`."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Registered, ...] = (
            Registered("vm-1", "worker-auth", "worker", "running", Liveness.ALIVE, 12.0, "vm-1.vm", "lt-backend"),
            Registered("vm-2", "worker-docs", "worker", "running", Liveness.LOST, 7200.0, "vm-2.vm"),
            Registered("vm-3", "lt-backend", "lieutenant", "stopped", Liveness.IDLE, 40.0, "vm-3.vm"),
        )

    async def look(self, place: str = "", *, role: str = "") -> Listed[Registered]:
        """Return the entries of a role."""
        self.check(place)
        return Listed(tuple(one for one in self.entries if role in ("", one.role)), 0, NOW)

    async def discover(self, role: str, place: str = "") -> Listed[Registered]:
        """Return those that run and are fresh."""
        self.check(place)
        found = (one for one in self.entries if one.role == role and one.life is Liveness.ALIVE)
        return Listed(tuple(found), 0, NOW)


class LinkDouble(Failing):
    """Satisfies `cockpit.model.shared.link.LinkPort`."""

    async def ask(self, place: str = "") -> MagicLink:
        """Return a link."""
        self.check(place)
        return MagicLink("http://x:3000/ui/login?token=SECRET", "http://x:3000/ui/", NOW + 300, 300.0)
