"""Tokens, cost and time of VMs as a service recorded them: of finished prompts, never of one that goes on."""

from __future__ import annotations

from dataclasses import dataclass

VM_ROLES = ("orchestrator", "lieutenant", "worker", "infra", "golden")
"""The roles of VMs in usage records: other ones than in the registry, which has `custom` and no `orchestrator`."""


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Tokens of one prompt, or of several."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class TokenCosts:
    """US dollars, by the kind of token."""

    input: float = 0.0
    output: float = 0.0
    cache_read: float = 0.0
    cache_write: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionUsage:
    """What one finished prompt took. An agent's session has one such record for each of its prompts."""

    session: str
    """The agent's session; not unique."""
    agent: str
    model: str
    tokens: TokenCounts
    cost: TokenCosts
    turns: int
    started_at: float
    """Unix seconds."""
    ended_at: float
    parent: str = ""
    """The name of the agent that it works for."""
    tool_calls: tuple[tuple[str, int], ...] = ()
    """How often each tool was called."""
    id: str = ""
    """Given by the service; empty before."""
    recorded_at: float = 0.0


@dataclass(frozen=True, slots=True)
class VmUsage:
    """The life of one VM."""

    vm_id: str
    role: str
    """One of `VM_ROLES`, or a word of a newer server."""
    agent: str
    """Who made it."""
    created_at: float
    """Unix seconds."""
    commit: str = ""
    """What it was restored from, or what was taken of it."""
    destroyed_at: float = 0.0
    """Unix seconds; 0 while it is not said to be gone."""
    id: str = ""
    recorded_at: float = 0.0


@dataclass(frozen=True, slots=True)
class AgentTotal:
    """What one agent took in a span of time."""

    agent: str
    tokens: int
    cost: float
    sessions: int = 0
    """Finished prompts; turns of the model, where the server counts those alone."""
    parent: str = ""
    """The id of the agent above it, where the server says it."""


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """What all agents took in a span of time."""

    span: str
    """As the server says it: `24h`, `7d`; what it could not read means all time."""
    tokens: int
    cost: float
    """US dollars, rounded by the server."""
    sessions: int
    vms: int
    agents: tuple[AgentTotal, ...] = ()
    """By cost, the highest first."""
