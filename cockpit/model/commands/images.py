"""Commands about golden images."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import CommitId
from cockpit.model.recipe import Recipe
from cockpit.model.size import VmSize


@dataclass(frozen=True, slots=True)
class BuildImage:
    """Build a golden image by a recipe, or go on with the build of it that was left."""

    name: str
    recipe: Recipe | None = None
    """None takes the operator's own, else the shipped one."""
    base: CommitId | None = None
    """The image it is a successor of; None builds on a fresh VM."""
    again: tuple[str, ...] = ()
    """Steps that are run although their result is there."""
    description: str = ""
    """For people; empty takes the recipe's."""
    size: VmSize | None = None
    """What a fresh VM is to have, and so every agent restored from the image; None is the guide's."""
    source: str = ""
    """Which of the sources gets it; empty for that of its base, else the first."""


@dataclass(frozen=True, slots=True)
class DescribeImage:
    """Say what an image is for, in other words than so far; what was found in it stays."""

    image: CommitId
    description: str


@dataclass(frozen=True, slots=True)
class DeleteImage:
    """Delete an image for good. The target was named to the operator before."""

    image: CommitId


ImageCommand = BuildImage | DescribeImage | DeleteImage
