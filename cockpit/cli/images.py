"""The work of the verbs about golden images."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cockpit.bootstrap.recipe import load_recipe, recipe_file
from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import carry_out, confirmed, operation_of
from cockpit.cli.headless import Headless, nobody, require_health
from cockpit.cli.origins import image_named
from cockpit.cli.output import print_json, print_table
from cockpit.cli.rehearsal import rehearse, would
from cockpit.engine.port import HeadlessPort
from cockpit.errors import UsageError
from cockpit.model.ages import age_text
from cockpit.model.commands.images import BuildImage, DeleteImage, DescribeImage
from cockpit.model.dependants import dependants_of
from cockpit.model.images import GoldenImage, images_called, used_text
from cockpit.model.recipe import Recipe
from cockpit.model.size import VmSize
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

COMMIT_STEP = "commit"
"""The step of a build that says the id of the image."""


@dataclass(frozen=True, slots=True)
class WantedImage:
    """What is to be built."""

    name: str
    """The image's name, or for a patch the image it begins with."""
    recipe: Path | None
    config: Path | None
    again: tuple[str, ...]
    description: str
    size: VmSize | None = None
    source: str = ""

    def load(self) -> Recipe:
        """Return the recipe that counts.

        Raises:
            ConfigError: it cannot be used.
        """
        return load_recipe(recipe_file(self.recipe, self.config))


def show_recipe(named: Path | None, config: Path | None, as_json: bool) -> int:
    """Check the recipe that counts and print its steps.

    Raises:
        ConfigError: it cannot be used.
    """
    file = recipe_file(named, config)
    recipe = load_recipe(file)
    if as_json:
        print_json({"file": str(file), "digest": recipe.digest, **asdict(recipe)})
        return ExitCode.DONE
    say(our_line("{}: {}", str(file), recipe.description or "no description"))
    rows = [
        (
            str(number),
            step.name,
            f"{step.limit:g} s",
            step.scope.value,
            "yes" if step.bootstrap else "-",
            "yes" if step.clears_secrets else "-",
        )
        for number, step in enumerate(recipe.steps, start=1)
    ]
    print_table(("#", "STEP", "AT MOST", "CHANGES", "FRESH VM", "CLEARS SECRETS"), rows)
    return ExitCode.DONE


async def list_images(headless: Headless, as_json: bool) -> int:
    """Print the images, the newest first, with what makes one stale."""
    async with headless.engine(nobody) as engine:
        require_health(engine, "vers")
        images = await engine.golden.look()
        found = [image_object(image, engine, images) for image in images]
        if as_json:
            print_json(found)
            return ExitCode.DONE
        rows = [
            (
                image.name,
                image.commit[:8],
                age_text(engine.now() - image.created_at) if image.created_at else "-",
                used_text(image) or "-",
                " ".join(f"{program} {version}" for program, version in (image.facts.versions if image.facts else ())),
                "; ".join(said["stale"]) or "-",
                image.description,
            )
            for image, said in zip(images, found, strict=True)
        ]
        print_table(("NAME", "COMMIT", "AGE", "IN USE", "VERSIONS", "STALE", "DESCRIPTION"), rows)
    return ExitCode.DONE


def image_object(image: GoldenImage, engine: HeadlessPort, images: tuple[GoldenImage, ...]) -> dict[str, Any]:
    """Return an image for JSON."""
    return {
        "commit": image.commit,
        "name": image.name,
        "created_at": image.created_at,
        "description": image.description,
        **({**asdict(image.facts), "versions": dict(image.facts.versions)} if image.facts is not None else {}),
        "superseded": images_called(image.name, images) != (image,),
        "stale": list(engine.golden.stale(image)),
    }


async def build(headless: Headless, wanted: WantedImage, dry_run: bool, as_json: bool) -> int:
    """Build an image on a fresh VM."""
    command = BuildImage(
        wanted.name,
        wanted.load(),
        again=wanted.again,
        description=wanted.description,
        size=wanted.size,
        source=wanted.source,
    )
    async with headless.engine(nobody, watch=True) as engine:
        return await _build(engine, command, dry_run, as_json)


async def patch(headless: Headless, wanted: WantedImage, dry_run: bool, as_json: bool) -> int:
    """Build the successor of an image."""
    recipe = wanted.load()
    async with headless.engine(nobody, watch=True) as engine:
        image = await image_named(engine, wanted.name)
        description = wanted.description or image.description
        command = BuildImage(image.name, recipe, image.commit, wanted.again, description)
        return await _build(engine, command, dry_run, as_json)


async def _build(engine: HeadlessPort, command: BuildImage, dry_run: bool, as_json: bool) -> int:
    require_health(engine, "vers")
    refusal = engine.disabled_reason(command)
    if refusal:
        raise UsageError(f"cannot build {command.name}: {refusal}")
    assert command.recipe is not None
    if dry_run:
        where = f"a copy of commit {command.base}" if command.base else "a fresh VM"
        steps = [
            our_line("{}{}: at most {:g} s", step.name, " (again)" if step.name in command.again else "", step.limit)
            for step in command.recipe.steps
        ]
        lines = "\n  ".join(steps)
        what = our_text("build image {} on {}, and delete that VM afterwards:\n  {}", command.name, where, lines)
        return would(what, as_json, {"name": command.name, "steps": [step.name for step in command.recipe.steps]})
    try:
        receipt = await carry_out(engine, command)
    except asyncio.CancelledError:
        warn(
            our_text(
                "cockpit: what was begun on its VM goes on; `cockpit images build {}` finds it there", command.name
            )
        )
        raise
    operation = operation_of(engine, receipt)
    commit = next((step.detail for step in (operation.steps if operation else ()) if step.name == COMMIT_STEP), "")
    image = await image_named(engine, commit)
    lacks = image.facts.lacks if image.facts is not None else ()
    if as_json:
        print_json(image_object(image, engine, engine.golden.known))
    else:
        say(our_line("{} {}", image.name, image.commit))
    if lacks:
        warn(our_text("cockpit: the image lacks {}: that could not be brought about here", ", ".join(lacks)))
    return ExitCode.PARTIAL if lacks else ExitCode.DONE


async def describe(headless: Headless, name: str, text: str, dry_run: bool, as_json: bool) -> int:
    """Describe an image in other words."""
    async with headless.engine(nobody) as engine:
        image = await image_named(engine, name)
        command = DescribeImage(image.commit, text)
        if dry_run:
            what = our_line("say of image {}, commit {}: {}", image.name, image.commit, text)
            return rehearse(engine, command, what, as_json, {"commit": image.commit})
        await carry_out(engine, command)
        if as_json:
            said = image_object(image, engine, engine.golden.known)
            print_json({**said, "description": text})
    return ExitCode.DONE


async def delete(headless: Headless, name: str, yes: bool, dry_run: bool, as_json: bool) -> int:
    """Delete an image after naming it."""
    async with headless.engine(nobody) as engine:
        image = await image_named(engine, name)
        command = DeleteImage(image.commit)
        refusal = engine.disabled_reason(command)
        if refusal:
            raise UsageError(f"cannot delete image {name}: {refusal}")
        what = f"image {image.name}, commit {image.commit}"
        others = [one for one in engine.golden.known if one.commit != image.commit]
        hangs = dependants_of(image.commit, engine.fleet, others)
        if dry_run:
            named = our_line("delete {}{}", what, f": {'; '.join(hangs)}" if hangs else "")
            return would(named, as_json, {"commit": image.commit, "dependants": list(hangs)})
        on_it = f" {'; '.join(hangs)}." if hangs else ""
        lost = our_line("This deletes {}.{} It cannot be undone; a recipe builds another one.", what, on_it)
        if not yes and not confirmed(f"delete {what}", lost, image.name):
            return ExitCode.FAILED
        await carry_out(engine, command)
        if as_json:
            print_json({"commit": image.commit, "deleted": True})
    return ExitCode.DONE
