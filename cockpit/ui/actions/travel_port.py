"""What the handlers of the actions may ask about places: going back and forward, tabs, what is offered where."""

from __future__ import annotations

from typing import Protocol

from cockpit.ui.actions.offered import OfferedAction


class TravelPort(Protocol):
    """A screen from which one goes to others."""

    def walk(self, step: int) -> None:
        """Go back (-1) or forward (1) through the places where the operator was."""

    def show_tab(self, name: str) -> None:
        """Show a part of what there is of the selected agent, by the name of its tab."""

    def offered(self, *, alone: bool = False, anywhere: bool = False) -> list[OfferedAction]:
        """Return the actions that make sense here.

        Args:
            alone: they are judged by what is selected, whoever is marked.
            anywhere: also those that have their keys on another screen, and the operator's own commands.
        """
