"""The stages of a receipt: their order, and how one rises."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.receipts.receipt import Receipt, Stage

RANK = {
    Stage.PENDING: 0,
    Stage.WRITTEN: 1,
    Stage.UNCONFIRMED: 2,
    Stage.ACCEPTED: 3,
    Stage.QUEUED: 4,
    Stage.STEERING: 4,
    Stage.CONSUMED: 5,
    Stage.DONE: 6,
    Stage.FAILED: 6,
    Stage.DISMISSED: 6,
}

ORDER = (
    Stage.PENDING,
    Stage.WRITTEN,
    Stage.ACCEPTED,
    Stage.QUEUED,
    Stage.STEERING,
    Stage.CONSUMED,
    Stage.DONE,
)
"""The stages of a command that goes well, from the earliest to the latest."""

_PROVES: dict[Stage, tuple[Stage, ...]] = {
    Stage.ACCEPTED: (Stage.WRITTEN,),
    Stage.QUEUED: (Stage.WRITTEN, Stage.ACCEPTED),
    Stage.STEERING: (Stage.WRITTEN, Stage.ACCEPTED),
    Stage.CONSUMED: (Stage.WRITTEN, Stage.ACCEPTED),
}
"""What must have happened before: the agent's stream is often faster than the end of our own writing command."""


SILENT = "it was written to the agent, which fell silent: nothing that it printed says that it is done"
"""Why a text that was read stays unconfirmed for good."""


def is_closed(receipt: Receipt) -> bool:
    """Say whether nothing more will happen to a receipt."""
    if receipt.stage is Stage.UNCONFIRMED and receipt.reason == SILENT:
        return True
    return receipt.stage in (Stage.DONE, Stage.FAILED, Stage.DISMISSED)


def advance(receipt: Receipt, stage: Stage, at: float, reason: str = "") -> Receipt:
    """Return the receipt at a later stage, which is recorded with its time; an earlier stage changes nothing.

    The stages only rise: evidence that comes late or twice does not take back what is known already. What a stage
    proves is recorded with it: a text that stands in the agent's queue was written and accepted, whoever said so first.
    """
    if is_closed(receipt) or RANK[stage] <= RANK[receipt.stage]:
        return receipt
    reached = {known for known, _ in receipt.stages}
    proved = tuple((earlier, at) for earlier in _PROVES.get(stage, ()) if earlier not in reached)
    return replace(receipt, stage=stage, stages=(*receipt.stages, *proved, (stage, at)), reason=reason)


def is_ended(receipt: Receipt) -> bool:
    """Say whether nothing more is certain to happen to a receipt."""
    return receipt.stage in (Stage.DONE, Stage.FAILED, Stage.UNCONFIRMED)


def reached(receipt: Receipt, stage: Stage) -> bool:
    """Say whether a receipt has come at least as far as a stage, without having failed."""
    return receipt.stage in ORDER and ORDER.index(receipt.stage) >= ORDER.index(stage)
