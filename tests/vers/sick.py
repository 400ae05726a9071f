"""A platform that does or does not do what it is asked, and answers with any status whatever it did."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from cockpit.vers.client import VersClient

OWNER = "9a8b7c6d-6b5a-4948-8372-615049382716"
KEY = OWNER + "cd" * 32
VM = "0f9e8d7c-6b5a-4948-8372-615049382716"
COMMIT = "2f9e8d7c-6b5a-4948-8372-615049382716"


def own(status: int, text: str) -> httpx.Response:
    """Return the control plane's own refusal."""
    return httpx.Response(status, json={"error": text, "success": False})


@dataclass
class SickApi(httpx.AsyncBaseTransport):
    """One VM to begin with; every act is done if `works`, and answered with `answer` if there is one."""

    works: bool = True
    answer: httpx.Response | Exception | None = None
    stranger: bool = False
    """Whether another client of the account makes a VM of the same origin at the moment of a creating call."""
    blind: bool = False
    """Whether a proxy in front answers every look with a page of its own, 404, once an act was ordered."""
    vms: dict[str, dict[str, Any]] = field(default_factory=dict)
    commits: dict[str, dict[str, Any]] = field(default_factory=dict)
    acts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.add(VM)

    def add(self, vm_id: str = "", **more: Any) -> str:
        """Make a VM."""
        vm_id = vm_id or str(uuid.uuid4())
        self.vms[vm_id] = {"vm_id": vm_id, "owner_id": OWNER, "state": "running", "labels": None, **more}
        return vm_id

    def client(self) -> VersClient:
        """Return a client of this platform, whose waits take no time."""

        async def rest(_seconds: float) -> None:
            await asyncio.sleep(0)

        return VersClient("https://api.test/api/v1", KEY, transport=self, rest=rest)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        path = request.url.path.removeprefix("/api/v1")
        if request.method == "GET":
            return self._look(path)
        self.acts.append(f"{request.method} {path}")
        answer = self._act(request.method, path, json.loads(content) if content else {})
        if self.stranger and request.method == "POST":
            self.add(parent_commit_id=COMMIT, grandparent_vm_id=VM)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is None:
            return answer
        return httpx.Response(self.answer.status_code, content=self.answer.content, headers=self.answer.headers)

    def _look(self, path: str) -> httpx.Response:
        if self.blind and self.acts:
            return httpx.Response(404, html="<html><h1>404 Not Found</h1></html>")
        if path in ("/vms", "/vm"):
            return httpx.Response(200, json=list(self.vms.values()))
        if path == "/commits":
            return httpx.Response(200, json={"commits": list(self.commits.values()), "total": len(self.commits)})
        vm = self.vms.get((*path.split("/"), "", "")[2])
        return httpx.Response(200, json=vm) if vm else own(404, "not found")

    def _act(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        if not self.works:
            return httpx.Response(200, json={"vm_id": VM, "vms": [], "commit_id": COMMIT})
        if method == "DELETE":
            return httpx.Response(200, json=self.vms.pop(path.split("/")[2], {}))
        if path.endswith("/label"):
            vm = self.vms.get(path.split("/")[2])
            if vm is None:
                return own(404, "not found")
            vm["labels"] = {**(vm["labels"] or {}), **body["labels"]}
            return httpx.Response(200)
        if method == "PATCH":
            self.vms[VM]["state"] = {"Paused": "paused", "Running": "running"}[body["state"]]
            return httpx.Response(200)
        if path.endswith("/commit"):
            commit_id = str(uuid.uuid4())
            self.commits[commit_id] = {"commit_id": commit_id, "parent_vm_id": VM}
            return httpx.Response(201, json={"commit_id": commit_id})
        labels = body.get("vm_config", {}).get("labels")
        vm_id = self.add(labels=labels, parent_commit_id=COMMIT, grandparent_vm_id=VM)
        return httpx.Response(201, json={"vms": [{"vm_id": vm_id}]})
