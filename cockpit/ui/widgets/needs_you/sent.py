"""Answers on their way: none is given twice, and one that was not taken can be given again."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.fleet import Fleet
from cockpit.model.ids import CommandId
from cockpit.model.receipts.receipt import Stage
from cockpit.ui.widgets.needs_you.posed import Posed


class AnswersSent:
    """What was answered, by question, until it waits no more or was not taken."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[CommandId, str]] = {}

    def __contains__(self, question: str) -> bool:
        return question in self._known

    def add(self, posed: Posed, command: CommandId, said: str) -> None:
        """Take that an answer is on its way."""
        self._known[posed.question] = (command, said)

    def said(self, question: str) -> str:
        """Return what was answered, or empty text."""
        return self._known[question][1] if question in self._known else ""

    def look(self, fleet: Fleet, waiting: Iterable[str]) -> str:
        """Forget what is over; return why an answer was not taken, if one was not."""
        waits = set(waiting)
        receipts = {one.id: one for one in fleet.receipts} if self._known else {}
        reason = ""
        for question, (command, _) in [*self._known.items()]:
            receipt = receipts.get(command)
            stage = receipt.stage if receipt is not None else None
            if question in waits and receipt is not None and stage in (Stage.FAILED, Stage.UNCONFIRMED):
                del self._known[question]
                reason = receipt.reason or "no reason was given"
            elif question not in waits and stage in (None, Stage.DONE, Stage.FAILED, Stage.UNCONFIRMED):
                del self._known[question]
        return reason
