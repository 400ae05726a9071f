"""The signs of life that a VM gives by itself: over each way to ask, as long as the agent lives, and nothing after."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.agents.reporting.beats import beat_script
from cockpit.services.http import ServiceHttp
from cockpit.services.registry import Registration, RegistryClient
from tests.agents.reporting.test_board import FOUND, TOOLS, WAYS
from tests.agents.scaffold.scaffold_machine import wait_until
from tests.embedded.api.fakes import make_world, serving

VM = "aaaaaaaa-0000-4000-8000-000000000001"


def begin(script: Path, pid: int, seconds: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Let a VM give signs of life of a process."""
    return subprocess.Popen(["/bin/sh", str(script), str(pid), seconds], env=environment)


def sleeping() -> subprocess.Popen[bytes]:
    """Start what stands for an agent."""
    return subprocess.Popen(["/bin/sleep", "600"])


def typed(pid: int) -> str:
    """Return the argument list of a process."""
    return " ".join(psutil.Process(pid).cmdline())


@pytest.mark.parametrize("way", WAYS)
async def test_beats_while_the_agent_lives_then_stopped_and_no_process_is_left(tmp_path: Path, way: str) -> None:
    world = make_world()
    script, programs = tmp_path / "beat.sh", tmp_path / "programs"
    script.write_text(beat_script())
    programs.mkdir()
    for tool in (*TOOLS, way, "sleep"):
        if found := FOUND.get(tool, "/bin/sleep"):
            (programs / tool).symlink_to(found)
    async with serving(world.application) as url:
        registry = RegistryClient(http := ServiceHttp(url, world.token))
        await registry.register(Registration(VM, "w-1", "worker", "host", "swarm-cockpit"))
        began = (await registry.get(VM)).lastSeen
        environment = {
            "PATH": str(programs),
            "VERS_INFRA_URL": url,
            "VERS_AUTH_TOKEN": world.token,
            "VERS_VM_ID": VM,
        }
        agent = sleeping()
        beats = begin(script, agent.pid, "0.1", environment)
        try:
            async with asyncio.timeout(60):
                while (await registry.get(VM)).lastSeen <= began:
                    assert world.token not in typed(beats.pid)
        finally:
            agent.kill()
            agent.wait()
        await asyncio.to_thread(beats.wait, 60)
        assert beats.returncode == 0, "it ends with the agent"
        assert (await registry.get(VM)).status == "running", "a killed launcher says nothing of the end"
        ended = ["/bin/sh", str(script), "", str(tmp_path / "ended")]
        assert (await asyncio.to_thread(subprocess.run, ended, env=environment)).returncode == 0
        assert (await registry.get(VM)).status == "stopped" and not (tmp_path / "ended").exists()
        await http.close()


def test_an_end_from_outside_takes_the_beats_with_it_at_once(tmp_path: Path) -> None:
    script = tmp_path / "beat.sh"
    script.write_text(beat_script())
    environment = dict(os.environ) | {"VERS_INFRA_URL": "http://127.0.0.1:9", "VERS_VM_ID": VM}
    beats = begin(script, os.getpid(), "600", environment)
    process = psutil.Process(beats.pid)
    wait_until(lambda: [child.name() for child in process.children()] == ["sleep"], "it sleeps")
    (sleeper,) = process.children()
    beats.terminate()
    beats.wait(60)
    wait_until(lambda: not sleeper.is_running() or sleeper.status() == psutil.STATUS_ZOMBIE, "the sleeper went, too")


def test_without_services_or_an_id_it_ends_at_once(tmp_path: Path) -> None:
    script = tmp_path / "beat.sh"
    script.write_text(beat_script())
    for environment in ({"VERS_VM_ID": VM}, {"VERS_INFRA_URL": "http://127.0.0.1:9"}):
        done = subprocess.run(["/bin/sh", str(script), str(os.getpid()), "600"], env=environment, timeout=60)
        assert done.returncode == 0
