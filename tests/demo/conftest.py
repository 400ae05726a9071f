"""One embedded fleet for the tests of the demonstration."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fleets import FleetUnderTest, fleet_under_test


@pytest.fixture(scope="module")
def fleet() -> Iterator[FleetUnderTest]:
    """A fleet for the tests of a module."""
    with fleet_under_test() as made:
        yield made
