"""Commands of headless verbs that go on at the same time, or that have many targets: their steps, and what became."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cockpit.cli import output
from cockpit.engine.port import HeadlessPort
from cockpit.model.commands.command import Command
from cockpit.model.ids import CommandId, OperationId
from cockpit.model.operation import Operation, Part
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import is_ended
from cockpit.text.sanitize import our_text
from cockpit.text.streams import warn


async def carry_out_all(engine: HeadlessPort, commands: Sequence[Command]) -> list[Receipt]:
    """Dispatch commands, print their steps as they end, and return their receipts once all have ended.

    A failure is its receipt's: the others go on.
    """
    ids = [engine.dispatch(command) for command in commands]
    printed: dict[CommandId, set[int]] = {command_id: set() for command_id in ids}
    revision = -1

    def changed() -> bool:
        return engine.revision != revision

    while True:
        await engine.until(changed)
        revision = engine.revision
        known = {receipt.id: receipt for receipt in engine.fleet.receipts}
        operations = {operation.id: operation for operation in engine.fleet.operations}
        for command_id in ids:
            operation = operations.get(OperationId(command_id))
            if operation is not None:
                output.print_operation(operation, printed[command_id], of_several=len(ids) > 1)
        if all(is_ended(known[command_id]) for command_id in ids):
            return [known[command_id] for command_id in ids]


def say_failed(receipts: Iterable[Receipt]) -> bool:
    """Say why commands failed that did; tell whether any did."""
    failed = [receipt for receipt in receipts if receipt.stage is not Stage.DONE]
    for receipt in failed:
        warn(our_text("cockpit: {}", receipt.reason or receipt.stage.value))
    return bool(failed)


def operations_of(engine: HeadlessPort, receipts: Iterable[Receipt]) -> list[Operation]:
    """Return the operations of commands, in their order; a command that was refused has none."""
    known = {operation.id: operation for operation in engine.fleet.operations}
    found = (known.get(OperationId(receipt.id)) for receipt in receipts)
    return [operation for operation in found if operation is not None]


def parts_of(engine: HeadlessPort, receipts: Iterable[Receipt]) -> list[Part]:
    """Return what became of each target of some commands, by name."""
    parts = (part for operation in operations_of(engine, receipts) for part in operation.parts)
    return sorted(parts, key=lambda part: (part.target, part.vm or ""))


def part_object(part: Part) -> dict[str, Any]:
    """Return what became of one target for JSON."""
    return {"name": part.target, "vm_id": part.vm, "outcome": part.outcome, "evidence": part.words}


def print_parts(parts: Iterable[Part]) -> None:
    """Print what became of each target as a table."""
    output.print_table(
        ("NAME", "ID", "OUTCOME", "EVIDENCE"),
        [(part.target, part.vm or "-", part.outcome, part.words) for part in parts],
    )
