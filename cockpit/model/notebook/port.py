"""What the engine's port promises about the operator's notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.ids import AgentId
    from cockpit.model.notebook.draft import Draft, Sent


class NotebookPort(Protocol):
    """Drafts, sent texts and last values: there at once, and after a restart. What looks like a secret is not kept."""

    def draft(self, agent: AgentId) -> Draft:
        """Return what is written to an agent and not sent."""

    def keep_draft(self, agent: AgentId, draft: Draft) -> None:
        """Keep what is written to an agent, in place of what was; an empty one is forgotten."""

    def follow_draft(self, agent: AgentId, read: Callable[[], Draft]) -> None:
        """Take that what is written to an agent changed, and read it only when it is wanted, until one is kept.

        It is called for each key: putting a long text together costs more than a key may.
        """

    def sent(self, agent: AgentId) -> tuple[str, ...]:
        """Return the texts that were sent to an agent, the newest last."""

    def all_sent(self) -> tuple[Sent, ...]:
        """Return the texts that were sent to anybody, the newest first."""

    def note_sent(self, agent: AgentId, text: str) -> None:
        """Keep a text that is being sent."""

    def last_values(self, form: str) -> Mapping[str, str]:
        """Return what a form held when it was last submitted; empty for one that never was."""

    def keep_values(self, form: str, values: Mapping[str, str]) -> None:
        """Keep what a form holds."""
