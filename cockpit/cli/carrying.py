"""The verbs that carry files between agents' VMs and here."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cockpit.cli import output
from cockpit.cli.browsing import agent_with_files, place_of
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless
from cockpit.errors import UsageError
from cockpit.model.files.entries import size_words
from cockpit.model.files.place import FilePlace
from cockpit.model.files.transfer import (
    Carriage,
    Direction,
    Transfer,
    TransferState,
    outcome_words,
    progress_words,
)
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

SAID_EVERY = 3.0
"""Seconds between two words about the progress."""

SHOWN = 20
"""Things that were left out which are said; JSON has more."""


async def get(headless: Headless, text: str, to: Path, force: bool, dry_run: bool, as_json: bool) -> int:
    """Bring a file or a tree here."""
    return await _carry(headless, Direction.GET, place_of(text, needs_path=True), to, force, dry_run, as_json)


async def put(headless: Headless, source: Path, text: str, force: bool, dry_run: bool, as_json: bool) -> int:
    """Take a file or a tree to a VM."""
    if not await asyncio.to_thread(source.exists):
        raise UsageError(f"there is no {source}", hint="name a file or a directory here")
    return await _carry(headless, Direction.PUT, place_of(text), source, force, dry_run, as_json)


async def _carry(
    headless: Headless, way: Direction, place: FilePlace, local: Path, force: bool, dry_run: bool, as_json: bool
) -> int:
    async with agent_with_files(headless, place.name) as (engine, agent):
        order = Carriage(way, agent.id, place.path, local, force)
        if dry_run:
            transfer = await engine.files.survey(order)
        else:
            ended = asyncio.ensure_future(engine.files.wait(transfer_id := engine.files.begin(order)))
            try:
                while not (await asyncio.wait((ended,), timeout=SAID_EVERY))[0]:
                    known = next((one for one in engine.files.transfers if one.id == transfer_id), None)
                    if known is not None and not as_json:
                        warn(our_line("cockpit: {}", progress_words(known)))
                transfer = ended.result()
            except asyncio.CancelledError:
                ended.cancel()
                await asyncio.gather(ended, return_exceptions=True)
                warn(ours("cockpit: cancelled: what was carried stays, and the same command goes on from there"))
                raise
    _say(transfer, dry_run, as_json)
    match transfer.state:
        case TransferState.DONE:
            return ExitCode.DONE
        case TransferState.PARTIAL:
            return ExitCode.PARTIAL
        case _:
            return ExitCode.FAILED


def _say(transfer: Transfer, dry_run: bool, as_json: bool) -> None:
    if as_json:
        output.print_json(_object(transfer, dry_run))
    else:
        for one in transfer.left_out[:SHOWN]:
            warn(our_text("cockpit: left out {}: {}", one.path, one.why))
        if transfer.left_out_count > SHOWN:
            warn(our_line("cockpit: left out {} more", transfer.left_out_count - SHOWN))
        if dry_run:
            verb = "bring" if transfer.order.direction is Direction.GET else "take"
            size = size_words(transfer.total)
            say(our_line("would {} {} files, {}, to {}", verb, transfer.of_files, size, transfer.reason))
        elif transfer.state in (TransferState.DONE, TransferState.PARTIAL):
            say(our_line("{}: {}", transfer.reason, outcome_words(transfer)))
        else:
            warn(our_text("cockpit: {}", outcome_words(transfer)))


def _object(transfer: Transfer, dry_run: bool) -> dict[str, object]:
    carried = transfer.state in (TransferState.DONE, TransferState.PARTIAL)
    return {
        "state": "planned" if dry_run else transfer.state.value,
        "place": transfer.reason if carried else None,
        "reason": None if carried else transfer.reason,
        "files": transfer.files,
        "of_files": transfer.of_files,
        "same": transfer.same,
        "bytes": transfer.done,
        "of_bytes": transfer.total,
        "seconds": None if transfer.ended_at is None else round(transfer.ended_at - transfer.began_at, 3),
        "left_out": [{"path": one.path, "why": one.why} for one in transfer.left_out],
        "left_out_count": transfer.left_out_count,
    }
