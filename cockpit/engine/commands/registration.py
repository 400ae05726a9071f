"""Making an agent known: to this cockpit's store, to the registry where there is one, and what its VM tells of it."""

from __future__ import annotations

import logging

from cockpit.agents.scaffold.answers import ProbeResult, parse_probe
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.scaffold.scripts import probe_script
from cockpit.engine.agent_record import registration_of, row_of
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.source import Source
from cockpit.errors import CockpitError
from cockpit.model.fleet import Agent
from cockpit.model.ids import VmId
from cockpit.remote.ssh.connection import Connection
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

PROBE_LIMIT = 60.0
"""Seconds a look at what runs on a VM may take."""


async def register(source: Source, agent: Agent, created_at: float, progress: OperationProgress) -> None:
    """Enter an agent into the registry; without one, or if it refuses, the agent works all the same."""
    if source.registry is None:
        progress.detail("no registry is configured")
        return
    try:
        await source.registry.register(
            registration_of(
                agent,
                address=source.address(agent.vm_id),
                directory=source.paths_of(agent).directory,
                workspace=source.paths.workspace,
                created_at=created_at,
            )
        )
    except CockpitError as error:
        # This cockpit knows it from its own store.
        log.warning("agent %s is not registered: %s", agent.name, error)
        progress.detail(f"not registered: {describe(error)}")


async def remember(store: Store, source: Source, agent: Agent, created_at: float) -> None:
    """Keep an agent in the store; a full disk here is no reason to give up what runs there."""
    row = row_of(
        agent,
        directory=source.paths_of(agent).directory,
        workspace=source.paths.workspace,
        created_at=created_at,
        account=source.vers.account,
    )
    try:
        await store.remember_agent(row)
    except StoreError as error:
        log.error("agent %s is not remembered: %s", agent.name, error)


async def left_there(connection: Connection, paths: AgentPaths, vm_id: VmId) -> ProbeResult:
    """Look at what an earlier start left on a VM.

    Raises:
        CockpitError: the look failed.
    """
    done = await connection.run(probe_script(paths), timeout=PROBE_LIMIT)
    return parse_probe(done.exit_code, done.stdout, done.stderr, vm=vm_id)
