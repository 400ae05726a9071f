"""A hosting without processes, and the application over it."""

from __future__ import annotations

import asyncio
import base64
import secrets
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from cockpit.embedded.api.application import create_application
from cockpit.embedded.api.records import Records
from cockpit.embedded.hosting import Enclosure, Execution, HostingError, Limits


@dataclass
class FakeHosting:
    """Sandboxes as words in a dictionary; failures and slowness on demand."""

    sandboxes: dict[str, str] = field(default_factory=dict)
    commits: dict[str, str] = field(default_factory=dict)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    restores_left: int | None = None
    gate: asyncio.Event | None = None
    limits: dict[str, Limits] = field(default_factory=dict)
    answer: tuple[int, bytes, bytes] | None = None
    logs: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def _called(self, *call: str) -> None:
        self.calls.append(call)
        if call[0] in self.failing:
            raise HostingError(f"{call[0]} of {call[1]} failed")

    async def create(self, vm_id: str, limits: Limits) -> None:
        self.limits[vm_id] = limits
        if self.gate:
            await self.gate.wait()
        self._called("create", vm_id)
        self.sandboxes[vm_id] = "running"

    async def restore(self, vm_id: str, commit_id: str, limits: Limits) -> None:
        self.limits[vm_id] = limits
        if self.gate:
            await self.gate.wait()
        self._called("restore", vm_id, commit_id)
        if commit_id not in self.commits or self.restores_left == 0:
            raise HostingError(f"commit {commit_id} cannot be restored")
        if self.restores_left is not None:
            self.restores_left -= 1
        self.sandboxes[vm_id] = "running"

    async def snapshot(self, vm_id: str, commit_id: str) -> None:
        self._called("snapshot", vm_id, commit_id)
        self.commits[commit_id] = vm_id

    async def commit_bytes(self, commit_id: str) -> int:
        return 1000 * len(self.commits)

    async def write_environment(self, vm_id: str, variables: Mapping[str, str]) -> None:
        self._called("write_environment", vm_id)
        self.environments[vm_id] = dict(variables)

    async def pause(self, vm_id: str) -> None:
        self._called("pause", vm_id)
        self.sandboxes[vm_id] = "paused"

    async def resume(self, vm_id: str) -> None:
        self._called("resume", vm_id)
        self.sandboxes[vm_id] = "running"

    async def destroy(self, vm_id: str) -> None:
        self._called("destroy", vm_id)
        self.sandboxes.pop(vm_id, None)

    async def destroy_commit(self, commit_id: str) -> None:
        self._called("destroy_commit", commit_id)
        self.commits.pop(commit_id, None)

    async def execute(self, vm_id: str, command: Execution) -> tuple[int, bytes, bytes]:
        self._called("execute", vm_id, *command.arguments, f"{dict(command.environment)}", f"{command.timeout:g}")
        return self.answer or (3, command.stdin, b"\xff")

    async def follow(self, vm_id: str, command: Execution, take: Callable[[str, bytes], None]) -> int:
        self._called("follow", vm_id, *command.arguments)
        for word in command.arguments[1:]:
            take("stdout", word.encode())
        if self.gate:
            await self.gate.wait()
        return 4

    async def note(self, vm_id: str, exec_id: str, written: Sequence[tuple[str, bytes]]) -> None:
        self.logs.setdefault(vm_id, []).extend(
            {"exec_id": exec_id, "stream": stream, "data_b64": base64.b64encode(data).decode()}
            for stream, data in written
            if data
        )

    async def noted(self, vm_id: str, offset: int, entries: int, stream: str) -> tuple[list[dict[str, str]], int, bool]:
        found = [entry for entry in self.logs.get(vm_id, [])[offset:] if stream in ("", entry["stream"])]
        return found[:entries], offset + len(found), True

    async def state(self, vm_id: str) -> str:
        return self.sandboxes.get(vm_id, "dead")

    async def enclosure(self, vm_id: str) -> Enclosure | None:
        return Enclosure(True, ("network",), self.limits.get(vm_id, Limits()), {"pids": "this user may not"})

    async def private_key(self, vm_id: str) -> tuple[str, int]:
        self._called("private_key", vm_id)
        return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{vm_id}\n-----END OPENSSH PRIVATE KEY-----\n", 2222


@dataclass
class World:
    """An embedded fleet's HTTP side in memory."""

    records: Records
    hosting: FakeHosting
    token: str
    application: Starlette

    @property
    def transport(self) -> httpx.ASGITransport:
        return httpx.ASGITransport(self.application, raise_app_exceptions=False)

    def http(self, *, key: str | None = None, crashing: bool = False, **options: Any) -> httpx.AsyncClient:
        """Return a client with the right key, or with another Authorization value.

        Args:
            key: another value.
            crashing: what the application does not catch is raised here.
        """
        transport = httpx.ASGITransport(self.application) if crashing else self.transport
        value = f"Bearer {self.token}" if key is None else key
        headers = {"Authorization": value} if value else {}
        return httpx.AsyncClient(
            transport=transport, base_url="http://fleet.test", headers=headers | options.pop("headers", {})
        )


def new_token() -> str:
    """Return a fresh key in the platform's form; its first 36 characters are the owner id and no secret."""
    return f"{uuid.uuid4()}{secrets.token_hex(32)}"


def make_world(path: Path | str = ":memory:", token: str | None = None, **options: Any) -> World:
    """Build an application over a file and a fake hosting."""
    records = Records(path)
    hosting = FakeHosting()
    token = token or new_token()
    return World(records, hosting, token, create_application(records, hosting, token, **options))


class _Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def serving(application: Starlette, port: int = 0) -> AsyncIterator[str]:
    """Serve an application on a real loopback socket; yields its base URL."""
    config = uvicorn.Config(application, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=2)
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            await server.ready.wait()
        socket = server.servers[0].sockets[0]
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        application.state.parts.end_streams()
        server.should_exit = True
        await task
