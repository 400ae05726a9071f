"""The verbs about the files of agents: NAME:PATH is a path on the agent's VM, from its workspace on."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit import paths
from cockpit.cli.declared.application import DryRun, Json, application, run

Place = Annotated[str, typer.Argument(metavar="NAME[:PATH]", help="An agent, and a path from its workspace on.")]
File = Annotated[str, typer.Argument(metavar="NAME:PATH", help="A file where an agent lives.")]
Force = Annotated[bool, typer.Option("--force", help="Replace another file that is there.")]


@application.command("ls")
def list_files(place: Place, as_json: Json = False) -> None:
    """List a directory on an agent's VM; exit 5 if it holds more names than are shown."""
    from cockpit.cli import browsing

    run(lambda headless: browsing.list_files(headless, place, as_json))


@application.command()
def cat(
    place: File,
    offset: Annotated[int, typer.Option("--from", help="The byte to begin at.", min=0)] = 0,
    dump: Annotated[bool, typer.Option("--dump", help="Show the bytes, also of a file that is no text.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="All of its bytes as they are, for another program.")] = False,
    as_json: Json = False,
) -> None:
    """Print a page of a file on an agent's VM, 256 KiB at most; exit 5 if there is more, 1 if it is no text."""
    if raw and (as_json or dump or offset):
        raise typer.BadParameter("--raw prints all of it: it goes with nothing else")
    from cockpit.cli import browsing

    run(lambda headless: browsing.show_file(headless, place, offset, dump=dump, raw=raw, as_json=as_json))


@application.command()
def find(
    place: Place,
    text: Annotated[str, typer.Argument(help="A part of the name, or a pattern with * and ?.")],
    as_json: Json = False,
) -> None:
    """Find files by name below a directory on an agent's VM, without .git; exit 1 if there is none, 5 if cut."""
    from cockpit.cli import browsing

    run(lambda headless: browsing.find(headless, place, text, as_json))


@application.command()
def grep(
    place: Place,
    text: Annotated[str, typer.Argument(help="What the lines hold.")],
    ignore_case: Annotated[bool, typer.Option("-i", "--ignore-case", help="Capitals are as small letters.")] = False,
    regular: Annotated[bool, typer.Option("-E", "--regex", help="It is an extended regular expression.")] = False,
    as_json: Json = False,
) -> None:
    """Find lines in the files below a directory on an agent's VM, without .git; exit 1 if there is none, 5 if cut."""
    from cockpit.cli import browsing

    run(lambda headless: browsing.grep(headless, place, text, ignore_case, regular, as_json))


@application.command()
def get(
    place: File,
    local: Annotated[str, typer.Argument(help="Where to; below it, if it is a directory that is there.")] = ".",
    force: Force = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring a file or a tree from an agent's VM; again goes on where it was cut. Exit 5 if something was left out."""
    from cockpit.cli import carrying

    to = paths.absolute(local, "LOCAL")
    run(lambda headless: carrying.get(headless, place, to, force, dry_run, as_json))


@application.command()
def put(
    local: Annotated[str, typer.Argument(help="A file or a directory here.")],
    place: Place,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a file or a tree to an agent's VM; again goes on where it was cut. Exit 5 if something was left out."""
    from cockpit.cli import carrying

    source = paths.absolute(local, "LOCAL")
    run(lambda headless: carrying.put(headless, source, place, force, dry_run, as_json))


@application.command()
def edit(place: File, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Edit a file of an agent's VM with $VISUAL or $EDITOR; exit 1 if somebody changed it meanwhile: both are kept."""
    from cockpit.cli import editing

    run(lambda headless: editing.edit(headless, place, dry_run, as_json))
