"""What a start of an agent leaves to know: which program it was, what was passed to it, and what a failed one said."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.agents.adapter import Program
from cockpit.agents.scaffold.answers import AgentState, Facts, ProbeResult
from cockpit.agents.scaffold.layout import AgentPaths, shell_path
from cockpit.errors import CockpitError, Refused
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import Agent
from cockpit.paths import private_directory, write_private

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

REPLACED = "replaced"
"""The word on the VM for an agent whose role stands in place of its program's own prompt."""

EVIDENCE_BYTES = 1_000_000
"""How much of the end of `out` and `err` is kept of an agent that did not start."""

EVIDENCE_LIMIT = 20.0
"""Seconds the VM of a failed start gets to hand its files over."""


def first_path(program: Program, known: ProbeResult | None) -> str:
    """Return the directories a program is searched in first: where it was found at its first start, then ours."""
    ours = program.environment.get("PATH", "")
    before = known.path.rpartition("/")[0] if known is not None else ""
    return ":".join(part for part in (before, ours) if part)


def found(program: Program, facts: Facts) -> tuple[str, str]:
    """Return path and version of the program as the VM has it; empty where that is not known."""
    return facts.programs.get(program.command, ""), facts.versions.get(program.command, "")


def check_unchanged(name: str, program: Program, facts: Facts, known: ProbeResult | None) -> None:
    """Refuse to go on with another program than the one an agent was started with.

    Raises:
        Refused: path or version differ; says both.
    """
    path, version = found(program, facts)
    if known is None or not known.version or not version or (path, version) == (known.path, known.version):
        return
    raise Refused(
        f"{name} was started with {program.name} {known.version} ({known.path}), "
        f"but {program.name} is {version} ({path}) there now",
        hint=f"install the old one again, or accept the change: cockpit relaunch {name} --change-program",
    )


def details(program: Program, facts: Facts, spawn: Spawn, golden: str, reports: str = "") -> dict[str, str]:
    """Return what `run` on the VM keeps of a start; `reports` is who reports for the agent."""
    path, version = found(program, facts)
    prompt = REPLACED if spawn.replaces_prompt else ""
    known = {"path": path, "version": version, "model": spawn.model, "golden": golden, "prompt": prompt}
    known["reports"], known["permissions"] = reports, spawn.permission_mode
    return {key: value for key, value in known.items() if value}


def golden_of(known: ProbeResult | None, spawn: Spawn, configured: str) -> str:
    """Return the commit that an agent's VM was made from; empty if from none.

    Args:
        known: what its first start wrote down. That counts, also that there was none: an image may have been
            configured since.
        spawn: the agent.
        configured: the image that new agents are restored from.
    """
    if known is not None and known.state is not AgentState.ABSENT:
        return known.golden
    return spawn.image or configured


def as_before(spawn: Spawn, known: ProbeResult) -> Spawn:
    """Return the command to start an agent again with what its first start was told and nobody remembers here."""
    replaces = spawn.replaces_prompt or known.prompt == REPLACED
    mode = spawn.permission_mode or known.permissions
    return replace(spawn, model=spawn.model or known.model, replaces_prompt=replaces, permission_mode=mode)


def current_model(agent: Agent) -> str:
    """Return the model an agent has now, as `--model` takes it; empty where that is not known."""
    known = agent.provider and agent.model and agent.model != "unknown"
    return f"{agent.provider}/{agent.model}" if known else ""


def spawn_of(agent: Agent) -> Spawn:
    """Return the command that would make an agent as it is now: for a copy of it, or to start it again."""
    return Spawn(
        agent.name,
        agent.kind,
        agent.role,
        program=agent.program,
        labels=agent.labels,
        parent=agent.parent,
        parent_vm=agent.parent_vm,
        colour=agent.colour,
        model=current_model(agent),
        thinking=agent.thinking,
        permission_mode=agent.permission_ordered,
    )


async def keep_evidence(connection: Connection, paths: AgentPaths, place: Path, name: str) -> str:
    """Copy the ends of `out` and `err` of an agent that did not start to this machine.

    Returns:
        The directory they are in, or empty text if there was nothing, or nothing could be had.
    """
    kept: dict[str, str] = {}
    for file in ("out", "err"):
        try:
            path = shell_path(paths.file(file))
            script = f"[ ! -s {path} ] || tail -c {EVIDENCE_BYTES} {path}"
            done = await connection.run(script, timeout=EVIDENCE_LIMIT)
        except CockpitError as error:
            log.warning("the %s of the failed start of %s cannot be read: %s", file, name, error)
            continue
        if done.stdout:
            kept[file] = done.stdout.decode("utf-8", "backslashreplace")
    if not kept:
        return ""
    try:
        return await asyncio.to_thread(_write, place, name, kept)
    except (OSError, CockpitError) as error:
        log.warning("the output of the failed start of %s is not kept: %s", name, error)
        return ""


def _write(place: Path, name: str, kept: Mapping[str, Any]) -> str:
    directory = private_directory(private_directory(place) / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}")
    for file, text in kept.items():
        write_private(directory / file, text)
    return str(directory)
