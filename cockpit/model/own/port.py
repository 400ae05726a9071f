"""What the engine promises about columns and commands of the operator's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.ids import AgentId
    from cockpit.model.own.declared import Own


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command came to."""

    text: str = ""
    """What it printed on both streams, as it came."""
    code: int | None = None
    """How it ended; None if it was ended here, or could not be started."""
    trouble: str = ""
    """Why it did not come to its end by itself; empty if it did."""
    is_cut: bool = False
    """It printed more than is kept."""

    @property
    def line(self) -> str:
        """The first line that says something."""
        return next((line.strip() for line in self.text.splitlines() if line.strip()), "")


class OwnPort(Protocol):
    """Runs what config.toml declares, here and with bounds."""

    @property
    def declared(self) -> Own:
        """The columns and commands there are."""

    def cell(self, agent: AgentId, column: str) -> str:
        """Return what a column says of an agent; empty while that is not known."""

    def want(self, agents: Sequence[AgentId]) -> None:
        """Have the columns' commands run for agents whose rows are seen, where what they printed is too old.

        It returns at once; what comes out shows by `cell`, and by the fleet's revision. For others nothing is run.
        """

    async def run(self, name: str, agent: AgentId) -> Printed:
        """Run a command about an agent.

        Raises:
            UsageError: no command is called so, or there is no such agent.
        """
