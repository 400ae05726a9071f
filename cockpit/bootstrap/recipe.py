"""Reads the recipe of golden images: the operator's own beside config.toml, else the shipped one."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cockpit import paths
from cockpit.config import explain, parsed
from cockpit.errors import ConfigError
from cockpit.model.recipe import Recipe

SHIPPED = Path(__file__).with_name("recipe.toml")
"""The recipe that is used where the operator has none."""


def recipe_file(named: Path | None = None, config: Path | None = None) -> Path:
    """Return the file that counts: the named one, else `recipe.toml` beside config.toml, else the shipped one."""
    own = (config or paths.config_file()).with_name("recipe.toml")
    return named or (own if own.exists() else SHIPPED)


def load_recipe(file: Path) -> Recipe:
    """Read a recipe.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or holds a wrong key or value; it names the nearest valid key.
    """
    try:
        return TypeAdapter(Recipe).validate_python(parsed(file))
    except FileNotFoundError as error:
        raise ConfigError(f"{file} does not exist", hint="check --recipe") from error
    except ValidationError as error:
        raise ConfigError(explain(file, error, Recipe)) from error
