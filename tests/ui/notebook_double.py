"""A notebook in memory, for screens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cockpit.model.ids import AgentId
from cockpit.model.notebook.draft import NO_DRAFT, Draft, Sent


class NotebookDouble:
    """Satisfies `cockpit.model.notebook.port.NotebookPort`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.drafts: dict[AgentId, Draft] = {}
        self.followed: dict[AgentId, Callable[[], Draft]] = {}
        self.values: dict[str, dict[str, str]] = {}
        self.noted: list[Sent] = []
        self._now = now

    def draft(self, agent: AgentId) -> Draft:
        """Return what is there."""
        return self.followed[agent]() if agent in self.followed else self.drafts.get(agent, NO_DRAFT)

    def keep_draft(self, agent: AgentId, draft: Draft) -> None:
        """Keep it."""
        self.followed.pop(agent, None)
        self.drafts[agent] = draft

    def follow_draft(self, agent: AgentId, read: Callable[[], Draft]) -> None:
        """Ask for it from now on."""
        self.followed[agent] = read

    def sent(self, agent: AgentId) -> tuple[str, ...]:
        """Return what is there."""
        return tuple(one.text for one in self.noted if one.agent == agent)

    def all_sent(self) -> tuple[Sent, ...]:
        """Return what is there."""
        return tuple(reversed(self.noted))

    def note_sent(self, agent: AgentId, text: str) -> None:
        """Keep it."""
        self.noted.append(Sent(agent, text, self._now()))

    def last_values(self, form: str) -> Mapping[str, str]:
        """Return what is there."""
        return self.values.get(form, {})

    def keep_values(self, form: str, values: Mapping[str, str]) -> None:
        """Keep them."""
        self.values[form] = dict(values)
