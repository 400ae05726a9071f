"""A reef is told from agent-services, and its tree, logs, signals and usage come as the fleet's own records."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from cockpit.model.shared.registered import Liveness
from cockpit.model.shared.server import ServerFacts, ServerKind
from cockpit.services.errors import ServiceMissing
from cockpit.services.health import HealthClient
from cockpit.services.http import ServiceHttp
from cockpit.services.reef.activity import both, logs, signals
from cockpit.services.reef.tree import registered
from cockpit.services.reef.usage import minutes
from cockpit.services.skills import SkillsClient
from cockpit.services.usage import UsageClient
from tests.embedded.api.captures import exchanges
from tests.services.replay import JSON, replaying, serving

EVERYTHING = ServerFacts(ServerKind.REEF, 1.0, ("vm-tree", "lieutenant", "swarm", "logs", "signals"))
NOW_MS = 1795190301000
"""The recorded server's clock, in milliseconds."""


def answering(**bodies: object) -> ServiceHttp:
    """Return a server that answers by the first part of the path; 404 for what is not given."""

    def handle(request: httpx.Request) -> httpx.Response:
        body = bodies.get(request.url.path.split("/")[1].replace("-", "_"))
        if body is None:
            return httpx.Response(404, json={"error": "not found"})
        return httpx.Response(200, json=body, headers={"date": JSON["date"]})

    return ServiceHttp("http://reef.test", "t", transport=httpx.MockTransport(handle))


async def test_the_two_servers_are_told_apart() -> None:
    plain = await HealthClient(replaying("health", "GET /health")).look()
    assert (plain.kind, plain.has("skills")) == (ServerKind.AGENT_SERVICES, True)
    reef = await HealthClient(replaying("reef.health", "GET /health")).look()
    assert reef.kind is ServerKind.REEF and round(reef.uptime) == 3
    assert (reef.has("vm-tree"), reef.has("skills"), reef.has("registry")) == (True, False, False)
    odd = await HealthClient(serving({"status": "ok", "services": "all", "uptime": None})).look()
    assert odd.kind is ServerKind.AGENT_SERVICES


async def test_what_a_reef_has_not_is_a_missing_service_though_it_says_so_in_json() -> None:
    with pytest.raises(ServiceMissing):
        await SkillsClient(answering()).manifest()


async def test_the_recorded_tree_has_roles_parents_and_what_each_does() -> None:
    nodes = [one["vm"] for one in _flat(exchanges("reef.vm-tree.tree")[0]["json"]["tree"])]
    lieutenants = exchanges("reef.lieutenant")[1]["json"]
    http = answering(vm_tree={"vms": nodes}, lieutenant=lieutenants, logs={"logs": []}, signals={"signals": []})
    listed = await registered(http, EVERYTHING)
    found = {entry.name: entry for entry in listed.entries}
    assert (found["root-reef"].role, found["root-reef"].parent) == ("infra", "")
    assert (found["agent-auth"].role, found["agent-auth"].parent) == ("worker", "lt-backend")
    assert found["lt-backend"].life is Liveness.LOST, "it says `error` of itself, though its VM runs"
    assert (found["postgres"].role, found["postgres"].life) == ("custom", Liveness.SILENT)


def _flat(tree: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for node in tree for one in (node, *_flat(node["children"]))]


NODE = {"vmId": "v", "name": "a", "parentId": None, "category": "agent_vm", "status": "running"}


@pytest.mark.parametrize(
    ("node", "worker", "logged_ms", "life"),
    [
        ({}, None, NOW_MS - 1000, Liveness.ALIVE),
        ({}, None, NOW_MS - 301_000, Liveness.IDLE),
        ({}, None, 0, Liveness.IDLE),
        ({}, "idle", NOW_MS, Liveness.IDLE),
        ({}, "working", 0, Liveness.ALIVE),
        ({}, "paused", 0, Liveness.PAUSED),
        ({"status": "paused"}, None, NOW_MS, Liveness.PAUSED),
        ({"status": "rewound"}, "working", NOW_MS, Liveness.ENDED),
        ({"status": "error"}, None, NOW_MS, Liveness.LOST),
        ({"status": "creating"}, None, 0, Liveness.UNKNOWN),
        ({"status": "quiet-new-word"}, None, NOW_MS, Liveness.UNKNOWN),
        ({"lastHeartbeat": NOW_MS - 1000}, None, 0, Liveness.ALIVE),
    ],
)
async def test_what_a_node_does(node: dict[str, Any], worker: str | None, logged_ms: int, life: Liveness) -> None:
    logged = [{"id": "1", "agentName": "a", "createdAt": logged_ms, "message": "x"}] if logged_ms else []
    swarm = {"agents": [{"vmId": "v", "status": worker}] if worker else []}
    http = answering(vm_tree={"vms": [NODE | node]}, swarm=swarm, logs={"logs": logged}, signals={"signals": []})
    (entry,) = (await registered(http, EVERYTHING)).entries
    assert entry.life is life
    assert (entry.age is None) == (not logged_ms and "lastHeartbeat" not in node)


async def test_without_lieutenants_and_logs_the_tree_is_still_there() -> None:
    listed = await registered(answering(vm_tree={"vms": [NODE, {"name": "no id"}]}), EVERYTHING)
    assert ([entry.life for entry in listed.entries], listed.unreadable) == ([Liveness.IDLE], 1)


async def test_logs_and_signals_come_oldest_first_in_one_list() -> None:
    recorded = {"logs": exchanges("reef.logs")[1]["json"], "signals": exchanges("reef.signals")[3]["json"]}
    said = await logs(answering(**recorded))
    assert [(entry.agent, entry.level) for entry in said.entries] == [("agent-auth", "info"), ("agent-auth", "error")]
    sent = await signals(answering(**recorded))
    assert sent.entries[-1].text == "done to lt-backend: search ready"
    merged = (await both(answering(**recorded))).entries
    assert [entry.at for entry in merged] == sorted(entry.at for entry in merged) and len(merged) == 4


async def test_logs_are_never_asked_for_without_a_limit() -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url.query, "ascii"))
        return httpx.Response(200, json={"logs": []})

    http = ServiceHttp("http://reef.test", "t", transport=httpx.MockTransport(handle))
    await logs(http, last="2h", now=NOW_MS / 1000)
    assert asked == [f"limit=500&since={NOW_MS - 7_200_000}"]


async def test_usage_is_asked_in_a_reef_s_own_way_where_the_usual_one_is_not_there() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        for exchange in exchanges("reef.usage"):
            if exchange["request"]["path"].split("?")[0] == request.url.path:
                return httpx.Response(200, json=exchange["json"])
        return httpx.Response(404, text="404 Not Found")

    usage = UsageClient(ServiceHttp("http://reef.test", "t", transport=httpx.MockTransport(handle)))
    sums = await usage.summary("1h")
    assert (sums.tokens, sums.cost, sums.sessions) == (370, 0.0123, 1)
    assert [(one.agent, one.tokens) for one in sums.agents] == [("root-reef", 370)]
    (turn,) = (await usage.sessions()).entries
    assert (turn.agent, turn.tokens.cache_read, turn.cost.cache_write, turn.turns) == ("root-reef", 300, 0.0063, 1)


@pytest.mark.parametrize(
    ("span", "number"), [("30m", 30), ("24h", 1440), ("7d", 10080), ("", 0), ("1w", 0), ("-1h", 0), ("²h", 0)]
)
def test_spans_in_minutes(span: str, number: int) -> None:
    assert minutes(span) == number
