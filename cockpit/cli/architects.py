"""The work of a spawn that makes an architect: what it is to have built becomes its first prompt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cockpit.cli import fleet
from cockpit.cli.headless import Headless
from cockpit.cli.texts import read_text
from cockpit.errors import UsageError
from cockpit.model.architect import ArchitectBrief, architect_task, fault_of_brief
from cockpit.model.commands.life import Spawn


@dataclass(frozen=True, slots=True)
class WantedBuild:
    """What was typed of a build."""

    goal: str
    spec: str
    """A file, or `-` for standard input; empty if there is none."""
    requirements: tuple[str, ...]
    workers: int


def spec_text(spec: str) -> str:
    """Return the specification itself.

    Raises:
        UsageError: the file cannot be read as text.
    """
    return read_text("--spec", spec) if spec else ""


async def spawn(headless: Headless, command: Spawn, wanted: WantedBuild, dry_run: bool, as_json: bool) -> int:
    """Make an architect and give it its build.

    Raises:
        UsageError: the build cannot be given, e.g. since a key stands in it.
    """
    spec = spec_text(wanted.spec)
    goal = wanted.goal or "Build what the specification says."
    brief = ArchitectBrief(goal, spec, wanted.requirements, wanted.workers)
    if fault := fault_of_brief(brief):
        raise UsageError(f"cannot spawn {command.name}: {fault}")

    def with_task(spawn: Spawn) -> Spawn:
        """Give it its build, once it is known which commit its image is."""
        known = replace(brief, golden=spawn.image or headless.golden_image)
        return replace(spawn, task=architect_task(known, headless.bounds))

    return await fleet.spawn(headless, command, dry_run, as_json, with_task)
