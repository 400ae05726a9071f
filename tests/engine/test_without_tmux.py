"""A machine without tmux: agents run as detached processes, which is said, and outlive cockpit and server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.embedded.endpoint import read_endpoint
from tests.engine.evidence import agent_place
from tests.fleets import LIMIT, FleetUnderTest, fleet_under_test, poll
from tests.inside import on_host
from tests.requirements import missing, require_program

HIDE = 'for file in "$@"; do [ "$file" = -- ] && break; mount --bind "$hidden" "$file" || exit 99; done'
RUN = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[tuple[FleetUnderTest, list[str]]]:
    """A fleet, and a prefix that runs a command where tmux cannot be run, neither by it nor by what it starts."""
    tmux = require_program("tmux").resolve()
    hidden = tmp_path / "hidden"
    hidden.touch(mode=0o644)
    prefix = ["unshare", *(["-r"] if os.getuid() else []), "-m", "env", f"hidden={hidden}", "sh", "-c"]
    prefix += [f"{HIDE}; {RUN}", "sh", str(tmux), "--"]
    seen = subprocess.run([*prefix, "sh", "-c", "command -v tmux"], capture_output=True, check=False)
    if seen.returncode == 99 or seen.stderr:
        missing(f"tmux cannot be hidden here: {seen.stderr.decode().strip()}")
    assert not seen.stdout
    with fleet_under_test() as fleet:
        yield fleet, prefix


def run(fleet: FleetUnderTest, prefix: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a headless verb where tmux is hidden."""
    return subprocess.run(
        [*prefix, *fleet.command(*words)],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        # An overlay shows what is below a file that was covered, so behind walls tmux would be there again.
        env={**fleet.environment(), "COCKPIT_WALLS": "off"},
        check=False,
    )


def test_agents_run_detached_and_outlive_the_server(bare: tuple[FleetUnderTest, list[str]]) -> None:
    fleet, prefix = bare
    spawned = run(fleet, prefix, "spawn", "ada", "--agent", "scripted", "--json")
    assert spawned.returncode == 0, spawned.stderr
    assert "detached" in spawned.stderr
    ada = json.loads(spawned.stdout)
    served = read_endpoint(fleet.places.fleet)
    assert served is not None and not served.tmux
    notices = run(fleet, prefix, "agents").stderr + _notices(fleet, prefix)
    assert "tmux" in notices
    pid = int((agent_place(fleet, ada["vm_id"]) / "pid").read_text())
    done = run(fleet, prefix, "send", "ada", "[say Detached.]", "--wait", "done")
    assert done.stdout.strip() == "Detached.", done.stderr
    os.kill(served.pid, signal.SIGKILL)
    poll(lambda: read_endpoint(fleet.places.fleet) is None, "the end of the server")
    on_host(pid, ada["vm_id"])
    again = run(fleet, prefix, "send", "ada", "[say Still here.]", "--wait", "done")
    assert again.stdout.strip() == "Still here.", again.stderr
    assert int((agent_place(fleet, ada["vm_id"]) / "pid").read_text()) == pid, "it was adopted"


def _notices(fleet: FleetUnderTest, prefix: list[str]) -> str:
    """Return what the engine says stands."""
    program = (
        "import asyncio, sys; from pathlib import Path; from tests.fleets import FleetUnderTest\n"
        "async def show():\n"
        "    async with FleetUnderTest(Path(sys.argv[1])).engine(watch=False) as engine:\n"
        "        print(*engine.fleet.notices, sep='\\n')\n"
        "asyncio.run(show())\n"
    )
    words = fleet.command()
    done = subprocess.run(
        [*prefix, words[0], "-c", program, str(fleet.root)],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        # An overlay shows what is below a file that was covered, so behind walls tmux would be there again.
        env={**fleet.environment(), "COCKPIT_WALLS": "off"},
        check=True,
    )
    return done.stdout
