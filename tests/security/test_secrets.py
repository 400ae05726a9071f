"""Secrets of a real start of an agent: in no argument list, no log, no tmux, and in no file beyond those that must."""

from __future__ import annotations

import logging
import os
import shlex
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.embedded.endpoint import read_token
from cockpit.embedded.sandbox.layout import PRIVATE_TREES
from cockpit.embedded.vm_keys import vm_key
from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.life import Relaunch
from cockpit.model.fleet import Agent, ProcessState
from cockpit.paths import state_directory
from tests.engine.evidence import agent_place
from tests.fleets import FleetUnderTest, fleet_under_test, order, spawned, until
from tests.inside import on_host
from tests.mock_model.server import ModelServerThread
from tests.real_pi.installations import MODEL, find_pi, write_models_json
from tests.requirements import require_program

CANARY = "sk-ant-canary-5f1e77a90bc2"


class ArgumentWatch:
    """Reads every argument list of this machine as fast as it can, in a thread, and keeps those with a secret."""

    def __init__(self, *secrets: str) -> None:
        self.found: set[bytes] = set()
        self.looks = 0
        self.seen: set[bytes] = set()
        """Names of the programs that were seen at all."""
        self._secrets = [secret.encode() for secret in secrets]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="argument watch")

    def _watch(self) -> None:
        while not self._stop.is_set():
            for entry in os.scandir("/proc"):
                if entry.name.isdigit():
                    self._look(Path(entry.path) / "cmdline")
            self.looks += 1

    def _look(self, file: Path) -> None:
        try:
            arguments = file.read_bytes()
        except OSError:
            return
        self.seen.add(Path(os.fsdecode(arguments.split(b"\0")[0])).name.encode())
        if any(secret in arguments for secret in self._secrets):
            self.found.add(arguments)

    def __enter__(self) -> ArgumentWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture(params=["accumulated", "delta"])
def fleet(
    request: pytest.FixtureRequest, isolated_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FleetUnderTest]:
    """A fleet whose agents are a real pi with a key."""
    require_program("tmux")
    monkeypatch.setenv("PATH", find_pi(request.param).path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    with ModelServerThread() as model:
        write_models_json(isolated_home, model.url)
        with fleet_under_test() as made:
            yield made


def environment_of(pid: int) -> list[bytes]:
    """Return the environment a process was started with."""
    return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


def files_with(root: Path, secret: str) -> list[Path]:
    """Return the files below a directory that hold a secret."""
    found = []
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and secret.encode() in path.read_bytes():
            found.append(path)
    return found


async def tmux(engine: Engine, agent: Agent, *words: str) -> str:
    """Ask the tmux server of a VM, as a command of the VM's."""
    session = engine.agent_session(agent.id)
    assert session is not None
    connection = session.connection()
    assert connection is not None
    done = await connection.run(shlex.join(["tmux", *words]), timeout=20)
    assert done.exit_code == 0, done
    return done.stdout.decode()


async def test_a_secret_is_only_where_it_must_be(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        token = read_token(fleet.places.fleet)
        with ArgumentWatch(CANARY, token) as watch:
            agent = await spawned(engine, "ada", program="pi", model=MODEL)
            await order(engine, Prompt(agent.id, "say hello"))
            first = int((agent_place(fleet, agent.vm_id) / "pid").read_text())
            agent_session = engine.agent_session(agent.id)
            assert agent_session is not None
            connection = agent_session.connection()
            assert connection is not None
            await connection.run(f'kill -9 "$(cat {agent.directory}/pid)"', timeout=20)
            await until(
                engine, lambda: engine.fleet_state.agents[agent.id].process.state is ProcessState.DEAD, "the death"
            )
            await order(engine, Relaunch(agent.id))
        assert not watch.found
        assert watch.looks > 20 and watch.seen & {b"tmux", b"tmux: client", b"tmux: server"}, (watch.looks, watch.seen)
        pid = int((agent_place(fleet, agent.vm_id) / "pid").read_text())
        assert pid != first
        environment = environment_of(on_host(pid, agent.vm_id))
        assert f"ANTHROPIC_API_KEY={CANARY}".encode() in environment, "the agent has its key, and only so"
        assert (
            f"VERS_AUTH_TOKEN={vm_key(token, agent.vm_id)}".encode() in environment
            and token.encode() not in environment
        )

        said = await tmux(engine, agent, "show-environment", "-g")
        said += await tmux(engine, agent, "show-environment", "-t", "=pi-rpc")
        panes = await tmux(engine, agent, "list-panes", "-a", "-F", "#{pane_start_command} #{pane_current_command}")
        for secret in (CANARY, token):
            logging.getLogger("cockpit.engine.test").warning("a secret was shown: %s", secret)
            assert secret not in said and secret not in panes
    assert_files(fleet, token)


def assert_files(fleet: FleetUnderTest, token: str) -> None:
    """Check the places secrets and history are kept in, the log among them."""
    places = [fleet.root, state_directory()]
    for place in places:
        assert files_with(place, CANARY) == []
        held = files_with(place, token)
        assert held == ([fleet.places.fleet / "token"] if place == fleet.root else [])
    logs = list(state_directory().rglob("*.log"))
    assert any("a secret was shown: [secret]" in log.read_text(encoding="utf-8") for log in logs), logs
    for place in places:
        loose = "\n".join(filter(None, map(open_to_others, (place, *place.rglob("*")))))
        assert not loose, loose


def open_to_others(path: Path) -> str:
    """Say what others may do with a path; what a VM's own users see below its private directory is its affair."""
    inside = path.parts[path.parts.index("vms") :] if "vms" in path.parts else ()
    if {*PRIVATE_TREES, "overlay-work"} & set(inside[2:3]) and "pi-rpc" not in inside:
        return ""
    status = path.lstat()
    if stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) != 0o700:
        return f"{path}: {stat.filemode(status.st_mode)}"
    if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
        return f"{path}: {stat.filemode(status.st_mode)}"
    return ""
