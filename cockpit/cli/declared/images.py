"""The verbs about golden images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cockpit import paths
from cockpit.cli.declared.application import (
    Disk,
    DryRun,
    Json,
    Memory,
    Source,
    Vcpu,
    Yes,
    application,
    options,
    run,
    size_of,
)

images = typer.Typer(help="Golden images: what agents' VMs are made from.", no_args_is_help=True, rich_markup_mode=None)
application.add_typer(images, name="images")

RecipeFile = Annotated[
    str | None, typer.Option("--recipe", help="A recipe; without it, recipe.toml beside config.toml, or ours.")
]
Image = Annotated[str, typer.Argument(help="The image's name, or its commit's id.")]
Again = Annotated[
    list[str] | None, typer.Option("--again", help="A step to run although its result is there; may be repeated.")
]
Description = Annotated[str, typer.Option("--description", help="What it is for; without it, as the recipe says.")]


@images.callback()
def group() -> None:
    """Golden images: what agents' VMs are made from."""


def _named(file: str | None) -> Path | None:
    return paths.absolute(file, "--recipe") if file is not None else None


@images.command("list")
def list_images(as_json: Json = False) -> None:
    """List the images with age, size, versions and description, and which are stale."""
    from cockpit.cli import images as work

    run(lambda headless: work.list_images(headless, as_json))


@images.command()
def build(
    name: Annotated[str, typer.Argument(help="What the image is called.")],
    recipe: RecipeFile = None,
    again: Again = None,
    description: Description = "",
    vcpu: Vcpu = None,
    memory: Memory = None,
    disk: Disk = None,
    source: Source = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Build an image, or go on with a build of it that was left: each step is done once."""
    from cockpit.cli import images as work

    size = size_of(vcpu, memory, disk)
    wanted = work.WantedImage(name, _named(recipe), options.config, tuple(again or ()), description, size, source)
    run(lambda headless: work.build(headless, wanted, dry_run, as_json))


@images.command()
def patch(
    image: Image,
    recipe: RecipeFile = None,
    again: Again = None,
    description: Description = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Restore an image, run the recipe's steps, and commit it as the successor of the same name."""
    from cockpit.cli import images as work

    wanted = work.WantedImage(image, _named(recipe), options.config, tuple(again or ()), description)
    run(lambda headless: work.patch(headless, wanted, dry_run, as_json))


@images.command()
def describe(
    image: Image,
    text: Annotated[str, typer.Argument(help="What it is for.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say what an image is for, in other words than so far."""
    from cockpit.cli import images as work

    run(lambda headless: work.describe(headless, image, text, dry_run, as_json))


@images.command()
def delete(image: Image, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Delete an image for good; one from which VMs live stays."""
    from cockpit.cli import images as work

    run(lambda headless: work.delete(headless, image, yes, dry_run, as_json))


@images.command()
def recipe(file: RecipeFile = None, as_json: Json = False) -> None:
    """Check the recipe of golden images and print its steps; no VM is touched."""
    from cockpit.cli.images import show_recipe

    raise typer.Exit(show_recipe(_named(file), options.config, as_json))
