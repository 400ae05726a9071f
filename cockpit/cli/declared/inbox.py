"""The verbs about what waits for the operator."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, application, choice, run
from cockpit.model.inbox.entries import Group
from cockpit.model.inbox.shelf import PutOff

inbox = typer.Typer(help="What waits for you: asks, failures, reviews, what is done.", rich_markup_mode=None)
application.add_typer(inbox, name="inbox")


@inbox.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    group: Annotated[str, typer.Option("--group", help='Only this one: ask, failed, "to review" or done.')] = "",
    put_off: Annotated[bool, typer.Option("--put-off", help="What is put off instead.")] = False,
    as_json: Json = False,
) -> None:
    """List what waits for you; ends with 1 if somebody is held up until you act."""
    from cockpit.cli import inbox as work

    if context.invoked_subcommand is None:
        only = choice("--group", group, Group) if group else None
        run(lambda headless: work.listed(headless, only, put_off, as_json))


@inbox.command("history")
def history(
    limit: Annotated[int, typer.Option("--limit", help="So many at most.", min=1)] = 50, as_json: Json = False
) -> None:
    """List the questions that ended last: what was answered by whom, and what was withdrawn."""
    from cockpit.cli import inbox as work

    run(lambda headless: work.history(headless, limit, as_json))


@application.command()
def snooze(
    entry: Annotated[str, typer.Argument(help="Its id, or a beginning of it; `cockpit inbox` has them.")],
    until: Annotated[str, typer.Option("--for", help="15m, 1h, tomorrow, change (until it changes) or mute.")] = "1h",
    back: Annotated[bool, typer.Option("--back", help="Hear of it again at once.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put an entry of the inbox off for a while, until it changes, or for good."""
    from cockpit.cli import inbox as work

    how = None if back else choice("--for", until, PutOff)
    run(lambda headless: work.snooze(headless, entry, how, dry_run, as_json))
