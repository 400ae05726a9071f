"""The recipe of a golden image: named steps, each with a check that says whether its result is there already."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

MAX_NAME = 60
"""Characters a step's name may have: it is shown on one line, beside its time."""

MAX_LIMIT = 86_400.0
"""Seconds a step may be given at most: a day."""

_STRICT = {"extra": "forbid"}


class StepScope(StrEnum):
    """What a step changes, which decides where it may run."""

    HOME = "home"
    """The home directory alone: it runs everywhere."""
    SYSTEM = "system"
    """Programs of the system. Where VMs share those of one machine it is checked, and never run."""
    MACHINE = "machine"
    """What only a VM with a disk of its own has, such as /etc: elsewhere it is no part of an image, and left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeStep:
    """One step, run as the VM's user by `sh`; it is done when its check succeeds.

    Raises:
        ValueError: a field cannot be used; the message names it, and never repeats a command.
    """

    __pydantic_config__: ClassVar = _STRICT

    name: str
    check: str
    """A command that changes nothing and succeeds if the step's result is there."""
    run: str
    """The command that brings the result about."""
    limit: float = 600.0
    """Seconds that `run` may take."""
    scope: StepScope = StepScope.SYSTEM
    """What it changes; a step that does not say counts as one that changes the system."""
    bootstrap: bool = False
    """It is done, too, on a fresh VM that is to have an agent and has no image."""
    clears_secrets: bool = False
    """It removes keys, tokens and histories, so that no copy of the image has them."""

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable() or len(self.name) > MAX_NAME:
            raise ValueError(f"name takes one line of 1 to {MAX_NAME} printable characters")
        for field, command in (("check", self.check), ("run", self.run)):
            if not command.strip() or "\0" in command:
                raise ValueError(f"{field} of step {self.name!r} is empty or holds a NUL character")
        if not 0 < self.limit <= MAX_LIMIT:
            raise ValueError(f"limit of step {self.name!r} takes seconds, more than 0 and {MAX_LIMIT:.0f} at most")

    @property
    def key(self) -> str:
        """What tells this step from every other, and from itself as it was before an edit."""
        return hashlib.sha256(f"{self.name}\0{self.run}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


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
        if not self.description.isprintable():
            raise ValueError("description takes one line of printable characters")
        clearing = [step.clears_secrets for step in self.steps]
        if not clearing[-1]:
            raise ValueError(
                f"the last step, {names[-1]!r}, has no clears_secrets = true: secrets must be taken out after all else,"
                " for every copy of the image has what is in it"
            )
        if clearing != sorted(clearing):
            late = names[len(clearing) - 1 - clearing[::-1].index(False)]
            raise ValueError(f"step {late!r} stands after one that clears secrets, and could bring some in again")
        if not any(step.clears_secrets and step.scope is StepScope.HOME for step in self.steps):
            raise ValueError(
                'no step with clears_secrets = true has scope = "home": the home directory keeps its secrets'
            )

    @property
    def digest(self) -> str:
        """What tells this recipe from others, in eight hexadecimal digits."""
        text = "\0".join(f"{step.key}{step.check}" for step in self.steps)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
