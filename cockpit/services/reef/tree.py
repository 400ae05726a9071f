"""A reef's tree of VMs, its lieutenants and its swarm, as entries of a registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator

from cockpit.model.shared.listed import Listed
from cockpit.model.shared.registered import STALE_AFTER, Liveness, Registered
from cockpit.model.shared.server import ServerFacts
from cockpit.services.errors import ServiceError
from cockpit.services.http import ServiceHttp
from cockpit.services.reading import taken
from cockpit.services.reef.activity import logs, signals
from cockpit.services.wire import Identifier, ServiceModel, Text, Timestamp, endpoints

ROLES = {
    "infra_vm": "infra",
    "lieutenant": "lieutenant",
    "agent_vm": "worker",
    "swarm_vm": "worker",
    "resource_vm": "custom",
}
"""The registry's word for each category."""

OVER = ("stopped", "destroyed", "rewound")

BUSY_WORDS = {"working": Liveness.ALIVE, "starting": Liveness.ALIVE, "idle": Liveness.IDLE, "done": Liveness.IDLE}
"""What lieutenants and the swarm say of themselves."""


class NodeRecord(ServiceModel):
    """A node of the tree; hardly any of them sends signs of life."""

    vmId: Identifier
    name: Text = ""
    parentId: Text = ""
    category: Text = ""
    status: Text = ""
    address: Text = ""
    serviceEndpoints: Annotated[tuple[tuple[str, int], ...], BeforeValidator(endpoints)] = ()
    lastHeartbeat: Timestamp = 0.0
    rpcLastActivity: Timestamp = 0.0
    spawnedBy: Text = ""
    createdAt: Timestamp = 0.0


class WorkerRecord(ServiceModel):
    """A lieutenant, or an agent of the swarm."""

    vmId: Text = ""
    status: Text = ""
    lastActivityAt: Timestamp = 0.0


async def registered(http: ServiceHttp, facts: ServerFacts) -> Listed[Registered]:
    """Return all nodes of the tree, those that ended too, the newest first.

    What a node does is told by lieutenants and swarm where it is one of those, else by the age of what it last
    logged or signalled.

    Raises:
        ServiceError: the tree could not be had; without what else is asked, less is known of each node.
    """
    what = "list the tree of VMs"
    reply = await http.request(what, "GET", "/vm-tree/vms", params={"includeHistory": "true"})
    nodes = taken(reply, what, "vms", NodeRecord, lambda record: record)
    workers = {
        **await _workers(http, facts, "swarm", "/swarm/agents", "agents"),
        **await _workers(http, facts, "lieutenant", "/lieutenant/lieutenants", "lieutenants"),
    }
    heard = await _heard(http, facts)
    names = {node.vmId: node.name for node in nodes.entries}
    found = [_entry(node, workers.get(node.vmId), heard, names, nodes.as_of) for node in nodes.entries]
    found.sort(key=lambda entry: -entry.registered_at)
    return Listed(tuple(found), nodes.unreadable, nodes.as_of)


async def _workers(http: ServiceHttp, facts: ServerFacts, module: str, path: str, name: str) -> dict[str, WorkerRecord]:
    """Return who does what by VM; nothing where it cannot be had: a sick VM keeps that list back for long."""
    if not facts.has(module):
        return {}
    what = f"list the {name}"
    try:
        reply = await http.request(what, "GET", path)
        return {one.vmId: one for one in taken(reply, what, name, WorkerRecord, lambda record: record).entries}
    except ServiceError:
        return {}


async def _heard(http: ServiceHttp, facts: ServerFacts) -> dict[str, float]:
    """Return when each agent, by its name, logged or signalled last."""
    heard: dict[str, float] = {}
    for module, read in (("logs", logs), ("signals", signals)):
        try:
            entries = (await read(http)).entries if facts.has(module) else ()
        except ServiceError:
            continue
        for entry in entries:
            heard[entry.agent] = max(heard.get(entry.agent, 0.0), entry.at)
    return heard


def _entry(
    node: NodeRecord, worker: WorkerRecord | None, heard: Mapping[str, float], names: Mapping[str, str], now: float
) -> Registered:
    last = max(
        node.lastHeartbeat,
        node.rpcLastActivity,
        heard.get(node.name, 0.0),
        worker.lastActivityAt if worker is not None else 0.0,
    )
    age = max(0.0, now - last) if last else None
    return Registered(
        id=node.vmId,
        name=node.name,
        role=ROLES.get(node.category, node.category),
        status=node.status,
        life=_life(node, worker, age),
        age=age,
        address=node.address,
        parent=names.get(node.parentId, ""),
        parent_id=node.parentId,
        registered_by=node.spawnedBy,
        registered_at=node.createdAt,
        services=node.serviceEndpoints,
    )


def _life(node: NodeRecord, worker: WorkerRecord | None, age: float | None) -> Liveness:
    said = worker.status if worker is not None else ""
    if node.status in OVER or said in OVER:
        return Liveness.ENDED
    if node.status == "error" or said == "error":
        return Liveness.LOST
    if "paused" in (node.status, said):
        return Liveness.PAUSED
    if said in BUSY_WORDS:
        return BUSY_WORDS[said]
    if node.status != "running":
        return Liveness.UNKNOWN
    if node.category == "resource_vm":
        return Liveness.SILENT
    return Liveness.ALIVE if age is not None and age <= STALE_AFTER else Liveness.IDLE
