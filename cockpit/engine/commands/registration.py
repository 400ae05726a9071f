"""Making an agent known: to this cockpit's store, to the registry where there is one, and what its VM tells of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.agents.scaffold.answers import ProbeResult, parse_probe
from cockpit.agents.scaffold.scripts import probe_script
from cockpit.engine.agent_record import registration_of, row_of
from cockpit.engine.operation import OperationProgress, describe
from cockpit.errors import CockpitError
from cockpit.services.errors import RecordNotFound
from cockpit.store.errors import StoreError

if TYPE_CHECKING:
    from cockpit.agents.scaffold.layout import AgentPaths
    from cockpit.engine.source import Source
    from cockpit.model.fleet import Agent
    from cockpit.model.ids import VmId
    from cockpit.remote.ssh.connection import Connection
    from cockpit.services.registry import Registration
    from cockpit.store.store import Store

log = logging.getLogger(__name__)

PROBE_LIMIT = 60.0
"""Seconds a look at what runs on a VM may take."""


async def register(source: Source, agent: Agent, created_at: float, progress: OperationProgress) -> None:
    """Enter an agent into the registry; without one, or if it refuses, the agent works all the same."""
    if source.entered_in is None:
        progress.detail("no registry is configured")
        return
    try:
        await source.entered_in.register(registration_for(source, agent, created_at))
    except CockpitError as error:
        # This cockpit knows it from its own store.
        log.warning("agent %s is not registered: %s", agent.name, error)
        progress.detail(f"not registered: {describe(error)}")


async def register_again(
    source: Source, agent: Agent, now: float, progress: OperationProgress, *, anew: bool = False
) -> None:
    """Bring an agent's entry up to date; what others wrote into it stays.

    Args:
        source: whose registry it is.
        agent: as it is now.
        now: unix seconds, for an entry that is not there yet.
        progress: is told where no registry takes it.
        anew: who registered it changes, which the registry takes in a new entry alone.

    Raises:
        CockpitError: the entry was to be made anew, and the registry refused.
    """
    if source.entered_in is None:
        progress.detail("no registry is configured")
        return
    try:
        await update_entry(source, agent, now, anew=anew)
    except CockpitError as error:
        if anew:
            raise
        log.warning("the entry of %s is as it was: %s", agent.name, error)
        progress.detail(f"its entry is brought up to date later: {describe(error)}")


async def update_entry(source: Source, agent: Agent, now: float, *, anew: bool = False) -> None:
    """Bring an agent's entry up to date, as `register_again`.

    Raises:
        CockpitError: the registry refused.
    """
    registry = source.entered_in
    assert registry is not None
    wanted = registration_for(source, agent, now)
    try:
        entry = await registry.get(agent.vm_id)
    except RecordNotFound:
        await registry.register(wanted)
        return
    theirs = {key: value for key, value in entry.metadata.items() if key != "parentSession"}
    kept = {"createdAt": entry.metadata.get("createdAt") or wanted.metadata["createdAt"]}
    metadata = {**theirs, **wanted.metadata, **kept}
    if anew:
        await registry.deregister(agent.vm_id)
        await registry.register(replace(wanted, metadata=metadata, services=entry.services))
    else:
        await registry.patch(agent.vm_id, name=agent.name, metadata=metadata)


async def say_status(source: Source, vm_id: VmId, status: str) -> None:
    """Have the registry say what became of a VM's agent: `running`, `paused` or `stopped`; nothing depends on it."""
    if source.entered_in is None:
        return
    try:
        await source.entered_in.patch(vm_id, status=status)
    except CockpitError as error:
        log.info("the registry does not say that VM %s is %s: %s", vm_id, status, error)


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


def registration_for(source: Source, agent: Agent, created_at: float) -> Registration:
    """Return an agent as its source's registry takes it."""
    return registration_of(
        agent,
        host=source.name if source.plain_host is not None else "",
        address=source.address(agent.vm_id),
        directory=source.paths_of(agent).directory,
        workspace=source.paths.workspace,
        created_at=created_at,
    )


async def left_there(connection: Connection, paths: AgentPaths, vm_id: VmId) -> ProbeResult:
    """Look at what an earlier start left on a VM.

    Raises:
        CockpitError: the look failed.
    """
    done = await connection.run(probe_script(paths), timeout=PROBE_LIMIT)
    return parse_probe(done.exit_code, done.stdout, done.stderr, place=connection.endpoint.named)
