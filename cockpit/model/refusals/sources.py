"""Why nothing is made in a source that an order names."""

from __future__ import annotations

from cockpit.model.commands.command import Command
from cockpit.model.commands.images import BuildImage
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.plan import NamedPlanCommand
from cockpit.model.commands.shared import PlacedCommand
from cockpit.model.fleet import Fleet
from cockpit.model.platform import PlatformCommand, Resize, SetLabels
from cockpit.model.refusals.grounds import Refusal, RefusalCode


def source_named(command: Command) -> str:
    """Return the source that an order names; empty where it names none."""
    if isinstance(command, Resize | SetLabels):
        return ""
    names_one = Spawn | BuildImage | PlatformCommand | NamedPlanCommand | PlacedCommand
    return command.source if isinstance(command, names_one) else ""


def _of_commit(command: Command) -> bool:
    return isinstance(command, Spawn) and command.image is not None


def of_source(command: Command, fleet: Fleet) -> Refusal | None:
    """Return why the source that an order names is none, or None."""
    name = source_named(command)
    if name in fleet.plain and (isinstance(command, BuildImage | PlatformCommand) or _of_commit(command)):
        return Refusal(RefusalCode.PLAIN_HOST, f"{name} is a plain SSH host: it has neither VMs nor images")
    if name in fleet.plain and isinstance(command, Spawn) and command.size is not None:
        return Refusal(RefusalCode.PLAIN_HOST, f"{name} is a plain SSH host: there is no VM whose size could be chosen")
    if not name or not fleet.sources or name in fleet.sources:
        return None
    known = ", ".join(fleet.sources)
    return Refusal(RefusalCode.NO_SOURCE, f"there is no source {name!r}; known: {known}")
