"""Machines that are ended after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.harness import Machine

MakeMachine = Callable[..., Machine]


@pytest.fixture
def make_machine(tmp_path: Path) -> Iterator[MakeMachine]:
    """Start machines: `make_machine("MaxSessions 1")`."""
    made: list[Machine] = []

    def make(*options: str) -> Machine:
        made.append(Machine(tmp_path, f"vm-{len(made) + 1}", *options, seed=len(made)))
        return made[-1]

    yield make
    for machine in made:
        machine.close()


@pytest.fixture
def machine(make_machine: MakeMachine) -> Machine:
    """One machine."""
    return make_machine()
