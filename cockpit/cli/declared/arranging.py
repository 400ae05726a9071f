"""The verbs about the lists as the operator arranges them, about own commands, and one text to several agents."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Filter, Json, Name, application, choice, run
from cockpit.cli.texts import text_for_agents
from cockpit.model.telling import TextManner

filters = typer.Typer(help="Filters of the lists that have names.", invoke_without_command=True, no_args_is_help=False)
application.add_typer(filters, name="filters")

Of = Annotated[str, typer.Option("--of", help="Of which list: agents, board, vms or feed.")]
FilterName = Annotated[str, typer.Argument(help="The filter's name.")]


@application.command()
def tell(
    text: Annotated[str, typer.Argument(help="What to say; - reads standard input.")],
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Agents, by name or id.")] = None,
    wanted: Filter = "",
    everyone: Annotated[bool, typer.Option("--all", help="Every agent.")] = False,
    mode: Annotated[str, typer.Option("--mode", help="fits (by what each does), prompt, steer or follow-up.")] = "fits",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send one text to several agents, to each in the way that fits what it does; one that fails stops no other."""
    from cockpit.cli import telling

    word = choice("--mode", mode, ("fits", "prompt", "steer", "follow-up"))
    manner = TextManner.FITS if word == "fits" else TextManner(word)
    said = text_for_agents(text)
    run(
        lambda headless: telling.tell(
            headless, said, names or (), wanted, manner, everyone=everyone, dry_run=dry_run, as_json=as_json
        )
    )


@application.command()
def pin(
    name: Name,
    off: Annotated[bool, typer.Option("--off", help="Let it go again.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Keep an agent on top of the lists of all cockpits of this history."""
    from cockpit.cli import arranging

    run(lambda headless: arranging.pin(headless, name, not off, dry_run=dry_run, as_json=as_json))


@filters.callback()
def list_filters(context: typer.Context, as_json: Json = False) -> None:
    """List the filters that have names."""
    from cockpit.cli import arranging

    if context.invoked_subcommand is None:
        run(lambda headless: arranging.filters(headless, as_json))


@filters.command("keep")
def keep_filter(
    name: FilterName,
    line: Annotated[str, typer.Argument(help="The filter, as it is typed on the screen.")],
    of: Of = "agents",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Keep a filter under a name, in place of another one that has it."""
    from cockpit.cli import arranging

    run(lambda headless: arranging.keep_filter(headless, name, line, of, dry_run=dry_run, as_json=as_json))


@filters.command("drop")
def drop_filter(name: FilterName, of: Of = "agents", dry_run: DryRun = False, as_json: Json = False) -> None:
    """Keep a filter no more."""
    from cockpit.cli import arranging

    run(lambda headless: arranging.drop_filter(headless, name, of, dry_run=dry_run, as_json=as_json))


@application.command()
def own(
    command: Annotated[str, typer.Argument(help="A name of `[[commands]]`; without it, they are listed.")] = "",
    name: Annotated[str, typer.Argument(help="The agent it is about, by name or id.")] = "",
    as_json: Json = False,
) -> None:
    """Run a command of your own about an agent, as config.toml declares it, or list what is declared there."""
    from cockpit.cli import arranging

    run(lambda headless: arranging.own(headless, command, name, as_json))
