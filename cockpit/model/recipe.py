"""The recipe of a golden image: named steps, each with a check that says whether its result is there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

MAX_NAME = 60
"""Characters a step's name may have: it is shown on one line, beside its time."""

MAX_TIMEOUT = 86_400.0
"""Seconds a step may be given at most: a day."""

_STRICT = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeStep:
    """One step, run as root on the VM by `sh`; it is done when its check succeeds.

    Raises:
        ValueError: a field cannot be used; the message names it, and never repeats a command.
    """

    __pydantic_config__: ClassVar = _STRICT

    name: str
    check: str
    """A command that changes nothing and succeeds if the step's result is there."""
    do: str
    """The command that brings the result about."""
    timeout: float = 600.0
    """Seconds that `do` may take."""
    beyond_home: bool = False
    """It changes more than the home directory, so on a VM that shares the host's files it may be checked only."""
    clears_secrets: bool = False
    """It removes keys, tokens and histories, so that no copy of the image has them."""

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable() or len(self.name) > MAX_NAME:
            raise ValueError(f"name takes one line of 1 to {MAX_NAME} printable characters")
        for field, command in (("check", self.check), ("do", self.do)):
            if not command.strip() or "\0" in command:
                raise ValueError(f"{field} of step {self.name!r} is empty or holds a NUL character")
        if not 0 < self.timeout <= MAX_TIMEOUT:
            raise ValueError(f"timeout of step {self.name!r} takes seconds, more than 0 and {MAX_TIMEOUT:.0f} at most")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The steps of an image, in their order.

    Raises:
        ValueError: it has no step, two of one name, or could leave a secret in the image.
    """

    __pydantic_config__: ClassVar = _STRICT

    steps: tuple[RecipeStep, ...]
    description: str = ""
    """What the image is for, in one sentence."""

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("there is no [[steps]]")
        names = [step.name for step in self.steps]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two steps are named {twice!r}")
        if not self.steps[-1].clears_secrets:
            raise ValueError(
                f"the last step, {names[-1]!r}, has no clears_secrets = true: secrets must be taken out after all else,"
                " for every copy of the image has what is in it"
            )
