"""The extensions of pi that make swarms and lieutenants, two within the fleet and one beside it, at the same time.

All use the same labels, the same paths and the same registry; none may ever meet another.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from cockpit.embedded.access.files import write_ssh_configuration
from cockpit.embedded.access.inside import PROGRAMS, Inside
from cockpit.embedded.api.application import create_application
from cockpit.embedded.api.records import Records
from tests.embedded.api.fakes import new_token, serving
from tests.embedded.conftest import Served
from tests.requirements import missing, require_program

PROGRAM = Path(__file__).with_name("extension_program.py")
LIMIT = 180.0
"""Seconds each phase gets on a busy machine."""

PI = f"""#!{sys.executable} -I
import json, subprocess, sys
def say(**event): print(json.dumps(event), flush=True)
for line in sys.stdin:
    command = json.loads(line)
    if command["type"] == "get_state":
        say(type="response", command="get_state", id=command["id"], success=True)
    elif command["type"] == "prompt":
        say(type="agent_start")
        done = subprocess.run(["/bin/sh", "-c", command["message"]], capture_output=True, text=True)
        event = dict(type="text_delta", delta=done.stdout + done.stderr)
        say(type="message_update", assistantMessageEvent=event)
        say(type="agent_end")
"""
"""A pi whose model does what it is told, to the letter."""


class Coordinator:
    """A pi with the extensions, somewhere."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._process = process

    async def phase(self) -> dict[str, Any]:
        """Return what it found in the phase it is in, and let it go on."""
        assert self._process.stdout is not None and self._process.stdin is not None
        async with asyncio.timeout(LIMIT):
            line = await self._process.stdout.readline()
        found: dict[str, Any] = json.loads(line)
        return found

    def go_on(self) -> None:
        """Let it begin the next phase."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A search path with our pi in front, as the server has it."""
    for name in ("ssh", "openssl", "tmux"):
        require_program(name)
    directory = tmp_path / "bin"
    directory.mkdir()
    (directory / "pi").write_text(PI, encoding="utf-8")
    (directory / "pi").chmod(0o755)
    path = f"{directory}:{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    return path


async def test_two_swarms_within_and_one_beside_never_meet(programs: str, served: Served, tmp_path: Path) -> None:
    if served.sandboxes.offer().walls is None:
        missing(f"without walls all VMs have the same /tmp: {served.sandboxes.offer().reason}")
    token, root = new_token(), served.sandboxes.layout.root
    gateway = f"127.0.0.1:{served.gateway.port}"
    configuration = write_ssh_configuration(root, served.gateway.authority, "127.0.0.1", served.gateway.port)
    async with AsyncExitStack() as stack:
        records = Records(":memory:")
        stack.callback(records.close)
        application = create_application(records, served.sandboxes, token)
        base = await stack.enter_async_context(serving(application))
        inside = Inside(base, gateway, application.state.parts.household.key_on)
        served.sandboxes.platform = inside.variables
        operator = Inside(base, gateway, lambda _vm_id: token).variables("")
        api = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"{base}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=LIMIT)
        )
        golden = await golden_image(api)

        async def coordinator(name: str, vm_id: str) -> Coordinator:
            words = [sys.executable, "-I", "/root/coordinator.py" if vm_id else str(PROGRAM), name, golden]
            if vm_id:
                words = ["ssh", "-F", str(configuration), vm_id, shlex.join(words)]
            ours = {"PATH": f"{PROGRAMS}:{programs}", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
            process = await asyncio.create_subprocess_exec(
                *words,
                env=ours | ({} if vm_id else dict(operator)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            stack.push_async_callback(ended, process)
            return Coordinator(name, process)

        homes = [(await api.post("/vm/from_commit", json={"commit_id": golden})).json()["vm_id"] for _ in range(2)]
        swarms = [await coordinator(*pair) for pair in zip(("ada", "bob", "cyd"), (*homes, ""), strict=True)]
        begun = await asyncio.gather(*(swarm.phase() for swarm in swarms))
        vms = [found["vms"] for found in begun]
        everybody = {vm_id for found in vms for vm_id in found.values()}
        assert len(everybody) == 6
        for swarm, found in zip(swarms, begun, strict=True):
            told = {label: f"{vm_id}\n/root/workspace\n" for label, vm_id in found["vms"].items()}
            assert found["wrote"] == told, swarm.name
            swarm.go_on()
        for swarm, own, found in zip(swarms, vms, await asyncio.gather(*(one.phase() for one in swarms)), strict=True):
            assert found["read"] == {label: f"{swarm.name} {label}\n{swarm.name}\n" for label in own}
            assert found["power"] == ["paused", "running", "alive"]
            # The registry tells of all; the key of an agent's VM opens none that it did not make.
            assert found["discovered"].keys() == everybody - set(own.values())
            if swarm.name != "cyd":
                assert all("(403)" in said for said in found["discovered"].values()), found["discovered"]
            swarm.go_on()
        for found in await asyncio.gather(*(swarm.phase() for swarm in swarms)):
            assert found == {"left": []}
        listed = {vm["vm_id"] for vm in (await api.get("/vms")).json()}
        assert not listed & everybody and set(homes) < listed
        assert (await httpx.AsyncClient().get(f"{base}/registry/vms", headers=api.headers)).json()["vms"] == []


async def golden_image(api: httpx.AsyncClient) -> str:
    """Return a commit of a VM that has what such agents need, and their coordinator."""
    vm_id = (await api.post("/vm/new_root?wait_boot=true", json={"vm_config": {}})).json()["vm_id"]
    text = "mkdir -p /root/workspace /root/.swarm && cat > /root/coordinator.py"
    command = {"command": ["/bin/sh", "-c", text], "stdin": PROGRAM.read_text(encoding="utf-8")}
    answer = (await api.post(f"/vm/{vm_id}/exec", json=command)).json()
    assert answer["exit_code"] == 0, answer
    return str((await api.post(f"/vm/{vm_id}/commit")).json()["commit_id"])


async def ended(process: asyncio.subprocess.Process) -> None:
    """End a program that still runs."""
    if process.returncode is None:
        process.kill()
    await process.wait()
