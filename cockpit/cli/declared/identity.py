"""The verbs about what an agent is called, and who may find it."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, Name, application, run


@application.command()
def rename(
    name: Name,
    new: Annotated[str, typer.Argument(help="Its new name; without it, it keeps the one it has.")] = "",
    role: Annotated[str | None, typer.Option("--role", help="What it is for; empty text takes it away.")] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", help="A label in place of those it has; may be repeated.")
    ] = None,
    no_labels: Annotated[bool, typer.Option("--no-labels", help="Take its labels away.")] = False,
    colour: Annotated[
        str | None, typer.Option("--colour", help="Its colour in the lists; empty text takes it away.")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Give an agent another name, role, labels or colour; its id, its conversation and its history stay."""
    from cockpit.cli import identity

    labels = () if no_labels else tuple(label) if label else None
    run(lambda headless: identity.rename(headless, name, new, role, labels, colour, dry_run=dry_run, as_json=as_json))


@application.command()
def findable(
    name: Name,
    off: Annotated[bool, typer.Option("--off", help="Hide it from other tools again.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let other tools find an agent. When their session ends they stop and delete what they found."""
    from cockpit.cli import identity

    run(lambda headless: identity.findable(headless, name, not off, dry_run, as_json))
