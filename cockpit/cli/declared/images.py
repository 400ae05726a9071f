"""The verbs about golden images."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit import paths
from cockpit.cli.declared.application import Json, application, options

images = typer.Typer(help="Golden images: what agents' VMs are made from.", no_args_is_help=True, rich_markup_mode=None)
application.add_typer(images, name="images")


@images.callback()
def group() -> None:
    """Golden images: what agents' VMs are made from."""


@images.command()
def recipe(
    file: Annotated[
        str | None, typer.Option("--recipe", help="A recipe; without it, recipe.toml beside config.toml, or ours.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check the recipe of golden images and print its steps; no VM is touched."""
    from cockpit.cli.images import show_recipe

    named = paths.absolute(file, "--recipe") if file is not None else None
    raise typer.Exit(show_recipe(named, options.config, as_json))
