"""What changes of an agent that is remembered already: the row in the store follows the agent as it is now."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.store.errors import StoreError

if TYPE_CHECKING:
    from cockpit.model.fleet import Agent
    from cockpit.store.rows import AgentRow
    from cockpit.store.store import Store

log = logging.getLogger(__name__)


def with_identity_of(row: AgentRow, agent: Agent) -> AgentRow:
    """Return a row with what an agent is called, whose it is, and who may find it."""
    return replace(
        row,
        name=agent.name,
        kind=agent.kind.value,
        role=agent.role,
        labels=agent.labels,
        parent=agent.parent,
        parent_vm=agent.parent_vm or "",
        colour=agent.colour,
        named_at=agent.named_at,
        findable=agent.findable,
    )


def with_names_of(agent: Agent, said: Agent | AgentRow) -> Agent:
    """Return an agent with what an operator gave it, as another process, or the registry, has it."""
    return replace(
        agent,
        name=said.name,
        role=said.role,
        labels=said.labels,
        colour=said.colour,
        named_at=said.named_at,
        findable=said.findable,
    )


async def keep_identity(store: Store, agent: Agent) -> None:
    """Keep what an agent is called now, and whose it is.

    Raises:
        StoreError: the disk refused.
    """
    for row in await store.agents():
        if row.id == agent.id:
            await store.remember_agent(with_identity_of(row, agent))


async def try_to_keep_identity(store: Store, agent: Agent) -> None:
    """Keep it if the disk lets us: what was learnt can be learnt again."""
    try:
        await keep_identity(store, agent)
    except StoreError as error:
        log.error("what is known of %s is not remembered: %s", agent.name, error)
