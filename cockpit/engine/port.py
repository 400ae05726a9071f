"""What a screen or a headless verb may ask of the engine; the double of the tests keeps the same contract."""

from __future__ import annotations

from typing import Protocol

from cockpit.model.commands import Command
from cockpit.model.fleet import Fleet
from cockpit.model.ids import AgentId, CommandId, CommitId
from cockpit.model.refusals import Refusal
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import Place, TranscriptWindow


class CockpitPort(Protocol):
    """The engine as its callers see it. All methods run on the engine's event loop and return at once."""

    @property
    def revision(self) -> int:
        """Grows with each change of anything visible; compare it before pulling a snapshot."""

    @property
    def urgency(self) -> int:
        """Grows when an agent begins to wait for the operator: asks, is done, failed."""

    @property
    def fleet(self) -> Fleet:
        """The newest snapshot."""

    def transcript(self, agent: AgentId) -> Transcript:
        """Return an agent's transcript; the same object for the agent's life, with its own revision."""

    def dispatch(self, command: Command) -> CommandId:
        """Order something. Progress shows in `fleet.receipts` (and `fleet.operations` for multi-step acts).

        The receipt is in the snapshot when this returns. It never raises for a refusal: the receipt says so.
        """

    def dismiss(self, command: CommandId) -> None:
        """Hear no more of a command that failed or is unconfirmed: it leaves the inbox, also after a restart."""

    def disabled_reason(self, command: Command) -> str:
        """Say why a command would be refused now, or return empty text."""

    def refusal(self, command: Command) -> Refusal | None:
        """Return why a command would be refused now, with the code to decide by, or None."""

    def focus(self, agent: AgentId | None) -> None:
        """Name the agent the operator looks at: it is read at once, and its finished runs count as seen."""

    def past(self, agent: AgentId) -> TranscriptWindow | None:
        """Return the window onto an agent's past that was opened; None while there is none, or none yet."""

    def open_past(self, agent: AgentId, place: Place | None) -> None:
        """Open a window onto an agent's past; it takes the place of the one that was open.

        It appears in `past` once it is filled, and not at all if the transcript holds everything there is.

        Args:
            agent: whose.
            place: (epoch, line) of a record that is to lie in its midst; None for the oldest that is kept here.
        """

    def page_older(self, agent: AgentId) -> bool:
        """Page older records into the open window; its border says it if they cannot be had.

        Returns False if there are none, no window is open, or something is on its way.
        """

    def page_newer(self, agent: AgentId) -> bool:
        """Page newer records into the open window; False if none is open, or something is on its way."""

    def leave_past(self, agent: AgentId) -> None:
        """Close the window onto an agent's past: the reader is back at the live end."""

    def images(self) -> tuple[tuple[CommitId, str], ...]:
        """Return the commits an agent can be started from, newest first, with their names."""

    def programs(self) -> tuple[tuple[str, str], ...]:
        """Return the agent programs that can be started (`pi`, `scripted`), each with the reason it cannot, or ''."""

    def now(self) -> float:
        """Return unix seconds on a clock that never jumps; all ages are measured with it."""

    async def idle(self) -> None:
        """Return when nothing is in flight: no operation, no unsent command, no unread byte already received."""
