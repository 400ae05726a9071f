"""What the cockpit remembers of an agent it knows, beside the stream: where it lives and how it was started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.engine.clock import moment
from cockpit.errors import UsageError
from cockpit.model.claims import Claim, ClaimedBy
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import VmId, agent_of
from cockpit.model.names import looks_like_id, usable_name
from cockpit.services.names import PREFIX as RESERVATION
from cockpit.services.registry import Registration
from cockpit.store.rows import AgentRow

if TYPE_CHECKING:
    from cockpit.model.commands.life import Spawn
    from cockpit.services.wire import RegistryEntry

REGISTERED_BY = "swarm-cockpit"

LATEST = 1e11
"""Unix seconds beyond which nothing in a registry is a time."""

FINDERS = {AgentKind.LIEUTENANT: "vers-lieutenant", AgentKind.WORKER: "vers-swarm"}
"""Whose agents other tools take up: they go by who registered them (hdresearch/pi-v, `extensions/`)."""


PLAIN_HOST = "plainHost"
"""In the metadata of an entry: the host of an agent that has no VM, which no platform knows."""


def kind_of(role: str, metadata: dict[str, Any]) -> AgentKind | None:
    """Return the part an entry of the registry plays, or None if it is no agent (infra, golden ...)."""
    wanted = str(metadata.get("kind") or role)
    return AgentKind(wanted) if wanted in set(AgentKind) else None


def agent_from_entry(entry: RegistryEntry, source: str, usual_directory: str) -> Agent | None:
    """Return the agent that a registry entry describes, or None if it describes none.

    Args:
        entry: as the registry has it; its words are anybody's.
        source: the name of the source whose registry it is.
        usual_directory: where agents of this source live whose entry does not say.
    """
    metadata = entry.metadata or {}
    kind = kind_of(entry.role, metadata)
    if kind is None:
        return None
    vm_id = VmId(entry.id)
    labels = metadata.get("labels")
    directory = _directory_in(metadata) or usual_directory
    return Agent(
        id=agent_of(vm_id, directory),
        name=usable_name(name_in(entry), vm_id),
        kind=kind,
        vm_id=vm_id,
        role=str(metadata.get("role") or ""),
        program=str(metadata.get("program") or _usual_program()),
        labels=tuple(str(label) for label in labels) if isinstance(labels, list) else (),
        parent=str(metadata.get("parent") or ""),
        parent_vm=_parent_vm_in(metadata),
        colour=str(metadata.get("colour") or ""),
        named_at=_moment_in(metadata, "namedAt"),
        findable=metadata.get("findable") is True,
        source=source,
        directory=directory,
    )


def claim_from_entry(entry: RegistryEntry) -> Claim | None:
    """Return what a registry entry says of a VM, or None for an entry that is about no VM."""
    metadata = entry.metadata or {}
    if entry.id.startswith(RESERVATION) or metadata.get(PLAIN_HOST):
        return None
    kind = kind_of(entry.role, metadata)
    said = metadata.get("directory")
    directory = _directory_in(metadata) or _directory_in({"directory": said, "workspace": said})
    return Claim(
        ClaimedBy.REGISTRY,
        ClaimedBy.REGISTRY.value,
        VmId(entry.id.lower()),
        usable_name(name_in(entry), VmId(entry.id)),
        kind.value if kind is not None else "",
        entry.role,
        directory,
        entry.lastSeen,
    )


def name_in(entry: RegistryEntry) -> str:
    """Return the name an entry gives an agent.

    An agent's own extension writes the name it was started with into the entry at each prompt; what an operator
    renamed it to stands in what a cockpit wrote beside it.
    """
    metadata = entry.metadata or {}
    ours = metadata.get("agentId") if _directory_in(metadata) else None
    return ours if isinstance(ours, str) and ours else entry.name


def says_directory(entry: RegistryEntry) -> bool:
    """Say whether a cockpit wrote down where the agent of an entry lives; otherwise the usual place is a guess."""
    return _directory_in(entry.metadata or {}) != ""


def _moment_in(metadata: Mapping[str, Any], key: str) -> float:
    """Return unix seconds; 0 for what is no time: a later one than all others would count for ever."""
    value = metadata.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0.0
    return float(value) if 0 <= value <= LATEST else 0.0


def _parent_vm_in(metadata: Mapping[str, Any]) -> VmId | None:
    """Return the VM of an agent's parent where its entry has it; other tools say of `parentSession` only that it is."""
    said = (metadata.get(key) for key in ("parentVmId", "parentSession"))
    return next((VmId(word.lower()) for word in said if isinstance(word, str) and looks_like_id(word)), None)


def _directory_in(metadata: Mapping[str, Any]) -> str:
    """Return the directory that a cockpit wrote down; other tools mean other things by that word."""
    directory, workspace = metadata.get("directory"), metadata.get("workspace")
    if not isinstance(directory, str) or not isinstance(workspace, str):
        return ""
    try:
        return AgentPaths(directory, workspace).directory
    except (ValueError, UsageError):
        return ""


def registry_role(kind: AgentKind) -> str:
    """Return the part an agent plays in a word the registry knows: it has none for an architect."""
    return "custom" if kind is AgentKind.ARCHITECT else kind.value


def registration_of(
    agent: Agent, *, address: str, directory: str, workspace: str, created_at: float, host: str = ""
) -> Registration:
    """Return an agent as the registry takes it; what its word for the role does not tell, the metadata does.

    Args:
        host: the plain host that it lives on; empty for a VM.
    """
    metadata = metadata_of(agent, directory=directory, workspace=workspace, created_at=created_at)
    return Registration(
        id=agent.vm_id,
        name=agent.name,
        role=registry_role(agent.kind),
        address=address,
        registered_by=FINDERS.get(agent.kind, REGISTERED_BY) if agent.findable else REGISTERED_BY,
        metadata=metadata | ({PLAIN_HOST: host} if host else {}),
    )


def agent_from_spawn(spawn: Spawn, vm_id: VmId, source: str, directory: str) -> Agent:
    """Return the agent that a command makes in a directory of a VM of a source."""
    return Agent(
        agent_of(vm_id, directory),
        spawn.name,
        spawn.kind,
        vm_id,
        role=spawn.role,
        program=spawn.program,
        labels=spawn.labels,
        parent=spawn.parent,
        parent_vm=spawn.parent_vm,
        colour=spawn.colour,
        findable=spawn.findable,
        source=source,
        directory=directory,
    )


def agent_from_row(row: AgentRow, source: str, elsewhere: str = "") -> Agent:
    """Return an agent as the store remembers it.

    Args:
        row: what it remembers.
        source: the name of the source its VM is of; empty where that is not known.
        elsewhere: the account its VM belongs to, where that is none of those in use.
    """
    return Agent(
        id=row.id,
        name=usable_name(row.name, VmId(row.vm_id)),
        kind=AgentKind(row.kind),
        vm_id=VmId(row.vm_id),
        role=row.role,
        program=row.program,
        labels=row.labels,
        parent=row.parent,
        parent_vm=VmId(row.parent_vm) if row.parent_vm else None,
        colour=row.colour,
        named_at=row.named_at,
        findable=row.findable,
        elsewhere=elsewhere,
        source=source,
        directory=row.paths_directory,
    )


def row_of(agent: Agent, *, directory: str, workspace: str, created_at: float, account: str) -> AgentRow:
    """Return an agent as the store remembers it."""
    return AgentRow(
        id=agent.id,
        name=agent.name,
        kind=agent.kind.value,
        vm_id=agent.vm_id,
        role=agent.role,
        program=agent.program,
        labels=agent.labels,
        parent=agent.parent,
        paths_directory=directory,
        workspace=workspace,
        created_at=created_at,
        account=account,
        parent_vm=agent.parent_vm or "",
        colour=agent.colour,
        named_at=agent.named_at,
        findable=agent.findable,
    )


def metadata_of(agent: Agent, *, directory: str, workspace: str, created_at: float) -> dict[str, Any]:
    """Return what the registry keeps of an agent, so that another cockpit finds all of it."""
    theirs = {"parentSession": True} if agent.findable and agent.kind is AgentKind.WORKER else {}
    return {
        **theirs,
        "agentId": agent.name,
        "kind": agent.kind.value,
        "role": agent.role,
        "program": agent.program,
        "labels": list(agent.labels),
        "parent": agent.parent,
        "parentVmId": agent.parent_vm,
        "colour": agent.colour,
        "namedAt": agent.named_at,
        "findable": agent.findable,
        "directory": directory,
        "workspace": workspace,
        "createdAt": moment(created_at),
    }


def _usual_program() -> str:
    """Return what an agent is taken for whose registration does not say."""
    from cockpit.agents.kinds import USUAL

    return USUAL.name


def with_protocol(agent: Agent) -> Agent:
    """Return an agent with what its kind knows of its dialect and version; to be called when one of them is learnt."""
    from cockpit.agents.kinds import adapter_of

    adapter = adapter_of(agent.program)
    says_end = adapter.says_end(agent.dialect, agent.version)
    rules = adapter.queue_rules(agent.dialect, agent.version)
    if (agent.says_end, agent.queue_rules, agent.guessed) == (says_end, rules, adapter.guesses):
        return agent
    return replace(agent, says_end=says_end, queue_rules=rules, guessed=adapter.guesses)
