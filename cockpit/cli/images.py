"""The work of the verbs about golden images."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from cockpit.bootstrap.recipe import load_recipe, recipe_file
from cockpit.cli.exits import ExitCode
from cockpit.cli.output import print_json, print_table
from cockpit.text.sanitize import our_line
from cockpit.text.streams import say


def show_recipe(named: Path | None, config: Path | None, as_json: bool) -> int:
    """Check the recipe that counts and print its steps.

    Raises:
        ConfigError: it cannot be used.
    """
    file = recipe_file(named, config)
    recipe = load_recipe(file)
    if as_json:
        print_json({"file": str(file), **asdict(recipe)})
        return ExitCode.DONE
    say(our_line("{}: {}", str(file), recipe.description or "no description"))
    rows = [
        (
            str(number),
            step.name,
            f"{step.timeout:g} s",
            "the system" if step.beyond_home else "the home directory",
            "yes" if step.clears_secrets else "-",
        )
        for number, step in enumerate(recipe.steps, start=1)
    ]
    print_table(("#", "STEP", "AT MOST", "CHANGES", "CLEARS SECRETS"), rows)
    return ExitCode.DONE
