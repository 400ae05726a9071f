"""Commands about what the services keep beside board and feed: skills, log, journal, reports, ledger, registry."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import AgentId
from cockpit.model.shared.skills import SharedItem, SharedKind


@dataclass(frozen=True, slots=True)
class PublishItem:
    """Publish a skill or an extension, or its next version."""

    kind: SharedKind
    name: str
    description: str
    content: str
    tags: tuple[str, ...] | None = None
    """None leaves those it has."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class EnableItem:
    """Let agents fetch a skill or an extension, or have them fetch it no more."""

    item: SharedItem
    enabled: bool
    source: str = ""


@dataclass(frozen=True, slots=True)
class RemoveItem:
    """Take a skill or an extension out of the SkillHub for good."""

    kind: SharedKind
    name: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class SyncItems:
    """Write what is enabled onto an agent's VM, and take away what is not."""

    agent: AgentId


@dataclass(frozen=True, slots=True)
class WriteLog:
    """Write into the work log."""

    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class WriteJournal:
    """Write into the journal."""

    text: str
    mood: str = ""
    tags: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class WriteReport:
    """Leave a report; it cannot be changed later."""

    title: str
    content: str
    tags: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class DeleteReport:
    """Delete a report, with all its links."""

    report: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ShareReport:
    """Make a link by which everybody can read a report."""

    report: str
    label: str = ""
    seconds: float = 0.0
    """For how long it is good; 0 for ever."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class RevokeShare:
    """End a link to a report."""

    link: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class RecordCommit:
    """Write a commit into the ledger."""

    commit: str
    vm_id: str
    label: str = ""
    tags: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class StrikeCommit:
    """Take a commit out of the ledger; the commit itself stays."""

    commit: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """Enter something into the registry, or bring its entry up to date."""

    id: str
    name: str
    role: str
    address: str
    status: str = "running"
    services: tuple[tuple[str, int], ...] = ()
    """What can be reached on it: name and port."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class RemoveEntry:
    """Take an entry out of the registry; what it is about goes on."""

    id: str
    source: str = ""


PlacedCommand = (
    PublishItem
    | EnableItem
    | RemoveItem
    | WriteLog
    | WriteJournal
    | WriteReport
    | DeleteReport
    | ShareReport
    | RevokeShare
    | RecordCommit
    | StrikeCommit
    | RegisterEntry
    | RemoveEntry
)
"""Commands about a server, which they name by its source; the first one's if they name none."""

SharedCommand = PlacedCommand | SyncItems

SHARED_VERBS: dict[type[object], str] = {
    PublishItem: "publish skill",
    EnableItem: "switch skill",
    RemoveItem: "remove skill",
    SyncItems: "sync skills",
    WriteLog: "write log",
    WriteJournal: "write journal",
    WriteReport: "write report",
    DeleteReport: "delete report",
    ShareReport: "share report",
    RevokeShare: "revoke link",
    RecordCommit: "record commit",
    StrikeCommit: "strike commit",
    RegisterEntry: "register",
    RemoveEntry: "remove entry",
}
"""The word receipts and the audit use for each."""


def shared_words(command: PlacedCommand) -> tuple[str, str]:
    """Return how the target of a command is named to people, and what a receipt shows of it."""
    match command:
        case PublishItem(kind, name, description):
            return name, f"{kind.value}: {description}"
        case EnableItem(item, enabled):
            return item.name, f"{'enable' if enabled else 'disable'} {item.kind.value}"
        case RemoveItem(kind, name):
            return name, kind.value
        case WriteLog(text):
            return "the work log", text
        case WriteJournal(text):
            return "the journal", text
        case WriteReport(title):
            return title, title
        case DeleteReport(report):
            return report, ""
        case ShareReport(report, label):
            return report, label
        case RevokeShare(link):
            return link, ""
        case RecordCommit(commit, _, label):
            return commit, label
        case StrikeCommit(commit):
            return commit, ""
        case RegisterEntry(entry, name, role):
            return entry, f"{name} ({role})"
        case RemoveEntry(entry):
            return entry, ""
