"""What the verbs about shared records have in common: which server, its list in a table or as JSON, what is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import carry_out, operation_of
from cockpit.cli.headless import Headless, nobody
from cockpit.cli.output import print_json, print_table
from cockpit.cli.rehearsal import rehearse
from cockpit.engine.port import HeadlessPort
from cockpit.errors import Refused
from cockpit.model.commands.command import Command
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.model.refusals.shared import NO_SERVICES
from cockpit.model.shared.listed import Listed
from cockpit.text.clean import Clean
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

Kept = TypeVar("Kept")


@asynccontextmanager
async def with_services(headless: Headless, source: str) -> AsyncIterator[tuple[HeadlessPort, str]]:
    """Run an engine whose fleet has services, and say whose are meant: the named source's, else the first's.

    Raises:
        Refused: there are none.
    """
    async with headless.engine(nobody) as engine:
        places = engine.coordination.places
        if not places:
            raise Refused(NO_SERVICES.sentence)
        yield engine, source or places[0]


def print_listed(
    listed: Listed[Kept],
    as_json: bool,
    to_object: Callable[[Kept], dict[str, Any]],
    head: Sequence[str],
    row: Callable[[Kept], Sequence[str]],
) -> int:
    """Print a list and say what is missing of it."""
    if as_json:
        print_json([to_object(entry) for entry in listed.entries])
    else:
        print_table(head, [row(entry) for entry in listed.entries])
    for sentence in listed.missing:
        warn(our_text("cockpit: {}", sentence))
    if listed.unreadable:
        warn(our_text("cockpit: {} more cannot be read", listed.unreadable))
    return ExitCode.PARTIAL if listed.unreadable else ExitCode.DONE


async def order(
    engine: HeadlessPort, command: Command, what: Clean, *, dry_run: bool, as_json: bool, said: dict[str, Any]
) -> int:
    """Carry out a command, or say what it would do; what is so already is no failure.

    Args:
        engine: on which.
        command: what.
        what: a sentence's end, e.g. `publish skill triage`.
        dry_run: say it only.
        as_json: print an object instead of a line.
        said: what such an object says; the last step's detail is added.

    Raises:
        CockpitError: it was refused or failed.
    """
    if dry_run:
        return rehearse(engine, command, what, as_json, said)
    refused = engine.refusal(command)
    detail = ""
    if refused is not None and refused.code is RefusalCode.ALREADY:
        detail = refused.sentence
    elif refused is not None:
        raise Refused(our_line("cannot {}: {}", what, refused.sentence))
    else:
        operation = operation_of(engine, await carry_out(engine, command))
        detail = operation.steps[-1].detail if operation is not None and operation.steps else ""
    if as_json:
        print_json({**said, "detail": detail or None})
    elif detail:
        say(our_line("{}", detail))
    return ExitCode.DONE


def clock_text(at: float) -> str:
    """Return a time for a column, as the operator's clock shows it; a dash where there is none."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M") if at else "-"
