"""The verbs about what agents changed in their workspaces."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit import paths
from cockpit.cli.declared.application import DryRun, Json, Name, Yes, application, choice, run
from cockpit.cli.texts import read_input


@application.command()
def changes(
    name: Name,
    since: Annotated[
        str, typer.Option("--since", help="task, prompt, looked, start (of a copy), or a commit.")
    ] = "task",
    against: Annotated[str, typer.Option("--against", help="Compare with the workspace of this agent.")] = "",
    turn: Annotated[str, typer.Option("--turn", help="What one turn changed, by its key; --turns has them.")] = "",
    turns: Annotated[bool, typer.Option("--turns", help="List the states that were kept.")] = False,
    place: Annotated[str, typer.Option("--place", help="One repository of the workspace, as it is listed.")] = "",
    stat: Annotated[bool, typer.Option("--stat", help="Files and numbers of lines only.")] = False,
    patch: Annotated[bool, typer.Option("--patch", help="Write a patch for git apply, binary files included.")] = False,
    apply: Annotated[str, typer.Option("--apply", help="Apply it to a checkout in this directory here.")] = "",
    begin: Annotated[bool, typer.Option("--begin", help="Say that a task begins now.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say what an agent changed in its workspace, whatever it committed. Read by a person, it counts as a look."""
    from cockpit.cli import changes as looking

    if sum((turns, stat, patch, bool(apply), begin)) > 1:
        raise typer.BadParameter("--turns, --stat, --patch, --apply and --begin exclude each other")
    if against and (turn or since != "task" or patch or apply):
        raise typer.BadParameter("--against compares two workspaces as they are now, for the eye")
    wanted = looking.Compared(since, against, turn, place, stat)
    if turns:
        run(lambda headless: looking.turns(headless, name, as_json))
    if begin:
        run(lambda headless: looking.begin(headless, name, dry_run, as_json))
    if patch or apply:
        into = paths.absolute(apply, "--apply") if apply else None
        run(lambda headless: looking.patch(headless, name, wanted, into, dry_run))
    run(lambda headless: looking.changes(headless, name, wanted, as_json))


@application.command("restore-turn")
def restore_turn(
    name: Name,
    key: Annotated[str, typer.Argument(help="The state that is brought back; `changes NAME --turns` has the keys.")],
    now: Annotated[bool, typer.Option("--now", help="Also while the agent works; it does not know of it.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make the files of a workspace what they were when a state was kept. Branch and commits stay.

    What the files are now is kept first, and can be brought back in the same way.
    """
    from cockpit.cli import changes as looking

    run(lambda headless: looking.restore(headless, name, key, now=now, yes=yes, dry_run=dry_run, as_json=as_json))


@application.command()
def comment(
    name: Name,
    where: Annotated[str, typer.Argument(help="FILE:LINE; without it, the comments are listed.")] = "",
    text: Annotated[str, typer.Argument(help="What to say about the line; - reads standard input.")] = "",
    send: Annotated[bool, typer.Option("--send", help="Send those that were not sent yet as one message.")] = False,
    mode: Annotated[str, typer.Option("--mode", help="With --send: prompt, steer or follow-up.")] = "prompt",
    handled: Annotated[int, typer.Option("--handled", help="Say that this one is dealt with, by its number.")] = 0,
    drop: Annotated[int, typer.Option("--drop", help="Drop this one, which was not sent, by its number.")] = 0,
    place: Annotated[str, typer.Option("--place", help="The repository of the file, where several have it.")] = "",
    as_json: Json = False,
) -> None:
    """Comment on lines of what an agent changed, send the comments together, and follow what becomes of each."""
    from cockpit.cli import comments

    if sum((bool(where), send, bool(handled), bool(drop))) > 1:
        raise typer.BadParameter("a line, --send, --handled and --drop exclude each other")
    if where:
        said = read_input() if text == "-" else text
        run(lambda headless: comments.add(headless, name, where, said, place, as_json))
    if send:
        how = choice("--mode", mode, comments.MODES)
        run(lambda headless: comments.send(headless, name, how, as_json))
    if handled or drop:
        run(lambda headless: comments.settle(headless, name, handled, drop, as_json))
    run(lambda headless: comments.listed(headless, name, as_json))
