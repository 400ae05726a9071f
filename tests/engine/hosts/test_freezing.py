"""Pausing on a host freezes all that an agent began, also what left its process tree, and nothing of anybody else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.agents.scaffold.launcher import MARK
from cockpit.engine.hosts.scripts import FREEZE, NO_AGENT
from tests.agents.scaffold.scaffold_machine import Machine, wait_until

BEGUN = ("child", "orphan", "daemon", "unmarked")
"""Below the agent; its parent gone; its parent and its session gone, twice forked; a member of such a session alone."""

AGENT = f"""
say() {{ echo 'echo $$ >'"$HOME/$1; exec sleep 600"; }}
sh -c "$(say child)" </dev/null &
( sh -c "$(say orphan)" </dev/null & )
( ( setsid sh -c "env -u {MARK} sh -c '$(say unmarked)' & $(say daemon)" </dev/null & ) & )
while read -r line; do :; done
"""


@pytest.fixture(params=["sh", "busybox"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    """A machine with an agent on it; it is ended with all that it began."""
    shell: tuple[str, ...] = ("sh",)
    if request.param == "busybox":
        if subprocess.run(["sh", "-c", "command -v busybox"], capture_output=True, check=False).returncode:
            pytest.skip("busybox is not installed")
        shell = ("busybox", "sh")
    made = Machine(tmp_path, shell)
    made.start(argv=("sh", "-c", AGENT))
    yield made
    signal_all(made, "CONT")
    for name in BEGUN:
        if (tmp_path / name).exists() and psutil.pid_exists(number(made, name)):
            psutil.Process(number(made, name)).kill()
    made.close()


def number(machine: Machine, name: str) -> int:
    return int((machine.home / name).read_text())


def signal_all(machine: Machine, signal: str) -> int:
    command = [*machine.shell, "-c", FREEZE, "freeze", str(machine.file("in").parent), signal]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode


def test_all_that_an_agent_began_is_frozen_and_goes_on(machine: Machine) -> None:
    begun = {name: machine.home / name for name in BEGUN}
    wait_until(lambda: all(file.exists() and file.read_text().strip() for file in begun.values()), "all run")
    processes = {name: psutil.Process(number(machine, name)) for name in BEGUN}
    processes["agent"] = psutil.Process(int(machine.file("pid").read_text()))
    assert processes["agent"].pid not in [processes[name].ppid() for name in ("orphan", "daemon")]
    bystander = subprocess.Popen(
        ["sleep", "600"], env={**machine.environment, f"{MARK}_2": "x"}, start_new_session=True
    )
    try:
        assert signal_all(machine, "STOP") == 0
        wait_until(lambda: {one.status() for one in processes.values()} == {"stopped"}, "all stand still")
        assert psutil.Process(bystander.pid).status() != "stopped"
        launcher = processes["agent"].parent()
        assert launcher is not None and launcher.status() != "stopped"
        assert signal_all(machine, "CONT") == 0
        wait_until(lambda: "stopped" not in {one.status() for one in processes.values()}, "all go on")
        machine.stop()
        assert signal_all(machine, "STOP") == NO_AGENT
    finally:
        bystander.kill()
        bystander.wait()
