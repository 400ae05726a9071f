"""What the engine's port promises about the inbox, beside the entries themselves, which follow from the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.inbox.caution import CautionRule
    from cockpit.model.inbox.history import Decided


class InboxPort(Protocol):
    """The rules over commands, and what became of questions."""

    @property
    def rules(self) -> tuple[CautionRule, ...]:
        """What is let through only by the same key twice."""

    async def history(self, limit: int = 200) -> tuple[Decided, ...]:
        """Return the questions that ended last, the newest first.

        Raises:
            CockpitError: they cannot be read.
        """
