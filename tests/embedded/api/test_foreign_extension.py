"""The extension that agents of the field carry, as a client: what it sends at each moment of a life, in its order.

It knows nothing of us: plain HTTP with `Content-Type: application/json`, failures swallowed, and its own way of reading
a stream. What it leaves behind is then read as an operator reads it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.embedded.api.fakes import World, make_world, serving

VM = "0f9e8d7c-6b5a-4948-8372-615049382716"
MODEL = "claude-opus-4-6"
TURNS = ((1200, 340, 50_800, 0), (400, 1500, 105_780, 0))
"""Tokens of each turn: input, output, read from the cache, written to it."""
PARTS = ("input", "output", "cacheRead", "cacheWrite")


class Extension:
    """The extension in one agent."""

    def __init__(self, http: httpx.AsyncClient, name: str, role: str = "worker") -> None:
        self._http = http
        self._name = name
        self._role = role
        self.refused: list[int] = []
        self.skills: dict[str, int] = {}
        self.extensions: dict[str, int] = {}

    async def _api(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body)
        answer = await self._http.request(method, path, content=content, headers={"Content-Type": "application/json"})
        if answer.status_code >= 400:
            self.refused.append(answer.status_code)
            raise RuntimeError(answer.json()["error"])
        return answer.json()

    async def session_start(self) -> list[str]:
        """The widget's first look, then skills and extensions."""
        lines = await self.widget()
        for skill in (await self._api("GET", "/skills/items?enabled=true"))["skills"]:
            self.skills[skill["name"]] = skill["version"]
            assert skill["content"]
        for extension in (await self._api("GET", "/skills/extensions?enabled=true"))["extensions"]:
            self.extensions[extension["name"]] = extension["version"]
        return lines

    async def widget(self) -> list[str]:
        """What it shows every half minute."""
        tasks = (await self._api("GET", "/board/tasks"))["tasks"]
        stats = await self._api("GET", "/feed/stats")
        vms = (await self._api("GET", "/registry/vms"))["vms"]
        count = {
            status: sum(task["status"] == status for task in tasks) for status in ("open", "in_progress", "blocked")
        }
        return [
            f"Board: {count['open']} open, {count['in_progress']} in-progress, {count['blocked']} blocked",
            f"Feed: {stats['total']} events",
            f"Registry: {len(vms)} VMs ({sum(vm['status'] == 'running' for vm in vms)} running)",
        ]

    async def agent_start(self) -> None:
        """The start of a prompt: an event, and a registration, or a change where it is registered."""
        summary = f"Agent {self._name} started processing"
        await self._api("POST", "/feed/events", {"agent": self._name, "type": "agent_started", "summary": summary})
        entry = {"id": VM, "name": self._name, "role": self._role, "address": f"{VM}.vm.vers.sh"}
        entry |= {"registeredBy": self._name}
        metadata = {"pid": 4242, "startedAt": _now()}
        try:
            await self._api("POST", "/registry/vms", {**entry, "metadata": metadata})
        except RuntimeError:
            await self._api("PATCH", f"/registry/vms/{VM}", {"name": self._name, "status": "running"})

    async def turn_start(self) -> None:
        """The manifest, and what changed in it."""
        for skill in (await self._api("GET", "/skills/manifest"))["skills"]:
            if self.skills.get(skill["name"], 0) < skill["version"]:
                full = await self._api("GET", f"/skills/items/{skill['name']}")
                self.skills[full["name"]] = full["version"]

    async def prompt(self) -> None:
        """A whole prompt."""
        await self.agent_start()
        started, total = _now(), 0
        for turn in TURNS:
            await self.turn_start()
            total += sum(turn)
            detail = {"agent": self._name, "tokensThisTurn": turn[0] + turn[1], "totalTokens": total}
            detail |= {"inputTokens": turn[0], "outputTokens": turn[1], "timestamp": 1_760_000_000_000}
            event = {"agent": self._name, "type": "token_update", "summary": f"{turn[0] + turn[1]} tokens"}
            await self._api("POST", "/feed/events", event | {"detail": json.dumps(detail)})
        tokens = {part: sum(turn[index] for turn in TURNS) for index, part in enumerate(PARTS)} | {"total": total}
        cost = {part: round(count * 0.0000053, 6) for part, count in tokens.items()}
        usage: dict[str, Any] = {
            "sessionId": "3f1f0c6e",
            "agent": self._name,
            "parentAgent": "coordinator",
            "model": MODEL,
        }
        usage |= {"tokens": tokens, "cost": cost, "turns": len(TURNS), "toolCalls": {"bash": 9, "read": 7}}
        await self._api("POST", "/usage/sessions", usage | {"startedAt": started, "endedAt": _now()})
        summary = f"Agent {self._name} finished ({len(TURNS)} turns, {total} tokens, ${cost['total']:.2f})"
        await self._api("POST", "/feed/events", {"agent": self._name, "type": "agent_stopped", "summary": summary})
        await self._api("PATCH", f"/registry/vms/{VM}", {"status": "stopped"})

    async def heartbeat(self) -> None:
        """What its timer does; it swallows every refusal."""
        try:
            await self._api("POST", f"/registry/vms/{VM}/heartbeat")
        except RuntimeError:
            return

    async def vm_tools(self, child: str) -> None:
        """What the tools for VMs leave behind: a worker that was made, a commit, and the end of the worker."""
        entry = {"id": child, "name": "child", "role": "lieutenant", "address": f"{child}.vm.vers.sh"}
        metadata = {"agentId": "child", "role": "Own the docs", "createdAt": _now(), "registeredVia": "vers:lt_created"}
        entry |= {"status": "running", "registeredBy": "agent-services"}
        await self._api("POST", "/registry/vms", {**entry, "metadata": metadata})
        made = {"vmId": child, "role": "worker", "agent": self._name, "createdAt": _now()}
        await self._api("POST", "/usage/vms", made)
        await self._api("POST", "/usage/vms", made | {"vmId": "c0ffee", "role": "golden", "commitId": "c0ffee"})
        await self._api("POST", "/usage/vms", made | {"destroyedAt": _now()})
        await self._api("DELETE", f"/registry/vms/{child}")

    async def skill_changes(self) -> AsyncGenerator[dict[str, Any]]:
        """Its own reading of the stream: `data:` lines between blank ones."""
        async with self._http.stream("GET", "/skills/stream") as stream:
            assert stream.status_code == 200
            pending = ""
            async for chunk in stream.aiter_text():
                *frames, pending = (pending + chunk).split("\n\n")
                for frame in frames:
                    if frame.startswith("data: "):
                        yield json.loads(frame[6:])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@asynccontextmanager
async def services(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Serve a world; yields a client with the token."""
    headers = {"Authorization": f"Bearer {world.token}"}
    async with serving(world.application) as url, httpx.AsyncClient(base_url=url, headers=headers) as http:
        yield http


async def test_the_life_of_an_agent_shows_on_every_service(tmp_path: Path) -> None:
    world = make_world(tmp_path / "records.sqlite")
    async with services(world) as http, asyncio.timeout(60):
        skill = {"name": "triage", "description": "d", "content": "# Triage\n", "publishedBy": "coordinator"}
        await http.post("/skills/items", json=skill)
        await http.post("/skills/extensions", json=skill | {"name": "hello-ext"})
        await http.post("/board/tasks", json={"title": "t", "createdBy": "coordinator", "status": "blocked"})
        ada = Extension(http, "worker-auth")
        assert await ada.session_start() == [
            "Board: 0 open, 0 in-progress, 1 blocked",
            "Feed: 0 events",
            "Registry: 0 VMs (0 running)",
        ]
        assert (ada.skills, ada.extensions) == ({"triage": 1}, {"hello-ext": 1})
        changes = ada.skill_changes()
        following = asyncio.ensure_future(anext(changes))
        await ada.heartbeat()  # before its first prompt it is registered nowhere
        assert ada.refused == [404]
        await ada.prompt()
        first = (await http.get(f"/registry/vms/{VM}")).json()
        await http.post("/skills/items", json=skill | {"content": "# Triage, again\n"})
        changed = await following
        assert (changed["type"], changed["action"], changed["version"]) == ("skill", "update", 2)
        await ada.prompt()
        assert ada.refused == [404, 409] and ada.skills == {"triage": 2}
        await ada.heartbeat()
        await ada.vm_tools("1a2b3c4d")
        entry = (await http.get(f"/registry/vms/{VM}")).json()
        # Idle between prompts: `stopped`, with a fresh beat, and registered once.
        assert entry["status"] == "stopped" and entry["lastSeen"] > first["lastSeen"]
        assert entry["registeredAt"] == first["registeredAt"] and entry["metadata"] == first["metadata"]
        assert (await http.get("/registry/vms")).json()["count"] == 1
        assert (await http.get("/registry/discover/worker")).json()["count"] == 0
        stats = (await http.get("/feed/stats")).json()
        assert stats["byType"] == {"agent_started": 2, "token_update": 4, "agent_stopped": 2}
        total = sum(sum(turn) for turn in TURNS)
        last = stats["latestPerAgent"]["worker-auth"]["summary"]
        assert last == f"Agent worker-auth finished (2 turns, {total} tokens, $0.85)"
        updates = (await http.get("/feed/events?type=token_update&limit=0")).json()
        assert [json.loads(one["detail"])["totalTokens"] for one in updates] == [52_340, total] * 2
        summary = (await http.get("/usage")).json()
        assert summary["totals"] == {"tokens": 2 * total, "cost": 1.7, "sessions": 2, "vms": 2}
        assert summary["byAgent"] == {"worker-auth": {"tokens": 2 * total, "cost": 1.7, "sessions": 2}}
        sessions = (await http.get("/usage/sessions?agent=worker-auth&range=1h")).json()["sessions"]
        assert [one["parentAgent"] for one in sessions] == ["coordinator"] * 2
        vms = {one["vmId"]: one for one in (await http.get("/usage/vms")).json()["vms"]}
        assert "destroyedAt" in vms["1a2b3c4d"] and vms["c0ffee"]["commitId"] == "c0ffee"
        assert await ada.widget() == [
            "Board: 0 open, 0 in-progress, 1 blocked",
            "Feed: 8 events",
            "Registry: 1 VMs (0 running)",
        ]
        await changes.aclose()
