"""The verbs about calling the operator."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import Json, application, run

notify = typer.Typer(help="Who or what calls you: without a word behind it, what does now.", rich_markup_mode=None)
application.add_typer(notify, name="notify")


@notify.callback(invoke_without_command=True)
def calling(
    context: typer.Context,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Stay, and print each call; the hook of config.toml runs for it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List what calls you: what asks, failed, died, is lost from sight, blocked, to review or done.

    With --follow it is the notifier of all cockpits of one history, unless one of them is already: then it looks on,
    and takes over when that one ends. JSON is an object a line then.
    """
    from cockpit.cli import calling as work

    if context.invoked_subcommand is None:
        run(lambda headless: work.calling(headless, follow=follow, as_json=as_json))


@notify.command("test")
def test(as_json: Json = False) -> None:
    """Call once: ring the bell of this terminal, and run the hook of config.toml. Ends with 1 if the hook failed."""
    from cockpit.cli import calling as work

    run(lambda headless: work.test(headless, as_json))
