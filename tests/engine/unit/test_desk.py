"""What the operator arranged is read back as it was kept; what means nothing is left out."""

from __future__ import annotations

import pytest

from cockpit.engine.coordination.desk import DENSITY, ORDER, PINNED, arrangement_in
from cockpit.model.desk import Arrangement, Density
from cockpit.model.ids import AgentId
from cockpit.model.ordering import SortOrder


@pytest.mark.parametrize("density", list(Density))
def test_order_density_and_pins_come_back(density: Density) -> None:
    kept = {DENSITY: density.value, ORDER: "cost", PINNED + "a:1": "1", "theme": "ansi"}
    assert arrangement_in(kept) == Arrangement(frozenset({AgentId("a:1")}), SortOrder.COST, (), density)


def test_what_a_later_cockpit_kept_means_nothing_here() -> None:
    assert arrangement_in({DENSITY: "three lines", ORDER: "colour", "filter:{": "x"}) == Arrangement()
