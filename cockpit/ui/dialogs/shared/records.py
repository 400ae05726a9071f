"""The tabs of what is written down: work log, journal, reports with their links, the ledger of commits."""

from __future__ import annotations

from textual.content import Content

from cockpit.errors import CockpitError
from cockpit.model.commands.shared import (
    DeleteReport,
    RecordCommit,
    ShareReport,
    StrikeCommit,
    WriteJournal,
    WriteLog,
    WriteReport,
)
from cockpit.model.shared.records import JournalEntry, LedgerEntry, LogEntry, Report
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.dialogs.form import Field, FormDialog, Values, listed
from cockpit.ui.dialogs.shared.tab import Desk, KeyLine, Tab, question
from cockpit.ui.look.cells import Piece, age, content, fit
from cockpit.ui.look.rows.names import fit_name

WEEK = "7d"
"""How far back log and journal are read."""

WHO_CELLS = 16


def _head(now: float, at: float, who: str) -> list[Piece]:
    lived: Clean = age(now - at) if at else ours("–")
    return [
        (fit(lived, 5, right=True), "$muted"),
        (our_line(" {} ", fit_name(clean_line(who) or ours("–"), WHO_CELLS)), "$accent"),
    ]


def _whole(text: str) -> Content:
    return content([(clean_text(text), "")])


class LogTab(Tab[LogEntry]):
    """The newest entry first."""

    title = ours("log")
    keys: KeyLine = (("n", "write"),)
    nothing = ours("Nothing was written in the last week.")

    async def look(self, desk: Desk) -> None:
        """Read the work log."""
        found = await desk.engine.coordination.records.log(desk.place, last=WEEK)
        self.take([(entry.id, entry) for entry in reversed(found.entries)], found.missing, found.unreadable)

    def row(self, entry: LogEntry, now: float) -> Content:
        """Return when who wrote what."""
        style = "$agent-failed" if entry.level == "error" else ""
        return content([*_head(now, entry.at, entry.agent), (clean_line(entry.text), style)])

    def open(self, desk: Desk, entry: LogEntry) -> None:
        """Show all of its text."""
        desk.read(our_line("Log: {}", entry.agent or "somebody"), _whole(entry.text))

    def new(self, desk: Desk) -> None:
        """Ask for an entry."""

        def finish(values: Values | None) -> None:
            if values is not None:
                desk.order(WriteLog(values["text"], desk.place))

        fields = (Field("text", ours("entry"), "area", placeholder=ours("what happened")),)
        desk.ask(FormDialog(ours("Write into the log"), fields, _needs_text), finish)

    def copy(self, desk: Desk, entry: LogEntry) -> None:
        """Copy its text."""
        desk.copy(clean_line(entry.text), ours("the entry"))


class JournalTab(Tab[JournalEntry]):
    """The newest entry first."""

    title = ours("journal")
    keys: KeyLine = (("n", "write"),)
    nothing = ours("Nothing was written in the last week.")

    async def look(self, desk: Desk) -> None:
        """Read the journal."""
        found = await desk.engine.coordination.records.journal(desk.place, last=WEEK)
        self.take([(entry.id, entry) for entry in reversed(found.entries)], found.missing, found.unreadable)

    def row(self, entry: JournalEntry, now: float) -> Content:
        """Return when who wrote what, how it goes, and the tags."""
        pieces = _head(now, entry.at, entry.author)
        if entry.mood:
            pieces.append((our_line("{} ", entry.mood), "$agent-done"))
        pieces.append((clean_line(entry.text), ""))
        return content([*pieces, (our_line("  {}", " ".join(f"#{tag}" for tag in entry.tags)), "$muted")])

    def open(self, desk: Desk, entry: JournalEntry) -> None:
        """Show all of its text."""
        desk.read(our_line("Journal: {}", entry.author or "somebody"), _whole(entry.text))

    def new(self, desk: Desk) -> None:
        """Ask for an entry."""

        def finish(values: Values | None) -> None:
            if values is not None:
                desk.order(WriteJournal(values["text"], values["mood"].strip(), listed(values["tags"]), desk.place))

        fields = (
            Field("text", ours("entry"), "area", placeholder=ours("how it goes")),
            Field("mood", ours("mood"), placeholder=ours("in one word, or nothing")),
            Field("tags", ours("tags"), placeholder=ours("comma-separated")),
        )
        desk.ask(FormDialog(ours("Write into the journal"), fields, _needs_text), finish)

    def copy(self, desk: Desk, entry: JournalEntry) -> None:
        """Copy its text."""
        desk.copy(clean_line(entry.text), ours("the entry"))


class ReportsTab(Tab[Report]):
    """The newest first."""

    title = ours("reports")
    keys: KeyLine = (("n", "write"), ("s", "share"), ("D", "delete"))
    nothing = ours("There are no reports.")

    async def look(self, desk: Desk) -> None:
        """Read the list of reports."""
        found = await desk.engine.coordination.records.reports(desk.place)
        self.take([(entry.id, entry) for entry in found.entries], found.missing, found.unreadable)

    def row(self, entry: Report, now: float) -> Content:
        """Return when who left it, its title, and its tags."""
        tags = " ".join(entry.tags)
        pieces = _head(now, entry.created_at, entry.author)
        return content([*pieces, (clean_line(entry.title), "bold"), (our_line("  {}", tags), "$muted")])

    def about(self, entry: Report, now: float) -> Content:
        """Return its id."""
        return content([(our_line("{}", entry.id), "$muted")])

    def open(self, desk: Desk, entry: Report) -> None:
        """Show its content, and who can read it by a link."""

        async def shown() -> None:
            records = desk.engine.coordination.records
            try:
                report, links = await records.report(entry.id, desk.place), await records.shares(entry.id, desk.place)
            except CockpitError as error:
                desk.say(clean_line(str(error)))
                return
            pieces: list[Piece] = [(clean_text(report.content or ""), "")]
            for link in links.entries:
                is_open = "revoked" if link.revoked else f"opened {link.opened} times"
                pieces.append((our_line("\n{} · {} · {}", link.url, link.label or "no label", is_open), "$muted"))
            desk.read(clean_line(report.title), content(pieces))

        desk.work(shown())

    def new(self, desk: Desk) -> None:
        """Ask for a report."""

        def check(values: Values) -> str:
            return desk.engine.disabled_reason(WriteReport(values["title"], values["content"], source=desk.place))

        def finish(values: Values | None) -> None:
            if values is not None:
                desk.order(WriteReport(values["title"], values["content"], listed(values["tags"]), desk.place))

        fields = (
            Field("title", ours("title")),
            Field("content", ours("content"), "area", placeholder=ours("Markdown; it cannot be changed later")),
            Field("tags", ours("tags"), placeholder=ours("comma-separated")),
        )
        desk.ask(FormDialog(ours("Leave a report"), fields, check), finish)

    def send(self, desk: Desk, entry: Report | None) -> None:
        """Ask for whom a link is and how long it is good; it is copied when it is there."""
        if entry is None:
            return

        def check(values: Values) -> str:
            days = values["days"].strip()
            return "" if not days or (days.isdecimal() and 0 < int(days) <= 3650) else "a number of days"

        def finish(values: Values | None) -> None:
            if values is not None:
                seconds = int(values["days"].strip() or 0) * 86_400.0
                desk.order(ShareReport(entry.id, values["label"].strip(), seconds, desk.place))

        fields = (
            Field("label", ours("for"), placeholder=ours("whom it is for")),
            Field("days", ours("days"), placeholder=ours("for ever, unless a number is typed")),
        )
        intro = our_line("Everybody who has the link can read {} without a token.", entry.title)
        desk.ask(FormDialog(ours("Share report"), fields, check, intro=intro), finish)

    def remove(self, desk: Desk, entry: Report) -> None:
        """Ask whether it is to go."""

        def finish(agreed: bool | None) -> None:
            if agreed:
                desk.order(DeleteReport(entry.id, desk.place))

        consequence = ours("It is gone for good, and its links lead nowhere.")
        desk.ask(question(ours("Delete report"), f"{entry.title} ({entry.id})", consequence), finish)

    def copy(self, desk: Desk, entry: Report) -> None:
        """Copy its id."""
        desk.copy(clean_line(entry.id), ours("the id"))


class LedgerTab(Tab[LedgerEntry]):
    """The newest first."""

    title = ours("ledger")
    keys: KeyLine = (("n", "record"), ("D", "strike"))
    opens = False
    nothing = ours("No commit was written down.")

    async def look(self, desk: Desk) -> None:
        """Read the ledger."""
        found = await desk.engine.coordination.records.ledger(desk.place)
        self.take([(entry.commit, entry) for entry in found.entries], found.missing, found.unreadable)

    def row(self, entry: LedgerEntry, now: float) -> Content:
        """Return when who wrote down which commit, with its label and its tags."""
        pieces = _head(now, entry.at, entry.agent)
        pieces += [(our_line("{} ", entry.commit[:8]), "$accent"), (clean_line(entry.label), "bold")]
        return content([*pieces, (our_line("  {}", " ".join(entry.tags)), "$muted")])

    def about(self, entry: LedgerEntry, now: float) -> Content:
        """Return the whole ids, and what else was written down."""
        return content([(our_line("commit {} of VM {}   {}", entry.commit, entry.vm_id, entry.metadata), "$muted")])

    def new(self, desk: Desk) -> None:
        """Ask for a commit."""

        def command(values: Values) -> RecordCommit:
            words = {name: value.strip() for name, value in values.items()}
            return RecordCommit(words["commit"], words["vm"], words["label"], listed(values["tags"]), desk.place)

        def finish(values: Values | None) -> None:
            if values is not None:
                desk.order(command(values))

        fields = (
            Field("commit", ours("commit"), placeholder=ours("its id")),
            Field("vm", ours("VM"), placeholder=ours("the id of the VM it was taken of")),
            Field("label", ours("label")),
            Field("tags", ours("tags"), placeholder=ours("comma-separated")),
        )
        desk.ask(
            FormDialog(ours("Record commit"), fields, lambda values: desk.engine.disabled_reason(command(values))),
            finish,
        )

    def remove(self, desk: Desk, entry: LedgerEntry) -> None:
        """Ask whether an entry is to go."""

        def finish(agreed: bool | None) -> None:
            if agreed:
                desk.order(StrikeCommit(entry.commit, desk.place))

        consequence = ours("The commit itself stays.")
        desk.ask(question(ours("Strike from the ledger"), f"{entry.label} {entry.commit}", consequence), finish)

    def copy(self, desk: Desk, entry: LedgerEntry) -> None:
        """Copy the commit's id."""
        desk.copy(clean_line(entry.commit), ours("the commit's id"))


def _needs_text(values: Values) -> str:
    return "" if values["text"].strip() else "an entry needs a text"
