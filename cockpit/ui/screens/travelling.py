"""Going from place to place: back to a screen that stands below, or on to a new one; and the way that led here."""

from __future__ import annotations

from cockpit.model.ids import AgentId
from cockpit.ui.places.crumbs import Crumb
from cockpit.ui.places.history import Place
from cockpit.ui.screens.action_screen import ActionScreen


def visit(screen: ActionScreen, place: Place) -> None:
    """Go to a place. Screens that stand over it are left; each kind of screen stands there once at most."""
    app = screen.app
    there = next((one for one in _standing(screen) if place.screen == one.NAME), None)
    if there is None:
        app.push_screen(screen.made(place))
        return
    while app.screen is not there:
        app.screen.dismiss(None)
    there.arrive(place.key)


def walk(screen: ActionScreen, by: int) -> None:
    """Go back (-1) or forward (1) to the next place that is still there."""

    def exists(place: Place) -> bool:
        return place.screen != "agent" or screen.situation().fleet.agent(AgentId(place.key)) is not None

    place = screen.history.go(by, exists)
    if place is not None:
        visit(screen, place)


def way_to(screen: ActionScreen) -> list[tuple[Crumb, Place]]:
    """Return the way from the fleet to a screen: the screens that it stands over, and whatever lies between."""
    found: list[tuple[Crumb, Place]] = []
    for one in _standing(screen):
        for name, place in one.steps():
            found.append((Crumb(name, f"screen.crumb({len(found)})"), place))
        if one is screen:
            break
    crumb, place = found[-1]
    return [*found[:-1], (crumb._replace(click=""), place)]


def _standing(screen: ActionScreen) -> list[ActionScreen]:
    return [one for one in screen.app.screen_stack if isinstance(one, ActionScreen)]
