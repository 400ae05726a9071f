"""Going from place to place: back to a screen that stands below, or on to a new one; and the way that led here."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from cockpit.model.ids import AgentId
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.offered import OWN, OfferedAction
from cockpit.ui.actions.registry import ACTIONS, disabled_reason, hidden
from cockpit.ui.look.cells import Piece
from cockpit.ui.places.crumbs import Crumb, crumb_pieces
from cockpit.ui.places.history import ScreenPlace
from cockpit.ui.screens.action_screen import ActionScreen

TIED = ("agent", "grid")
"""Screens whose own actions are about parts of themselves: elsewhere they would do nothing."""


class Traveller(ActionScreen):
    """A screen from which one goes to others."""

    def show(self, name: str, needle: str = "") -> None:
        """Go to a screen by its name: whom it is to show, or what narrows it."""
        visit(self, ScreenPlace(name, needle))

    def walk(self, step: int) -> None:
        """Go back (-1) or forward (1) to the next of the places where the operator was that is still there."""

        def exists(place: ScreenPlace) -> bool:
            return place.screen != "agent" or self.situation().fleet.agent(AgentId(place.key)) is not None

        place = self.history.go(step, exists)
        if place is not None:
            visit(self, place)

    def show_tab(self, name: str) -> None:
        """Show a part of what there is of an agent, where there are such parts."""

    def offered(self, *, alone: bool = False, anywhere: bool = False) -> list[OfferedAction]:
        """Return the actions that make sense here.

        Args:
            alone: they are judged by what is selected, whoever is marked.
            anywhere: also those that have their keys on another screen, and the operator's own commands.
        """
        situation = replace(self.situation(), marked=()) if alone else self.situation()
        near = ("home", self.NAME)
        elsewhere = [one for one in ACTIONS if anywhere and one.screen not in (*near, *TIED)]
        here = [one for one in ACTIONS if one.screen in near]
        own = tuple(self.own.values()) if anywhere else ()
        return [
            OfferedAction(
                one.id,
                one.label,
                OWN if one.id in self.own else one.group,
                one.description,
                self.key_of(one.id) if one.screen in near else "",
                disabled_reason(one, situation),
            )
            for one in (*here, *elsewhere, *own)
            if self.offers(one) and not hidden(one, situation)
        ]

    def foremost(self) -> HomePort:
        """Return the screen of the operator that is in view."""
        over = self.app.screen
        return cast("HomePort", over if isinstance(over, Traveller) else self)

    def action_crumb(self, number: int) -> None:
        """Go to a place on the way that leads here."""
        visit(self, _way_to(self)[number][1])

    def way_pieces(self, width: int) -> list[Piece]:
        """Say the way from the fleet to this screen, in at most `width` cells."""
        return crumb_pieces([crumb for crumb, _ in _way_to(self)], width)


def visit(screen: ActionScreen, place: ScreenPlace) -> None:
    """Go to a place. Screens that stand over it are left; each kind of screen stands there once at most."""
    app = screen.app
    there = next((one for one in _standing(screen) if place.screen == one.NAME), None)
    if there is None:
        app.push_screen(screen.made(place))
        return
    while app.screen is not there:
        app.screen.dismiss(None)
    there.arrive(place.key)


def _way_to(screen: ActionScreen) -> list[tuple[Crumb, ScreenPlace]]:
    """Return the way from the fleet to a screen: the screens that it stands over, and whatever lies between."""
    found: list[tuple[Crumb, ScreenPlace]] = []
    for one in _standing(screen):
        for name, place in one.steps():
            found.append((Crumb(name, f"screen.crumb({len(found)})"), place))
        if one is screen:
            break
    crumb, place = found[-1]
    return [*found[:-1], (crumb._replace(click=""), place)]


def _standing(screen: ActionScreen) -> list[ActionScreen]:
    return [one for one in screen.app.screen_stack if isinstance(one, ActionScreen)]
