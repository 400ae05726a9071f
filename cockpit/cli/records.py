"""The work of `log`, `journal`, `reports`, `ledger` and `link`: read what a swarm wrote down, and write into it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless
from cockpit.cli.output import print_json
from cockpit.cli.shared import clock_text, order, print_listed, with_services
from cockpit.errors import CockpitError, UsageError
from cockpit.model.ages import span_text
from cockpit.model.commands.shared import (
    DeleteReport,
    RecordCommit,
    RevokeShare,
    ShareReport,
    StrikeCommit,
    WriteJournal,
    WriteLog,
    WriteReport,
)
from cockpit.model.shared.records import JournalEntry, LedgerEntry, LinkOpened, LogEntry, Report, ShareLink
from cockpit.text.sanitize import clean_text, our_line
from cockpit.text.streams import say, warn

SPAN = re.compile(r"(\d{1,5})([hd])")
"""How far back is written: the servers take anything else for a day."""

MOST_CHARACTERS = 2_000_000
"""Characters of a report that is read from a file."""


def checked_span(option: str, value: str) -> str:
    """Return a span that servers understand.

    Raises:
        UsageError: it is none.
    """
    if value and not SPAN.fullmatch(value):
        raise UsageError(f"{option} takes hours or days, as 8h or 3d, not {value!r}")
    return value


def seconds_of(option: str, value: str) -> float:
    """Return the seconds of a span, 0 of none.

    Raises:
        UsageError: it is no span.
    """
    found = SPAN.fullmatch(checked_span(option, value))
    return int(found[1]) * (3600.0 if found[2] == "h" else 86400.0) if found else 0.0


# --- log and journal -------------------------------------------------------------------------------------


async def log(headless: Headless, text: str | None, last: str, source: str, *, dry_run: bool, as_json: bool) -> int:
    """Print the work log, or write into it."""
    checked_span("--last", last)
    async with with_services(headless, source) as (engine, place):
        if text is not None:
            said = {"text": text}
            what = our_line("write into the work log: {}", text)
            return await order(engine, WriteLog(text, place), what, dry_run=dry_run, as_json=as_json, said=said)
        listed = await engine.coordination.records.log(place, last=last)
    return print_listed(
        listed,
        as_json,
        log_object,
        ("WHEN", "AGENT", "TEXT"),
        lambda entry: (clock_text(entry.at), entry.agent or "-", entry.text),
    )


def log_object(entry: LogEntry) -> dict[str, Any]:
    """Return a log entry for JSON."""
    return {"id": entry.id, "at": entry.at, "agent": entry.agent or None, "level": entry.level or None} | {
        "text": entry.text
    }


async def journal(
    headless: Headless,
    command: WriteJournal | None,
    last: str,
    author: str,
    tag: str,
    source: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Print the journal, or write into it."""
    checked_span("--last", last)
    async with with_services(headless, source) as (engine, place):
        if command is not None:
            said: dict[str, Any] = {"text": command.text, "mood": command.mood or None, "tags": list(command.tags)}
            wanted = WriteJournal(command.text, command.mood, command.tags, place)
            what = our_line("write into the journal: {}", command.text)
            return await order(engine, wanted, what, dry_run=dry_run, as_json=as_json, said=said)
        listed = await engine.coordination.records.journal(place, last=last, author=author, tag=tag)
    return print_listed(
        listed,
        as_json,
        journal_object,
        ("WHEN", "AUTHOR", "MOOD", "TAGS", "TEXT"),
        lambda one: (clock_text(one.at), one.author or "-", one.mood or "-", " ".join(one.tags) or "-", one.text),
    )


def journal_object(entry: JournalEntry) -> dict[str, Any]:
    """Return a journal entry for JSON."""
    said = {"id": entry.id, "at": entry.at, "author": entry.author or None, "mood": entry.mood or None}
    return {**said, "tags": list(entry.tags), "text": entry.text}


# --- reports ---------------------------------------------------------------------------------------------


async def reports(headless: Headless, author: str, tag: str, source: str, as_json: bool) -> int:
    """Print the reports."""
    async with with_services(headless, source) as (engine, place):
        listed = await engine.coordination.records.reports(place, author=author, tag=tag)
    return print_listed(
        listed,
        as_json,
        report_object,
        ("REPORT", "WHEN", "AUTHOR", "TAGS", "TITLE"),
        lambda one: (one.id, clock_text(one.created_at), one.author, " ".join(one.tags) or "-", one.title),
    )


def report_object(report: Report) -> dict[str, Any]:
    """Return a report for JSON; its content where it is known."""
    said = {"id": report.id, "title": report.title, "author": report.author, "created_at": report.created_at}
    return {**said, "tags": list(report.tags)} | ({} if report.content is None else {"content": report.content})


async def show_report(headless: Headless, report: str, source: str, as_json: bool) -> int:
    """Print a report."""
    async with with_services(headless, source) as (engine, place):
        found = await engine.coordination.records.report(report, place)
    if as_json:
        print_json(report_object(found))
    else:
        say(our_line("{} · {} · {}", found.title, found.author, clock_text(found.created_at)))
        for line in ("", *clean_text(found.content or "").split("\n")):
            say(our_line("{}", line))
    return ExitCode.DONE


def _text_of(file: str) -> str:
    try:
        content = Path(file).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CockpitError(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > MOST_CHARACTERS:
        raise UsageError(f"{file} is longer than {MOST_CHARACTERS} characters")
    return content


async def write_report(
    headless: Headless, file: str, title: str, tags: tuple[str, ...], source: str, *, dry_run: bool, as_json: bool
) -> int:
    """Leave a report that stands in a file; its title is the first heading, unless another is given."""
    content = await asyncio.to_thread(_text_of, file)
    heading = next((line.lstrip("# ").strip() for line in content.splitlines() if line.startswith("#")), "")
    called = title or heading or Path(file).stem
    async with with_services(headless, source) as (engine, place):
        said: dict[str, Any] = {"title": called, "tags": list(tags), "characters": len(content)}
        command = WriteReport(called, content, tags, place)
        what = our_line("leave report {}", called)
        return await order(engine, command, what, dry_run=dry_run, as_json=as_json, said=said)


async def delete_report(headless: Headless, report: str, source: str, *, dry_run: bool, as_json: bool) -> int:
    """Delete a report."""
    async with with_services(headless, source) as (engine, place):
        found = await engine.coordination.records.report(report, place)
        what = our_line("delete report {} ({}) and all links to it", found.id, found.title)
        said = {"id": found.id, "deleted": True}
        return await order(engine, DeleteReport(found.id, place), what, dry_run=dry_run, as_json=as_json, said=said)


async def share_report(
    headless: Headless, report: str, label: str, ends: str, source: str, *, dry_run: bool, as_json: bool
) -> int:
    """Make a link by which everybody can read a report, and print it."""
    seconds = seconds_of("--for", ends)
    async with with_services(headless, source) as (engine, place):
        found = await engine.coordination.records.report(report, place)
        long = f"for {span_text(seconds)}" if seconds else "until it is revoked"
        what = our_line("let everybody who has a link read report {} ({}), {}", found.id, found.title, long)
        said: dict[str, Any] = {"report": found.id, "label": label or None, "seconds": seconds or None}
        command = ShareReport(found.id, label, seconds, place)
        return await order(engine, command, what, dry_run=dry_run, as_json=as_json, said=said)


async def links(headless: Headless, report: str, source: str, as_json: bool) -> int:
    """Print the links to a report."""
    async with with_services(headless, source) as (engine, place):
        found = await engine.coordination.records.report(report, place)
        listed = await engine.coordination.records.shares(found.id, place)
    return print_listed(
        listed,
        as_json,
        link_object,
        ("LINK", "LABEL", "ENDS", "OPENED", "IS", "ADDRESS"),
        lambda one: (
            one.id,
            one.label or "-",
            clock_text(one.expires_at),
            f"{one.opened}",
            "revoked" if one.revoked else "open",
            one.url,
        ),
    )


def link_object(link: ShareLink) -> dict[str, Any]:
    """Return a link for JSON."""
    return {
        "id": link.id,
        "report": link.report,
        "url": link.url,
        "label": link.label or None,
        "created_by": link.created_by,
        "expires_at": link.expires_at or None,
        "revoked": link.revoked,
        "opened": link.opened,
    }


async def readers(headless: Headless, link: str, source: str, as_json: bool) -> int:
    """Print who read a report by a link."""
    async with with_services(headless, source) as (engine, place):
        listed = await engine.coordination.records.opened(link, place)

    def row(one: LinkOpened) -> tuple[str, ...]:
        return (clock_text(one.at), one.address or "-", one.browser or "-")

    def to_object(one: LinkOpened) -> dict[str, Any]:
        return {"at": one.at, "address": one.address or None, "browser": one.browser or None}

    return print_listed(listed, as_json, to_object, ("WHEN", "FROM", "WITH"), row)


async def revoke(headless: Headless, link: str, source: str, *, dry_run: bool, as_json: bool) -> int:
    """End a link to a report."""
    async with with_services(headless, source) as (engine, place):
        said = {"link": link, "revoked": True}
        what = our_line("revoke link {}", link)
        return await order(engine, RevokeShare(link, place), what, dry_run=dry_run, as_json=as_json, said=said)


# --- ledger ----------------------------------------------------------------------------------------------


async def ledger(
    headless: Headless, *, tag: str, agent: str, label: str, vm_id: str, source: str, as_json: bool
) -> int:
    """Print the ledger of commits."""
    async with with_services(headless, source) as (engine, place):
        records = engine.coordination.records
        listed = await records.ledger(place, tag=tag, agent=agent, label=label, vm_id=vm_id)
    return print_listed(
        listed,
        as_json,
        ledger_object,
        ("COMMIT", "WHEN", "LABEL", "AGENT", "TAGS", "VM"),
        lambda one: (
            one.commit,
            clock_text(one.at),
            one.label or "-",
            one.agent or "-",
            " ".join(one.tags) or "-",
            one.vm_id,
        ),
    )


def ledger_object(entry: LedgerEntry) -> dict[str, Any]:
    """Return an entry of the ledger for JSON."""
    said = {"commit_id": entry.commit, "vm_id": entry.vm_id, "at": entry.at, "label": entry.label or None}
    return {**said, "agent": entry.agent or None, "tags": list(entry.tags), "metadata": entry.metadata or None}


async def record_commit(headless: Headless, command: RecordCommit, *, dry_run: bool, as_json: bool) -> int:
    """Write a commit into the ledger."""
    async with with_services(headless, command.source) as (engine, place):
        wanted = RecordCommit(command.commit, command.vm_id, command.label, command.tags, place)
        what = our_line("write commit {} of VM {} into the ledger", command.commit, command.vm_id)
        said: dict[str, Any] = {"commit_id": command.commit, "vm_id": command.vm_id, "label": command.label or None}
        return await order(engine, wanted, what, dry_run=dry_run, as_json=as_json, said=said)


async def strike(headless: Headless, commit: str, source: str, *, dry_run: bool, as_json: bool) -> int:
    """Take a commit out of the ledger."""
    async with with_services(headless, source) as (engine, place):
        what = our_line("take commit {} out of the ledger; the commit itself stays", commit)
        said = {"commit_id": commit, "struck": True}
        return await order(engine, StrikeCommit(commit, place), what, dry_run=dry_run, as_json=as_json, said=said)


# --- the dashboard ---------------------------------------------------------------------------------------


async def link(headless: Headless, source: str, as_json: bool) -> int:
    """Print a link into the dashboard; it lets in whoever opens it first."""
    async with with_services(headless, source) as (engine, place):
        made = await engine.coordination.link.ask(place)
    if as_json:
        print_json({"url": made.url, "dashboard": made.dashboard, "expires_at": made.expires_at or None})
    else:
        say(our_line("{}", made.url))
        warn(
            our_line("good once, for {}; then {} knows the browser for a day", span_text(made.seconds), made.dashboard)
        )
    return ExitCode.DONE
