"""What happened while the operator was away: finished, failed, asked, died, and what was spent; of recorded events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cockpit.model import events as ev
from cockpit.model.content import Usage
from cockpit.model.events import Record
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId
from cockpit.model.reduce.tools import one_line
from cockpit.model.usage.bucket import Bucket

AWAY_AFTER = 600.0
"""Seconds without a key after which somebody was away."""

TOLD = ("message_ended", "run_ended", "dialog_requested", "daemon_exited")
"""The kinds of events that the summary is made of."""

MOST_WORDS = 200
"""Characters of what somebody said."""


class Happened(StrEnum):
    """What happened, the most urgent first."""

    ASKED = "asked"
    FAILED = "failed"
    DIED = "died"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class AwayLine:
    """What happened to one agent, of one sort."""

    sort: Happened
    agent: AgentId
    name: str
    times: int
    at: float
    """Unix seconds of the last time."""
    words: str
    """The last question, error or answer."""
    waits: bool = False
    """It asks still."""


@dataclass(frozen=True, slots=True)
class Away:
    """What happened since a moment."""

    since: float
    until: float
    lines: tuple[AwayLine, ...] = ()
    spent: tuple[tuple[str, Usage], ...] = ()
    """What each agent spent, the most first."""

    @property
    def total(self) -> float:
        """US dollars that were spent."""
        return sum(usage.cost for _, usage in self.spent)


class AwayPort(Protocol):
    """Sums up what happened."""

    async def happened(self, since: float) -> Away:
        """Return what happened since a moment; raises StoreError if the history cannot be read."""


def away(
    records: Iterable[Record],
    fleet: Fleet,
    names: Mapping[AgentId, str],
    spent: Iterable[Bucket],
    since: float,
    now: float,
) -> Away:
    """Sum up what happened.

    Args:
        records: those of the kinds in `TOLD` since then, each agent's in its order.
        fleet: as it is now: who asks still.
        names: of agents that are gone.
        spent: what was spent since then.
        since: unix seconds.
        now: unix seconds.
    """
    found: dict[tuple[Happened, AgentId], tuple[int, float, str]] = {}
    answers: dict[AgentId, ev.MessageEnded] = {}
    for record in records:
        for sort, words in _told(record, answers):
            times = found.get((sort, record.agent), (0, 0.0, ""))[0]
            found[sort, record.agent] = (times + 1, record.at, one_line(words, MOST_WORDS))
    agents = {agent.id: agent for agent in fleet.agents}
    lines = [
        AwayLine(sort, agent, _name(agent, agents, names), times, at, words, _asks(agents.get(agent), sort))
        for (sort, agent), (times, at, words) in found.items()
    ]
    order = [*Happened]
    lines.sort(key=lambda line: (order.index(line.sort), not line.waits, -line.at))
    return Away(since, now, tuple(lines), _sums(spent, agents, names))


def _told(record: Record, answers: dict[AgentId, ev.MessageEnded]) -> Sequence[tuple[Happened, str]]:
    """Return what an event tells; the last answer of each agent is remembered for the end of its run."""
    match record.event:
        case ev.MessageEnded(role="assistant") as answer:
            answers[record.agent] = answer
        case DialogRequested(title=title, message=message, method=method):
            return [(Happened.ASKED, title or message or method)]
        case ev.DaemonExited(exit_code=code) if code != 0:
            return [(Happened.DIED, f"exit {code}")]
        case ev.RunSettled(error=error) if error:
            answers.pop(record.agent, None)
            return [(Happened.FAILED, error)]
        case ev.RunSettled(answer=str() as text):
            answers.pop(record.agent, None)
            return [(Happened.FINISHED, text)]
        case ev.RunEnded(will_retry=retries) if not retries:
            # Of a run whose messages were told before, or are not kept, nothing is said.
            answer_of = answers.pop(record.agent, None)
            if answer_of is not None and answer_of.stop_reason == "error":
                return [(Happened.FAILED, answer_of.error or "no reason was given")]
            if answer_of is not None and answer_of.stop_reason != "aborted":
                return [(Happened.FINISHED, answer_of.text)]
    return []


def _asks(agent: Agent | None, sort: Happened) -> bool:
    return sort is Happened.ASKED and agent is not None and bool(agent.activity.dialogs)


def _name(agent_id: AgentId, agents: Mapping[AgentId, Agent], names: Mapping[AgentId, str]) -> str:
    known = agents.get(agent_id)
    return known.name if known is not None else names.get(agent_id, agent_id)


def _sums(
    spent: Iterable[Bucket], agents: Mapping[AgentId, Agent], names: Mapping[AgentId, str]
) -> tuple[tuple[str, Usage], ...]:
    sums: dict[str, Usage] = {}
    for bucket in spent:
        name = _name(bucket.agent, agents, names) if bucket.agent is not None else bucket.name
        sums[name] = sums.get(name, Usage()) + bucket.usage
    return tuple(sorted(sums.items(), key=lambda one: -one[1].cost))
