"""The part of the engine's port that asks agents: who has `engine.port` has it as `inquiries`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.ids import AgentId, CommandId
    from cockpit.model.inquiries import CarriedOut, Question, SavedSession, SlashCommand, Told


class InquiryPort(Protocol):
    """What agents say of themselves when they are asked, and what they said of commands they carried out."""

    def reason(self, agent_id: AgentId, question: Question[Told]) -> str:
        """Say why an agent cannot be asked something now, or return empty text."""

    async def ask(self, agent_id: AgentId, question: Question[Told]) -> Told:
        """Return what an agent answers, within seconds; nothing of it is changed.

        Raises:
            Refused: it cannot be asked, or says no.
            TimedOut: it did not answer.
            CockpitError: it is not known whether it was asked.
        """

    async def levels(self, agent_id: AgentId) -> tuple[str, ...]:
        """Return the thinking levels an agent can be set to: those its model knows, where it can say that.

        Raises:
            CockpitError: as `ask`.
        """

    def known_commands(self, agent_id: AgentId) -> tuple[SlashCommand, ...] | None:
        """Return the slash commands that an agent's present process told of; None if it was not asked yet."""

    def own_words(self, agent_id: AgentId) -> tuple[str, ...]:
        """Return the words behind `/` that the agent's own screen carries out, and that it takes for text from here."""

    def permission_modes(self, agent_id: AgentId) -> tuple[tuple[str, str], ...]:
        """Return the modes by which an agent does things unasked, each with what it means; none if it has none."""

    def carried_out(self, agent_id: AgentId, command_id: CommandId) -> CarriedOut:
        """Return what an agent said of a command that is done and is no text; empty if it said nothing.

        Raises:
            NotFound: the agent is gone.
        """

    async def sessions(self, agent_id: AgentId) -> tuple[SavedSession, ...]:
        """Return the conversations saved on an agent's VM, newest first, a hundred at most.

        Raises:
            CockpitError: its VM cannot be reached, or it keeps none.
        """

    async def export(self, agent_id: AgentId, form: str, to: Path | None) -> str:
        """Bring an agent's conversation into a file here and return its path.

        Args:
            agent_id: whose.
            form: `html`, `markdown` or `jsonl`.
            to: the file; None leaves it on the agent's VM, and the path there is returned.

        Raises:
            CockpitError: it cannot be had, or not in that form.
        """
