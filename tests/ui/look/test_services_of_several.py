"""Where several sources have a board, a pane says which of them does not answer, and never that there is nothing."""

from __future__ import annotations

from cockpit.model.fleet import Fleet
from cockpit.model.health import ServiceHealth
from cockpit.services.errors import TokenRefused
from cockpit.text.clean import ours
from cockpit.ui.look.rows.panes import doubt, unknown_because

NAMES = ("north board", "south board")


def fleet(*health: ServiceHealth) -> Fleet:
    """Return a fleet of two sources, each with a board."""
    return Fleet(awaited=NAMES, health=health)


def said(*health: ServiceHealth) -> str:
    """Return what an empty pane says."""
    return "\n".join(unknown_because(fleet(*health), ("board",), ours("the board has")))


def test_the_sick_one_is_named_whichever_it_is() -> None:
    well, sick = (
        ServiceHealth("north board", True, 0.0),
        ServiceHealth("south board", False, 0.0, "GET said 401 no", fault=TokenRefused.fault),
    )
    for order in ((well, sick), (sick, well)):
        assert "south board: GET said 401 no" in said(*order)
        assert doubt(fleet(*order), ("board",)) == "south board refused"
    well_too = ServiceHealth("south board", True, 0.0, unreadable=3)
    assert not said(well, well_too) and doubt(fleet(well, well_too), ("board",)) == "3 unreadable"


def test_who_has_not_answered_yet_is_waited_for_and_a_service_that_none_has_is_said_to_be_missing() -> None:
    assert "Waiting for an answer of north board, south board" in said()
    assert "Waiting for an answer of south board" in said(ServiceHealth("north board", True, 0.0))
    assert "No feed is configured" in "\n".join(unknown_because(fleet(), ("feed",), ours("the feed has")))
