"""Which receipts still want the operator: texts that no agent is known to have read, and commands that failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.model.receipts.flow import TEXT_VERBS
from cockpit.model.receipts.receipt import Receipt, Stage

if TYPE_CHECKING:
    from cockpit.model.ids import AgentId

RECEIPT_AGE = 3600.0
"""Seconds for which a failed command calls for attention; after that it is history. A text that nobody read is kept."""


def failed_at(receipt: Receipt) -> float:
    """Return when a receipt reached its present stage, in unix seconds."""
    return receipt.stages[-1][1] if receipt.stages else receipt.created_at


def is_undelivered(receipt: Receipt) -> bool:
    """Say whether a text of the operator's is not known to have been read: it must not be lost."""
    return (
        receipt.verb in TEXT_VERBS
        and receipt.stage in (Stage.FAILED, Stage.UNCONFIRMED)
        and not any(stage is Stage.CONSUMED for stage, _ in receipt.stages)
    )


def dismissed(receipt: Receipt, at: float) -> Receipt:
    """Return a receipt that the operator wants to hear no more of."""
    return replace(receipt, stage=Stage.DISMISSED, stages=(*receipt.stages, (Stage.DISMISSED, at)))


def shown_again(receipt: Receipt) -> Receipt:
    """Return a receipt that was dismissed as it was before."""
    stages = tuple(one for one in receipt.stages if one[0] is not Stage.DISMISSED)
    return replace(receipt, stage=stages[-1][0] if stages else Stage.FAILED, stages=stages)


def is_own_abort(receipt: Receipt, receipts: Iterable[Receipt]) -> bool:
    """Say whether a text's run ended because the operator aborted it, which is no failure."""
    return receipt.stage is Stage.FAILED and _ended_by(receipt, receipts, "abort")


def _ended_by(receipt: Receipt, receipts: Iterable[Receipt], verb: str) -> bool:
    """Say whether the operator gave a command between a text and its end."""
    return any(
        other.verb == verb
        and other.agent == receipt.agent
        and receipt.created_at <= other.created_at <= failed_at(receipt)
        for other in receipts
    )


def wanting(receipts: Sequence[Receipt], now: float, given_up: frozenset[AgentId]) -> Iterator[Receipt]:
    """Yield the receipts that want the operator, each cause once.

    Args:
        receipts: all that are known, oldest first.
        now: unix seconds.
        given_up: agents whose failed run is an entry of its own already; its texts are not said again.
    """
    causes: set[tuple[AgentId | None, float, str]] = set()
    for at, receipt in enumerate(receipts):
        if receipt.stage not in (Stage.FAILED, Stage.UNCONFIRMED):
            continue
        later = receipts[at + 1 :]
        if is_undelivered(receipt):
            # Who destroys an agent was told what is lost with it.
            if not _sent_again(receipt, later) and not _ended_by(receipt, receipts, "destroy"):
                yield receipt
            continue
        if now - failed_at(receipt) > RECEIPT_AGE:
            continue
        if receipt.verb in TEXT_VERBS and (
            receipt.agent in given_up or is_own_abort(receipt, receipts) or _went_on(receipt, later)
        ):
            continue
        cause = (receipt.agent, failed_at(receipt), receipt.reason)
        if cause not in causes:
            causes.add(cause)
            yield receipt


def _sent_again(receipt: Receipt, later: Iterable[Receipt]) -> bool:
    """Say whether the same text went to the same agent again: the later one speaks for both."""
    return any(
        other.verb in TEXT_VERBS and other.agent == receipt.agent and other.text.strip() == receipt.text.strip()
        for other in later
    )


def _went_on(receipt: Receipt, later: Iterable[Receipt]) -> bool:
    """Say whether the operator has written to the agent since its run failed."""
    return any(
        other.verb in TEXT_VERBS and other.agent == receipt.agent and other.created_at > failed_at(receipt)
        for other in later
    )
