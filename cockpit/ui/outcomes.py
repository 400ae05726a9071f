"""Says what became of commands: once that one failed, and that one is done only when its receipt says so."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

from cockpit.model.failures import is_own_abort
from cockpit.model.fleet import Fleet
from cockpit.model.ids import CommandId, OperationId
from cockpit.model.operation import Operation
from cockpit.model.provider_words import said_in
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.widgets.notice import notice

NOTICE = 6.0
"""Seconds for which a word about what was done stands, long enough to read the key that undoes it."""

OVER = (Stage.FAILED, Stage.UNCONFIRMED, Stage.DISMISSED)
"""Stages after which the word about success is never said."""


class Outcomes:
    """What one screen has said about the receipts of the fleet, and what it is still to say."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._failures: frozenset[CommandId] | None = None
        self._promised: dict[CommandId, Clean] = {}
        self._otherwise: dict[CommandId, Callable[[Operation], None]] = {}

    def promise(self, command: CommandId, text: Clean) -> None:
        """Have a text shown when a command is done; it is never shown if the command fails."""
        self._promised[command] = text

    def otherwise(self, command: CommandId, ask: Callable[[Operation], None]) -> None:
        """Have something asked if a command fails; it gets the steps that were done."""
        self._otherwise[command] = ask

    def flush(self, fleet: Fleet) -> None:
        """Say what is new; failures from before this screen opened are the inbox's."""
        self._say_failed(fleet)
        for receipt in fleet.receipts if self._promised else ():
            if receipt.stage is Stage.DONE and (text := self._promised.pop(receipt.id, None)) is not None:
                notice(self._screen, text, timeout=NOTICE)
            elif receipt.stage in OVER:
                self._promised.pop(receipt.id, None)
        for receipt in fleet.receipts if self._otherwise else ():
            if receipt.stage in (Stage.DONE, *OVER) and (ask := self._otherwise.pop(receipt.id, None)) is not None:
                operation = next((one for one in fleet.operations if one.id == OperationId(receipt.id)), None)
                if receipt.stage is Stage.FAILED and operation is not None:
                    ask(operation)

    def _say_failed(self, fleet: Fleet) -> None:
        failed = {receipt.id: receipt for receipt in fleet.receipts if receipt.stage is Stage.FAILED}
        if self._failures is not None:
            new = [failed[key] for key in failed.keys() - self._failures]
            for receipt in {
                (known.agent, known.reason): known for known in new if not is_own_abort(known, fleet.receipts)
            }.values():
                text = clean_line(said_in(receipt.reason)) or ours("no reason was given")
                notice(self._screen, text, title=_title(receipt, fleet), severity="error")
        self._failures = frozenset(failed)


def _title(receipt: Receipt, fleet: Fleet) -> Clean:
    """Say what failed, and whose it was."""
    agent = fleet.agent(receipt.agent) if receipt.agent is not None else None
    if agent is None:
        return our_line("{} failed", receipt.verb)
    return our_line("{} · {} failed", agent.name, receipt.verb)
