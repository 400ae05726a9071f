"""The agents that are being made: their names, and their places in their families, until they are among the others."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from cockpit.engine.infrastructure.grounds import no_infra
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import UsageError
from cockpit.model.commands.life import Spawn
from cockpit.model.ids import VmId
from cockpit.model.refusals.family import of_member, parent_word
from cockpit.model.refusals.grounds import Facilities, Refusal


class OwnPlaces:
    """Those of one source, as far as this cockpit makes them."""

    def __init__(self, fleet_state: FleetState, source: Source) -> None:
        self._fleet_state = fleet_state
        self._source = source
        self._claimed: dict[str, str] = {}
        """The agents that are being made, each with what says who its parent is."""

    def facilities(self, without: str = "") -> Facilities:
        """Return what this fleet has to make agents with, and what is taken by those being made, `without` one."""
        source = self._source
        programs = tuple((program.name, program.reason) for program in source.programs)
        claimed = {name: parent for name, parent in self._claimed.items() if name != without}
        there = {agent.name for agent in self._fleet_state.agents.values()}
        return Facilities(
            programs,
            source.default_program,
            source.board is not None,
            source.golden_image,
            claimed=frozenset(claimed),
            making=tuple(parent for name, parent in claimed.items() if name not in there),
            bounds=source.bounds,
            no_infra=no_infra(source),
            thinking=tuple((program.name, program.thinking) for program in source.programs),
            permission_modes=tuple(
                (program.name, tuple(word for word, _ in program.permission_modes)) for program in source.programs
            ),
            routed_ports=source.routed_ports,
        )

    @contextlib.contextmanager
    def claimed(self, spawn: Spawn) -> Iterator[None]:
        """Keep a name, and a place with its parent, from other commands of this cockpit for the time of the block.

        Raises:
            UsageError: another one has the name, or the family has no place.
        """
        name = spawn.name
        if name in self._claimed:
            raise UsageError(f"cannot spawn {name}: an agent of this name is being made", hint="take another name")
        self.check(spawn)
        self._claimed[name] = parent_word(spawn)
        try:
            yield
        finally:
            self._claimed.pop(name, None)

    def refusal(self, spawn: Spawn, without: VmId | None = None) -> Refusal | None:
        """Return why the family which an agent joins has no place for it, or None.

        Args:
            spawn: the agent.
            without: a VM that goes first.
        """
        return of_member(spawn, self._fleet_state.snapshot(), self.facilities(spawn.name), without)

    def check(self, spawn: Spawn, without: VmId | None = None) -> None:
        """Make sure that there is one.

        Raises:
            UsageError: there is none.
        """
        full = self.refusal(spawn, without)
        if full is not None:
            raise UsageError(f"cannot make {spawn.name}: {full.sentence}", hint="destroy one of them first")
