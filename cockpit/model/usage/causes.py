"""Causes: what refused several agents alike is one thing to mend, and not one for each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cockpit.model.ages import span_text
from cockpit.model.fleet import ActivityState, Agent
from cockpit.model.reduce.activity import base_state
from cockpit.model.usage.resets import READ, reset_of


class CauseKind(StrEnum):
    """What refused an agent."""

    KEY = "key"
    LIMIT = "limit"
    GATEWAY = "gateway"


_WORDS = (
    (
        CauseKind.KEY,
        r"\b401\b|unauthori[sz]ed|authentication.?(?:error|failed)|failed to authenticate"
        r"|invalid.{0,20}(?:api|x-api|access).?(?:key|token)"
        r"|(?:api|access).?(?:key|token).{0,30}(?:invalid|not valid|expired|revoked|incorrect|disabled)"
        r"|incorrect api key|no api key|token.{0,20}expired|permission.?error",
    ),
    (
        CauseKind.LIMIT,
        r"\b429\b|rate.?limit|usage.?limit|limit reached|hit your.{0,40}limit|quota|too many requests"
        r"|resource.?exhausted|credit balance|insufficient.{0,10}(?:credit|balance|funds)",
    ),
    (
        CauseKind.GATEWAY,
        r"\b50[234]\b|\b52[0-9]\b|\bapi error: 500\b|\b500 server.error|internal server error"
        r"|bad gateway|service unavailable|gateway time-?out|overloaded|fetch failed"
        r"|connection (?:error|refused|reset|closed)|econn(?:refused|reset)|enotfound|eai_again|upstream",
    ),
)
_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE | re.ASCII)) for kind, pattern in _WORDS)


@dataclass(frozen=True, slots=True)
class Cause:
    """What refused one agent, or several alike."""

    kind: CauseKind
    provider: str
    """Whose it is, in the agents' own word; may be empty."""
    until: float | None = None
    """Unix seconds until which it refuses, where it said so; the latest of all its agents."""

    @property
    def key(self) -> tuple[CauseKind, str]:
        """What makes it the same one."""
        return self.kind, self.provider.lower()


def cause_of(agent: Agent) -> Cause | None:
    """Return what refused an agent whose run failed, or that waits for another try; None if its error says none."""
    state = base_state(agent.activity)
    if state not in (ActivityState.ERROR, ActivityState.RETRYING):
        return None
    text = agent.activity.error[:READ]
    for kind, pattern in _PATTERNS:
        if pattern.search(text):
            until = reset_of(text, agent.activity.since) if kind is not CauseKind.KEY else None
            return Cause(kind, agent.provider, until)
    return None


def words_of(cause: Cause, now: float) -> str:
    """Say what refuses, and until when."""
    whose = f" of {cause.provider}" if cause.provider else ""
    match cause.kind:
        case CauseKind.KEY:
            return f"the key{whose} is refused"
        case CauseKind.GATEWAY:
            what = f"{cause.provider or 'the provider'} does not answer as it should"
        case _:
            what = f"a limit{whose} is reached"
    return what if cause.until is None else f"{what}, {until_words(cause.until, now)}"


def until_words(until: float, now: float) -> str:
    """Say until when something is refused: `until 15:00 (in 2h 5m)`, or that it is over."""
    moment = datetime.fromtimestamp(until)
    clock = moment.strftime("%H:%M") if until - now < 86_400 else moment.strftime("%a %d %b %H:%M")
    return f"until {clock} (in {span_text(until - now)})" if until > now else f"until {clock}, which is over"


def until_word(agent: Agent) -> str:
    """Return until when what refused an agent does so, for a row: `until 15:00`; empty text if it did not say."""
    cause = cause_of(agent)
    if cause is None or cause.until is None:
        return ""
    moment = datetime.fromtimestamp(cause.until)
    return f"until {moment:%H:%M}" if cause.until - agent.activity.since < 86_400 else f"until {moment:%a %d %b %H:%M}"


def joined(causes: Iterable[Cause]) -> Cause:
    """Return causes that are the same one as one: it lasts as long as the longest of them."""
    found = list(causes)
    ends = [cause.until for cause in found if cause.until is not None]
    return Cause(found[0].kind, found[0].provider, max(ends, default=None))
