"""Why an order about an entry of the inbox is refused."""

from __future__ import annotations

from cockpit.model.commands.inbox import InboxCommand, TakeBackEntry
from cockpit.model.fleet import Fleet
from cockpit.model.refusals.grounds import Refusal, RefusalCode


def of_inbox(command: InboxCommand, fleet: Fleet) -> Refusal | None:
    if isinstance(command, TakeBackEntry) and not any(one.key == command.key for one in fleet.shelved):
        return Refusal(RefusalCode.ALREADY, "it is not put off")
    if not command.key:
        return Refusal(RefusalCode.QUESTION_CLOSED, "there is no such entry")
    return None
