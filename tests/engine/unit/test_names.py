"""Reservations of names within one cockpit: nobody's is taken, or let go of, by another order of the same cockpit."""

from __future__ import annotations

import pytest

from cockpit.engine.commands.names import Names
from cockpit.errors import UsageError
from tests.engine.unit.parts import OTHER_VM, VM, Parts


async def test_a_name_that_is_held_is_held_also_against_its_own_cockpit() -> None:
    parts = Parts()
    parts.board = None  # without services no registry is asked
    names = Names(parts.state, parts.store, parts.source())
    async with names.reserved("ada", VM):
        with pytest.raises(UsageError, match="ada"):
            async with names.reserved("ada", OTHER_VM):
                pass
        assert await parts.memory.names.held() == {"ada"}, "who was refused lets go of nothing"
    assert await parts.memory.names.held() == frozenset()
    async with names.reserved("ada", OTHER_VM):
        pass


async def test_a_name_that_is_taken_is_said_of_what_was_ordered() -> None:
    parts = Parts()
    parts.board = None
    parts.remember(VM, "ada")
    names = Names(parts.state, parts.store, parts.source())
    with pytest.raises(UsageError, match=r"^cannot spawn ada: there is an agent of this name already"):
        async with names.reserved("ada"):
            pass
    with pytest.raises(UsageError, match=r"^the name ada cannot be given: there is an agent of this name already"):
        async with names.reserved("ada", OTHER_VM):
            pass
