"""Why an answer to what stands on the board or in the feed is refused."""

from __future__ import annotations

from cockpit.model.commands.owed import AnswerOwed, OwedCommand, ReopenOwed
from cockpit.model.fleet import Fleet
from cockpit.model.refusals.grounds import Refusal, RefusalCode


def of_owed(command: OwedCommand, fleet: Fleet) -> Refusal | None:
    waits = any(owed.key == command.key for owed in fleet.owed)
    if isinstance(command, ReopenOwed):
        return Refusal(RefusalCode.ALREADY, "it waits for an answer already") if waits else None
    if not waits:
        return Refusal(RefusalCode.QUESTION_CLOSED, "it waits for no answer any more")
    if isinstance(command, AnswerOwed) and not command.text.strip():
        return Refusal(RefusalCode.NO_TEXT, "an answer needs a text")
    return None
