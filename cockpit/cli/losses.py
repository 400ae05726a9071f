"""The question before VMs are given up: their names, and what would be lost with each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.cli.headless import Headless
from cockpit.cli.output import print_json
from cockpit.engine.port import HeadlessPort
from cockpit.errors import UsageError
from cockpit.model.ids import VmId
from cockpit.model.loss import Loss
from cockpit.text.clean import Clean
from cockpit.text.sanitize import clean_line, our_line
from cockpit.text.streams import ask, input_is_terminal, say, warn

READ_LIMIT = 10.0
"""Seconds the agents' output may take to be read before the question: what nobody answered stands there."""


async def look(headless: Headless, engine: HeadlessPort, vms: Sequence[VmId]) -> tuple[Loss, ...]:
    """Return what would be lost with VMs, once the output of the agents that are attached is read."""
    await engine.settled(min(READ_LIMIT, headless.left()))
    return await engine.losses.look(vms)


def loss_object(loss: Loss) -> dict[str, Any]:
    """Return what would be lost with a VM, for JSON."""
    remains = loss.remains
    return {
        "vm_id": loss.vm,
        "name": loss.name,
        "kind": loss.kind,
        "lost": list(loss.lost),
        "unknown": list(loss.unknown),
        "repositories": [
            {
                "path": repository.path,
                "uncommitted": repository.uncommitted,
                "unpushed": repository.unpushed,
                "stashed": repository.stashed,
                "has_remote": repository.has_remote,
            }
            for repository in (remains.repositories if remains is not None else ())
        ],
        "processes": list(remains.processes) if remains is not None else None,
    }


def loss_lines(loss: Loss) -> list[Clean]:
    """Return a VM and what would be lost with it, as lines for a person."""
    head = (
        our_line("{} {} on VM {}", loss.kind, loss.name, loss.vm) if loss.kind != "VM" else our_line("VM {}", loss.vm)
    )
    return [head, *(our_line("  - {}", sentence) for sentence in loss.sentences)]


def say_losses(losses: Sequence[Loss], as_json: bool) -> None:
    """Print what would be lost with each VM; for `--dry-run`."""
    if as_json:
        print_json([loss_object(loss) for loss in losses])
        return
    for loss in losses:
        for line in loss_lines(loss):
            say(line)


def agreed(would: str, losses: Sequence[Loss], consequence: Clean) -> bool:
    """Name VMs with what would be lost, and ask; the name must be typed, of several their number.

    Args:
        would: what is about to be done, e.g. `destroy`.
        losses: the VMs.
        consequence: what the operator reads last.

    Raises:
        UsageError: there is no terminal to ask on.
    """
    named = ", ".join(loss.name for loss in losses)
    if not input_is_terminal():
        raise UsageError(f"this would {would} {named}", hint="add --yes to do it without a terminal, --dry-run to look")
    for loss in losses:
        for line in loss_lines(loss):
            warn(line)
    warn(consequence)
    word = losses[0].name if len(losses) == 1 else str(len(losses))
    what = our_line("Type {} to go on: ", word if len(losses) == 1 else f"{word}, their number,")
    return ask(what) in (word, clean_line(word))
