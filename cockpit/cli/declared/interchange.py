"""The verbs about the services' data as a file."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit import paths
from cockpit.cli.declared.application import DryRun, Json, application, options

services = typer.Typer(
    help="The data of board, feed, registry and the other services, as one file.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
application.add_typer(services, name="services")

File = Annotated[str, typer.Argument(help="The file.")]
Root = Annotated[
    str | None, typer.Option("--root", help="The directory that holds the data; the embedded fleet's without it.")
]
Team = Annotated[bool, typer.Option("--team", help="The data of `serve --services-only`, not the embedded fleet's.")]


@services.callback()
def group() -> None:
    """The data of board, feed, registry and the other services, as one file."""


@services.command("export")
def export_data(
    file: File,
    root: Root = None,
    team: Team = False,
    replace: Annotated[bool, typer.Option("--replace", help="Write over a file that is there.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write all data of the services into a file; their server may run meanwhile."""
    from cockpit.cli import interchange as work

    place, named = work.place_of(root, options.root, team), paths.absolute(file, "FILE")
    raise typer.Exit(work.export_data(place, named, replace=replace, dry_run=dry_run, as_json=as_json))


@services.command("import")
def import_data(
    file: File,
    root: Root = None,
    team: Team = False,
    replace: Annotated[bool, typer.Option("--replace", help="What is there already goes.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put the data of such a file into the services, all of it or nothing; their server must be stopped."""
    from cockpit.cli import interchange as work

    place, named = work.place_of(root, options.root, team), paths.absolute(file, "FILE")
    raise typer.Exit(work.import_data(place, named, replace=replace, dry_run=dry_run, as_json=as_json))
