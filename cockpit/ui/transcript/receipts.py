"""The receipts of what the operator said, each beside the message it became."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from cockpit.model.attachments import ON_VM
from cockpit.model.ids import AgentId
from cockpit.model.provider_words import said_in
from cockpit.model.receipts.flow import TEXT_VERBS
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.transcript.window import Place
from cockpit.text.clean import joined, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import Piece, duration
from cockpit.ui.transcript import figures
from cockpit.ui.transcript.turns import TurnSpent


class ReceiptsBeside:
    """Which receipt stands beside which message, by the place of the message's first record."""

    def __init__(self) -> None:
        self.version = 0
        """Grows when any of them changed."""
        self._by_place: dict[Place, Receipt] = {}

    def tell(self, receipts: Iterable[Receipt], agent: AgentId | None) -> bool:
        """Take the receipts of an agent as they are now; return whether anything changed."""
        found = {
            known.read_at: known
            for known in receipts
            if known.agent == agent and known.read_at is not None and known.verb in TEXT_VERBS
        }
        if found == self._by_place:
            return False
        self._by_place = found
        self.version += 1
        return True

    def at(self, place: Place) -> Receipt | None:
        """Return the receipt of the message that began with a record, or None."""
        return self._by_place.get(place)


def message_mark(receipt: Receipt | None, spent: TurnSpent) -> Piece | None:
    """Say what became of a message, as far as that is known, and what its turn took; None for nothing."""
    if receipt is None:
        words = figures.spent(spent.seconds, spent.cost)
        return (words, "$muted") if words else None
    words, style = receipt_mark(receipt)
    cost = figures.spent(None, spent.cost)
    return (joined((words, ours(" · "), cost)) if cost else words, style)


def receipt_mark(receipt: Receipt) -> Piece:
    """Say in a few words what became of a text that was read, and which images went along."""
    words, style = _stage(receipt)
    if not receipt.images:
        return words, style
    names = ", ".join(PurePosixPath(name.removeprefix(ON_VM)).name for name in receipt.images)
    return joined((our_line("▣ {} · ", names), words)), style


def _stage(receipt: Receipt) -> Piece:
    since = receipt.stages[-1][1] if receipt.stages else receipt.created_at
    match receipt.stage:
        case Stage.DONE:
            return our_line("✓ done in {}", duration(since - receipt.created_at)), "$agent-running"
        case Stage.FAILED:
            return our_line("✗ failed: {}", said_in(receipt.reason) or "no reason was given"), "$agent-failed"
        case Stage.UNCONFIRMED:
            return our_line("? unconfirmed: {}", receipt.reason), "$link-degraded"
        case Stage.DISMISSED:
            return ours("· dismissed"), "$muted"
        case _:
            return ours("● read"), "$agent-running"
