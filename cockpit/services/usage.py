"""Usage's client: tokens and cost of finished prompts, and the lives of VMs; read and recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from cockpit.model.shared.listed import Listed
from cockpit.model.shared.usage import AgentTotal, SessionUsage, TokenCosts, TokenCounts, UsageTotals, VmUsage
from cockpit.services.errors import ServiceMissing
from cockpit.services.http import ServiceHttp
from cockpit.services.reading import listed, one_of
from cockpit.services.reef import usage as reef
from cockpit.services.wire import Amount, Identifier, Object, ServiceModel, Text, Timestamp, Whole

ALL_TIME = "all"
"""A span that the server cannot read, and so takes for all there is."""

LARGEST_COUNT = 2_147_483_647
"""The largest number of tokens that a server takes; it answers 500 to more."""


class _Counts(ServiceModel):
    input: Whole = 0
    output: Whole = 0
    cacheRead: Whole = 0
    cacheWrite: Whole = 0
    total: Whole = 0


class _Costs(ServiceModel):
    input: Amount = 0.0
    output: Amount = 0.0
    cacheRead: Amount = 0.0
    cacheWrite: Amount = 0.0
    total: Amount = 0.0


class SessionRecord(ServiceModel):
    """One finished prompt."""

    id: Identifier
    sessionId: Text = ""
    agent: Text = ""
    parentAgent: Text = ""
    model: Text = ""
    tokens: _Counts = _Counts()
    cost: _Costs = _Costs()
    turns: Whole = 0
    toolCalls: Object = Field(default_factory=dict)
    startedAt: Timestamp = 0.0
    endedAt: Timestamp = 0.0
    recordedAt: Timestamp = 0.0

    def session(self) -> SessionUsage:
        """Return the fleet's record."""
        tokens, cost = self.tokens, self.cost
        calls = (
            (tool, count) for tool, count in self.toolCalls.items() if isinstance(count, int) and type(count) is int
        )
        return SessionUsage(
            session=self.sessionId,
            agent=self.agent,
            model=self.model,
            tokens=TokenCounts(tokens.input, tokens.output, tokens.cacheRead, tokens.cacheWrite, tokens.total),
            cost=TokenCosts(cost.input, cost.output, cost.cacheRead, cost.cacheWrite, cost.total),
            turns=self.turns,
            started_at=self.startedAt,
            ended_at=self.endedAt,
            parent=self.parentAgent,
            tool_calls=tuple(calls),
            id=self.id,
            recorded_at=self.recordedAt,
        )


class LifeRecord(ServiceModel):
    """The life of a VM."""

    id: Identifier
    vmId: Text = ""
    role: Text = ""
    agent: Text = ""
    commitId: Text = ""
    createdAt: Timestamp = 0.0
    destroyedAt: Timestamp = 0.0
    recordedAt: Timestamp = 0.0

    def life(self) -> VmUsage:
        """Return the fleet's record."""
        return VmUsage(
            vm_id=self.vmId,
            role=self.role,
            agent=self.agent,
            created_at=self.createdAt,
            commit=self.commitId,
            destroyed_at=self.destroyedAt,
            id=self.id,
            recorded_at=self.recordedAt,
        )


class _Totals(ServiceModel):
    tokens: Whole = 0
    cost: Amount = 0.0
    sessions: Whole = 0
    vms: Whole = 0


class SummaryRecord(ServiceModel):
    """The sums of a span of time."""

    range: Text = ""
    totals: _Totals
    byAgent: Object = Field(default_factory=dict)

    def usage(self) -> UsageTotals:
        """Return the fleet's sums; an agent whose sums are none has none."""
        agents = []
        for name, said in self.byAgent.items():
            sums = _Totals.model_validate(said if isinstance(said, dict) else {})
            agents.append(AgentTotal(name, sums.tokens, sums.cost, sums.sessions))
        totals = self.totals
        return UsageTotals(self.range, totals.tokens, totals.cost, totals.sessions, totals.vms, tuple(agents))


class UsageClient:
    """The usage records of one server. Only finished prompts are here; what goes on is in the feed.

    A reef counts turns instead of prompts, and is asked in its own way where the usual one is not there.
    """

    def __init__(self, http: ServiceHttp) -> None:
        self._http = http

    async def summary(self, span: str = "7d") -> UsageTotals:
        """Return the sums of a span: `24h`, `7d`, or `ALL_TIME`.

        Raises:
            ServiceError: they could not be had.
        """
        what = "read the usage"
        try:
            reply = await self._http.request(what, "GET", "/usage", params={"range": span})
        except ServiceMissing:
            return await reef.window(self._http, span)
        return one_of(reply, what, SummaryRecord).usage()

    async def sessions(self, *, agent: str = "", span: str = "") -> Listed[SessionUsage]:
        """Return the records of finished prompts, the newest start first; of a span (`24h`) or of all time.

        Raises:
            ServiceError: they could not be had.
        """
        params = {"agent": agent, "range": span}
        what, path = "list the usage of sessions", "/usage/sessions"
        try:
            return await listed(self._http, what, path, "sessions", SessionRecord, SessionRecord.session, params)
        except ServiceMissing:
            return await reef.turns(self._http, agent=agent, span=span)

    async def vms(self, *, role: str = "", agent: str = "", span: str = "") -> Listed[VmUsage]:
        """Return the lives of VMs, the newest first; of a span (`24h`) or of all time.

        Raises:
            ServiceError: they could not be had.
        """
        params = {"role": role, "agent": agent, "range": span}
        return await listed(
            self._http, "list the usage of VMs", "/usage/vms", "vms", LifeRecord, LifeRecord.life, params
        )

    async def record_session(self, usage: SessionUsage) -> SessionUsage:
        """Record a finished prompt and return the record. After a lost answer it may be there: look before.

        Raises:
            ServiceError: it was refused, or the answer was lost.
        """
        tokens, cost = usage.tokens, usage.cost
        body: dict[str, Any] = {
            "sessionId": usage.session,
            "agent": usage.agent,
            "model": usage.model,
            "tokens": {
                "input": _counted(tokens.input),
                "output": _counted(tokens.output),
                "cacheRead": _counted(tokens.cache_read),
                "cacheWrite": _counted(tokens.cache_write),
                "total": _counted(tokens.total),
            },
            "cost": {
                "input": cost.input,
                "output": cost.output,
                "cacheRead": cost.cache_read,
                "cacheWrite": cost.cache_write,
                "total": cost.total,
            },
            "turns": max(0, usage.turns),
            "toolCalls": dict(usage.tool_calls),
            "startedAt": stamp(usage.started_at),
            "endedAt": stamp(usage.ended_at),
        }
        if usage.parent:
            body["parentAgent"] = usage.parent
        what = f"record the usage of {usage.agent}"
        return one_of(
            await self._http.request(what, "POST", "/usage/sessions", body=body), what, SessionRecord
        ).session()

    async def record_vm(self, usage: VmUsage) -> VmUsage:
        """Record that a VM was made; with `destroyed_at`, that its newest record ends then.

        Raises:
            ServiceError: it was refused, or the answer was lost.
        """
        body: dict[str, Any] = {
            "vmId": usage.vm_id,
            "role": usage.role,
            "agent": usage.agent,
            "createdAt": stamp(usage.created_at),
        }
        if usage.commit:
            body["commitId"] = usage.commit
        if usage.destroyed_at:
            body["destroyedAt"] = stamp(usage.destroyed_at)
        what = f"record the life of VM {usage.vm_id}"
        return one_of(await self._http.request(what, "POST", "/usage/vms", body=body), what, LifeRecord).life()


def stamp(seconds: float) -> str:
    """Return unix seconds as the servers want them: UTC with a Z. Another offset would be dropped, not converted."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _counted(tokens: int) -> int:
    return max(0, min(tokens, LARGEST_COUNT))
