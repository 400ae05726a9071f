"""What the engine's port promises about calling the operator."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cockpit.model.notices.notifier import Summons

if TYPE_CHECKING:
    from cockpit.model.ids import AgentId
    from cockpit.model.notices.condition import Condition
    from cockpit.model.notices.rules import NoticeRules

Tell = Callable[[Summons], None]
"""Tells the operator; returns at once."""


@dataclass(frozen=True, slots=True)
class HookOutcome:
    """What became of a hook."""

    command: str
    trouble: str = ""
    """Why it did not do its work; empty if it did."""
    seconds: float = 0.0


class NoticesPort(Protocol):
    """Calls the operator who looks elsewhere; of the cockpits that share a history, one does."""

    @property
    def rules(self) -> NoticeRules:
        """How the operator wants to be called."""

    @property
    def tells(self) -> bool:
        """Whether it is this process that calls."""

    def attach(self, tell: Tell) -> None:
        """Take part: have the calls told here while this process is the one that calls."""

    def attend(self, agents: Collection[AgentId]) -> None:
        """Say whom the operator looks at here: nobody is told of them, in whatever process."""

    async def test(self) -> HookOutcome | None:
        """Summons once, here and now, by all means there are; return what became of the hook, None if there is none."""

    def calling(self) -> tuple[Condition, ...]:
        """Return what calls at this moment, told or not, the most urgent first."""
