"""What the engine's port promises about plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.plan.marks import BoardPlan
    from cockpit.model.plan.schedule import Outlook


@dataclass(frozen=True, slots=True)
class PlanStatus:
    """A plan as this cockpit sees it."""

    plan: BoardPlan
    source: str
    """On whose board it is."""
    outlook: Outlook
    here: bool = False
    """This process hands its tasks out."""
    trouble: str = ""
    """Why nothing is done for it here."""


class PlansPort(Protocol):
    """The plans of all boards."""

    def known(self) -> tuple[PlanStatus, ...]:
        """Return the plans, the newest of each board first, as board and fleet are known now."""

    def hand_out(self, name: str = "") -> None:
        """Hand out the tasks of plans that run, from now on, wherever no other cockpit does.

        Args:
            name: of this plan alone; empty for all of them.
        """
