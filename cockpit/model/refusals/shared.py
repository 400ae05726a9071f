"""Why a command about what the services keep is refused."""

from __future__ import annotations

import re

from cockpit.model.commands.shared import (
    EnableItem,
    PlacedCommand,
    PublishItem,
    RecordCommit,
    RegisterEntry,
    SharedCommand,
    ShareReport,
    SyncItems,
    WriteJournal,
    WriteLog,
    WriteReport,
)
from cockpit.model.fleet import Fleet
from cockpit.model.refusals.grounds import NO_AGENT, Refusal, RefusalCode, of_another_account
from cockpit.model.shared.registered import ROLES, STATUSES

NO_SERVICES = Refusal(
    RefusalCode.NO_BOARD,
    "no services are configured: `cockpit infra` makes them, or set VERS_INFRA_URL and VERS_AUTH_TOKEN",
)

ITEM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A name that is a directory's on each VM: no slash, no dots alone."""


def to_services(command: SharedCommand, fleet: Fleet) -> Refusal | None:
    if isinstance(command, SyncItems):
        agent = fleet.agent(command.agent)
        return NO_AGENT if agent is None else of_another_account(agent)
    return _of_words(command) or _of_entry(command)


def _of_words(command: PlacedCommand) -> Refusal | None:
    match command:
        case PublishItem(name=name) if not ITEM_NAME.fullmatch(name):
            return Refusal(RefusalCode.BAD_NAME, f"{name!r} is no name of a skill: letters, digits, dots and dashes")
        case PublishItem(description=description) if not description.strip():
            return Refusal(RefusalCode.NO_TEXT, "it needs a description: by it agents decide whether they read it")
        case PublishItem(content=content) if not content.strip():
            return Refusal(RefusalCode.NO_TEXT, "there is nothing in it")
        case EnableItem(item, enabled) if item.enabled is enabled:
            return Refusal(RefusalCode.ALREADY, f"it is {'enabled' if enabled else 'disabled'} already")
        case WriteLog(text=text) | WriteJournal(text=text) if not text.strip():
            return Refusal(RefusalCode.NO_TEXT, "an entry needs a text")
        case WriteReport(title=title, content=content) if not title.strip() or not content.strip():
            return Refusal(RefusalCode.NO_TEXT, "a report needs a title and a content")
        case ShareReport(seconds=seconds) if seconds < 0:
            return Refusal(RefusalCode.BAD_NUMBER, "a link cannot have ended already")
        case _:
            return None


def _of_entry(command: PlacedCommand) -> Refusal | None:
    match command:
        case RecordCommit(commit=commit, vm_id=vm_id) if not commit.strip() or not vm_id.strip():
            return Refusal(RefusalCode.NO_COMMIT, "the ledger needs the commit's id and its VM's")
        case RegisterEntry(id=entry, name=name, address=address) if not (entry.strip() and name and address.strip()):
            return Refusal(RefusalCode.BAD_NAME, "the registry needs an id, a name and an address")
        case RegisterEntry(role=role) if role not in ROLES:
            return Refusal(RefusalCode.BAD_NAME, f"there is no role {role!r}: {', '.join(ROLES)}")
        case RegisterEntry(status=status) if status not in STATUSES:
            return Refusal(RefusalCode.BAD_NAME, f"there is no status {status!r}: {', '.join(STATUSES)}")
        case _:
            return None
