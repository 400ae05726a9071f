"""A reef's usage: sums of a window, and a record of each turn."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from cockpit.model.shared.listed import Listed
from cockpit.model.shared.usage import AgentTotal, SessionUsage, TokenCosts, TokenCounts, UsageTotals
from cockpit.services.http import ServiceHttp
from cockpit.services.reading import listed, one_of
from cockpit.services.wire import Amount, Identifier, ServiceModel, Text, Timestamp, Whole, each

RECORDS = 10_000
"""Records asked for at most; unless it is told, a reef gives a hundred."""

UNITS = {"m": 1, "h": 60, "d": 1440}
"""Minutes of the units in which spans are written."""


def minutes(span: str) -> int:
    """Return the minutes of `30m`, `24h` or `7d`; 0, for all time, of anything else."""
    number, unit = span[:-1], span[-1:]
    if unit not in UNITS or not (number.isascii() and number.isdigit()) or len(number) > 6:
        return 0
    return int(number) * UNITS[unit]


class AgentRecord(ServiceModel):
    """The sums of one agent with one model."""

    agentName: Text = ""
    parentId: Text = ""
    totalTokens: Whole = 0
    totalCost: Amount = 0.0
    turns: Whole = 0


class SumsRecord(ServiceModel):
    """The sums of all."""

    totalTokens: Whole = 0
    totalCost: Amount = 0.0


class WindowRecord(ServiceModel):
    """A window's summary."""

    totals: SumsRecord
    byAgent: Annotated[tuple[AgentRecord, ...], BeforeValidator(lambda value: each(value, AgentRecord))] = ()


class TurnRecord(ServiceModel):
    """One turn of one agent."""

    id: Identifier
    agentName: Text = ""
    taskId: Text = ""
    model: Text = ""
    inputTokens: Whole = 0
    outputTokens: Whole = 0
    cacheReadTokens: Whole = 0
    cacheWriteTokens: Whole = 0
    totalTokens: Whole = 0
    inputCost: Amount = 0.0
    outputCost: Amount = 0.0
    cacheReadCost: Amount = 0.0
    cacheWriteCost: Amount = 0.0
    totalCost: Amount = 0.0
    createdAt: Timestamp = 0.0

    def session(self) -> SessionUsage:
        """Return it as the record of a prompt of one turn; when it began is not told."""
        tokens = (self.inputTokens, self.outputTokens, self.cacheReadTokens, self.cacheWriteTokens, self.totalTokens)
        cost = (self.inputCost, self.outputCost, self.cacheReadCost, self.cacheWriteCost, self.totalCost)
        return SessionUsage(
            session=self.taskId,
            agent=self.agentName,
            model=self.model,
            tokens=TokenCounts(*tokens),
            cost=TokenCosts(*cost),
            turns=1,
            started_at=self.createdAt,
            ended_at=self.createdAt,
            id=self.id,
            recorded_at=self.createdAt,
        )


async def window(http: ServiceHttp, span: str) -> UsageTotals:
    """Return the sums of a span.

    Raises:
        ServiceError: they could not be had.
    """
    what = "read the usage"
    asked = {"windowMinutes": number} if (number := minutes(span)) else None
    record = one_of(await http.request(what, "GET", "/usage/summary", params=asked), what, WindowRecord)
    agents = tuple(
        AgentTotal(agent.agentName, agent.totalTokens, agent.totalCost, agent.turns, agent.parentId)
        for agent in record.byAgent
    )
    totals = record.totals
    return UsageTotals(span, totals.totalTokens, totals.totalCost, sum(one.sessions for one in agents), 0, agents)


async def turns(http: ServiceHttp, *, agent: str, span: str) -> Listed[SessionUsage]:
    """Return the records of turns, the newest first.

    Raises:
        ServiceError: they could not be had.
    """
    params: dict[str, str | int] = {"agent": agent, "windowMinutes": minutes(span), "limit": RECORDS}
    return await listed(
        http, "list the usage of sessions", "/usage/records", "records", TurnRecord, TurnRecord.session, params
    )
