"""The verbs about what waits in an agent, and what its program complained of."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, Name, Yes, application, run
from cockpit.model.commands.queue import QueueAct


@application.command()
def queue(
    name: Name,
    clear: Annotated[bool, typer.Option("--clear", help="Take all of it out unread, and print it.")] = False,
    take: Annotated[
        int | None, typer.Option("--take", help="Take the text with this number out, and print it.", min=1)
    ] = None,
    steer: Annotated[int | None, typer.Option("--steer", help="Turn this follow-up into a steer.", min=1)] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """List what waits in an agent, each text with its kind and age, and say what becomes of it; or change it.

    What stays keeps its order. Pi before 0.84.4 gives nothing back.
    """
    acts = [
        (act, number)
        for act, number in ((QueueAct.CLEAR, int(clear)), (QueueAct.TAKE, take or 0), (QueueAct.STEER, steer or 0))
        if number
    ]
    if len(acts) > 1:
        raise typer.BadParameter("--clear, --take and --steer exclude each other")
    from cockpit.cli import queue as work

    if not acts:
        run(lambda headless: work.queue(headless, name, as_json))
        return
    act, number = acts[0]
    run(lambda headless: work.change(headless, name, act, number, dry_run=dry_run, yes=yes, as_json=as_json))


@application.command()
def err(
    name: Name,
    lines: Annotated[int, typer.Option("--lines", help="Lines at most.", min=1, max=100_000)] = 50,
    as_json: Json = False,
) -> None:
    """Print the last lines an agent's program wrote on standard error."""
    from cockpit.cli import last_words

    run(lambda headless: last_words.err(headless, name, lines, as_json))
