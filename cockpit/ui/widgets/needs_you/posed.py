"""An entry of the inbox as it is posed: whose it is, all its words, the keys that answer it, the acts about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cockpit.model.attention import Attention, Urgency
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import Fleet, ProcessState
from cockpit.model.inbox.caution import CautionRule, cautions, warning
from cockpit.model.inbox.entries import key_of, mark_of
from cockpit.model.inbox.question import AnswerKey, keys_of, words_of
from cockpit.text.clean import Clean, joined, ours
from cockpit.text.sanitize import clean_line, clean_text, our_line

LINE, AREA = "line", "area"
"""How a text is written that answers: in one line where the question stands, or in a dialog."""

NO_LIMIT = 200
"""Agents that are named of one entry."""


@dataclass(frozen=True, slots=True)
class Posed:
    """What is asked, or told."""

    item: Attention
    key: str
    mark: str
    who: Clean
    words: Clean
    """All of it, in lines."""
    answers: tuple[AnswerKey, ...] = ()
    field: str = ""
    """How a text answers it; empty where none does."""
    acts: tuple[tuple[str, Clean], ...] = ()
    """Other keys, each with what it does."""
    warning: str = ""
    """What it would do that is to be said twice."""

    @property
    def question(self) -> str:
        """What tells it from every other question, and from this one in other words."""
        return f"{self.key} {self.mark}"

    @property
    def request(self) -> DialogRequested | None:
        """The agent's own question."""
        return self.item.dialog.request if self.item.dialog is not None else None

    @property
    def can_refuse(self) -> bool:
        """Whether it can be said no to, with a reason."""
        return self.request is not None


@lru_cache(maxsize=256)
def _warning(rules: tuple[CautionRule, ...], request: DialogRequested) -> str:
    """Return what is to be said twice; an entry is posed again with every look at the fleet, and may be long."""
    return warning(cautions(rules, request))


def pose(item: Attention, fleet: Fleet, rules: Sequence[CautionRule]) -> Posed:
    """Return an entry as it is posed."""
    agent = fleet.agent(item.agent) if item.agent is not None else None
    key, mark = key_of(item), mark_of(item)
    if item.dialog is not None:
        request = item.dialog.request
        who = clean_line(agent.name if agent is not None else "somebody")
        field = {"input": LINE, "editor": AREA}.get(request.method, "")
        warned = _warning(tuple(rules), request)
        return Posed(item, key, mark, who, clean_text(words_of(request)), keys_of(request), field, (), warned)
    if item.owed is not None:
        about = our_line("{}: ", item.owed.title) if item.owed.title else ours("")
        words = joined((about, clean_text(item.owed.text)))
        return Posed(item, key, mark, clean_line(item.owed.asker or "somebody"), words, field=LINE)
    if item.budget is not None:
        return Posed(item, key, mark, ours("budget"), clean_line(item.sentence), acts=(("⏎", ours("decide")),))
    task = next((one for one in fleet.tasks if one.id == item.task), None) if item.task is not None else None
    called = task.assignee if task is not None else item.urgency.name.lower()
    who = clean_line(agent.name if agent is not None else called or "nobody")
    if len(item.agents) > 1:
        who = our_line("{} agents", len(item.agents))
    return Posed(item, key, mark, who, _told(item, fleet), acts=_acts(item, fleet))


def _told(item: Attention, fleet: Fleet) -> Clean:
    """Say what is so, and what its program said last where it died."""
    agent = fleet.agent(item.agent) if item.agent is not None else None
    parts = [clean_text(item.sentence)]
    if len(item.agents) > 1:
        names = [known.name for known in map(fleet.agent, item.agents[:NO_LIMIT]) if known is not None]
        parts.append(our_line("its agents: {}", ", ".join(names)))
    if agent is not None and item.urgency is Urgency.FAILED:
        parts += [clean_line(line) for line in agent.process.errors[-3:]]
    return joined(parts, ours("\n"))


def _acts(item: Attention, fleet: Fleet) -> tuple[tuple[str, Clean], ...]:
    agent = fleet.agent(item.agent) if item.agent is not None else None
    if item.urgency is Urgency.FAILED:
        if item.cause is not None:
            return (("M", ours("go on")), ("w", ours("why")))
        dead = agent is not None and agent.process.state is ProcessState.DEAD
        return (("R", ours("relaunch")), ("w", ours("why"))) if dead else (("w", ours("why")), ("⏎", ours("go")))
    if item.finding is not None:
        return (("M", clean_line(item.finding.suggestion.value)), ("⏎", ours("go")))
    return (("⏎", ours("take back")),) if item.urgency is Urgency.UNDELIVERED else (("⏎", ours("go")),)
