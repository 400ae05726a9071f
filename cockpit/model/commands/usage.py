"""Commands about what is spent: budgets, idle VMs, texts to paused agents, and agents whose provider refused them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.model.commands.agent import AgentCommand
from cockpit.model.ids import AgentId, VmId
from cockpit.model.usage.standing import Limit


class BudgetAct(StrEnum):
    """What can be done about a budget."""

    SET = "set"
    RAISE = "raise"
    """Set it higher, and resume what was frozen for it."""
    STOP = "stop"
    """End the runs of what was frozen for it; its VMs stay paused."""
    FINISH = "finish"
    """Resume what was frozen for it, and freeze again only for what is spent once the runs are over."""
    REMOVE = "remove"
    """Take the operator's own limit away; the configuration's holds again."""


@dataclass(frozen=True, slots=True)
class ChangeBudget:
    """Do something about a budget."""

    scope: str
    act: BudgetAct
    limit: Limit = field(default_factory=Limit)
    """The new one, for `set` and `raise`."""


@dataclass(frozen=True, slots=True)
class FreezeForBudget:
    """Freeze VMs, working or not, since a budget is used up."""

    scope: str
    vms: tuple[VmId, ...]
    why: str


@dataclass(frozen=True, slots=True)
class PauseIdle:
    """Pause the VM of an agent that has been idle for long, if nothing of it runs there."""

    vm: VmId
    idle: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class ResumeAndSend:
    """Continue a paused VM, and give its agent a text once it is reached."""

    vm: VmId
    then: AgentCommand


@dataclass(frozen=True, slots=True)
class ContinueLimited:
    """Tell agents to go on whose provider, key or gateway refused them."""

    agents: tuple[AgentId, ...]
    cause: str
    """What refused them, in words."""


UsageCommand = ChangeBudget | FreezeForBudget | PauseIdle | ResumeAndSend | ContinueLimited

GO_ON = "Go on where you were interrupted."
"""What agents are told that were refused."""


def words_of_limit(limit: Limit) -> str:
    """Return a limit as it is typed."""
    parts = [f"${limit.cost:g}"] if limit.cost is not None else []
    parts += [f"{limit.tokens} tokens"] if limit.tokens is not None else []
    return " ".join(parts)
