"""Which source an order is for: the one it names, that of what it is about, else the first."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.engine.targets import source_of
from cockpit.model.commands.command import Command
from cockpit.model.commands.images import BuildImage, DeleteImage, DescribeImage
from cockpit.model.commands.life import Restore, Spawn, Undo
from cockpit.model.ids import CommitId
from cockpit.model.refusals.family import parent_word
from cockpit.model.refusals.sources import source_named


def source_for(command: Command, fleet_state: FleetState, running: Sequence[RunningSource]) -> RunningSource:
    """Return the source that carries a command out."""
    name = source_named(command) or source_of(command, fleet_state)
    if isinstance(command, Restore) and command.instead is not None:
        vm = fleet_state.vms.get(command.instead)
        name = vm.source if vm is not None else name
    named = next((one for one in running if one.name == name), None)
    return named or _of_commit(_commit_of(command), fleet_state, running) or _of_parent(command, fleet_state, running)


def _commit_of(command: Command) -> CommitId | None:
    match command:
        case Undo(commit=commit) | Restore(commit=commit):
            return commit
        case Spawn(image=commit) | BuildImage(base=commit):
            return commit
        case DescribeImage(image=commit) | DeleteImage(image=commit):
            return commit
        case _:
            return None


def _of_commit(
    commit: CommitId | None, fleet_state: FleetState, running: Sequence[RunningSource]
) -> RunningSource | None:
    """Return the source that has a commit, as far as it was kept or listed."""
    if commit is None:
        return None
    kept = next((one for one in fleet_state.kept.values() if one.commit == commit), None)
    for one in running:
        listed = any(known == commit for known, _ in one.images) or any(image.commit == commit for image in one.golden)
        if listed or (kept is not None and kept.account == one.source.vers.account):
            return one
    return None


def _of_parent(command: Command, fleet_state: FleetState, running: Sequence[RunningSource]) -> RunningSource:
    """Return the source of the one agent that a new one is to work for, else the first."""
    word = parent_word(command) if isinstance(command, Spawn) else ""
    parents = fleet_state.agents_called(word) if word else ()
    source = parents[0].source if len(parents) == 1 else ""
    return next((one for one in running if one.name == source), running[0])
