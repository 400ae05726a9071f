"""The server as a process: started in the background, killed, adopted, stopped, removed."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncssh
import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.embedded.endpoint import ServerEndpoint, endpoint_file, held_lock, lock_file, read_endpoint, read_token
from cockpit.embedded.lifecycle import ensure_started, remove, stop
from cockpit.embedded.sandbox.layout import FleetLayout
from cockpit.embedded.sandbox.processes import read_entry
from cockpit.errors import ConfigError, Refused
from tests.embedded.conftest import groups_of, processes_of
from tests.embedded.tunnel import connect
from tests.embedded.waiting import grows, stays, until
from tests.inside import on_host
from tests.leftovers import short_directory
from tests.requirements import require_program

ROOT_COMMAND = ("-m", "cockpit.embedded.serve", "--root")


@pytest.fixture
def roots() -> Iterator[Callable[[], Path]]:
    """Makes fleet directories; their servers and VMs are gone afterwards."""
    made: list[Path] = []

    def make() -> Path:
        made.append(short_directory("cks"))
        return made[-1]

    yield make
    for root in made:
        if lock_file(root).exists():
            mark = FleetLayout(root).mark
            remove(root)
            assert not groups_of(mark)
        shutil.rmtree(root, ignore_errors=True)


class Api:
    """A client of the fleet's API."""

    def __init__(self, root: Path, endpoint: ServerEndpoint) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"{endpoint.base_url}/api/v1",
            headers={"Authorization": f"Bearer {read_token(root)}"},
            timeout=20,
        )

    async def create(self) -> str:
        """Make a VM and return its id once it runs."""
        answer = await self._client.post("/vm/new_root", params={"wait_boot": "true"}, json={"vm_config": {}})
        assert answer.status_code == 201, f"{answer.status_code} {answer.text}"
        return str(answer.json()["vm_id"])

    async def power(self, vm_id: str, word: str) -> None:
        """Change a VM's state."""
        answer = await self._client.patch(f"/vm/{vm_id}/state", json={"state": word})
        assert answer.status_code == 200, answer.text

    async def states(self) -> dict[str, str]:
        """Return the state of each VM."""
        return {vm["vm_id"]: vm["state"] for vm in (await self._client.get("/vms")).json()}

    async def key(self, vm_id: str) -> str:
        """Return a VM's key."""
        return str((await self._client.get(f"/vm/{vm_id}/ssh_key")).json()["ssh_private_key"])

    async def delete(self, vm_id: str) -> None:
        """Delete a VM."""
        answer = await self._client.delete(f"/vm/{vm_id}")
        assert answer.status_code == 200, answer.text


async def login(root: Path, endpoint: ServerEndpoint, vm_id: str, key: str) -> asyncssh.SSHClientConnection:
    """Log in to a VM."""
    host_key = FleetLayout(root).sandbox(vm_id).host_key.read_text()
    return await connect(endpoint.ssh_port, Path(endpoint.ca_file), vm_id, key, host_key=host_key)


def kill(endpoint: ServerEndpoint, root: Path) -> None:
    """End a server as a crash would."""
    descriptor = os.pidfd_open(endpoint.pid)
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)
    deadline = time.monotonic() + 10
    while read_endpoint(root) is not None:
        assert time.monotonic() < deadline


async def test_a_server_is_started_once_and_detached(roots: Callable[[], Path]) -> None:
    root = roots()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        started = list(pool.map(ensure_started, [root] * 4))
    assert len(set(started)) == 1
    endpoint = started[0]
    assert read_endpoint(root) == endpoint
    entry = read_entry(endpoint.pid)
    assert entry is not None
    assert entry.session != os.getsid(0)
    assert entry.parent != os.getpid()
    assert len(read_token(root)) == 100
    for path in (endpoint_file(root), root / "token", root / "serve.log"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for port in (endpoint.ssh_port, int(endpoint.base_url.rpartition(":")[2])):
        assert _listening_addresses(port) == {"127.0.0.1"}


def _listening_addresses(port: int) -> set[str]:
    """Return the addresses on which a port is listened to."""
    sockets = psutil.net_connections("tcp")
    return {one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN and one.laddr.port == port}


def _process_file(pid: int, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


async def test_sandboxes_inherit_no_ignored_signal(roots: Callable[[], Path]) -> None:
    root = roots()
    endpoint = ensure_started(root)
    api = Api(root, endpoint)
    vm_id = await api.create()
    async with await login(root, endpoint, vm_id, await api.key(vm_id)) as connection:
        ignored = await connection.run("grep SigIgn /proc/self/status")
    # glibc keeps 32 and 33 for threads, and what it spawns (posix_spawn) has them ignored: nobody else may have them.
    assert int(str(ignored.stdout).split()[1], 16) & ~(0b11 << 31) == 0


async def test_no_secret_of_the_operator_reaches_server_or_sandbox(
    roots: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = roots()
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary-anthropic")
    monkeypatch.setenv("VERS_API_KEY", "canary-vers")
    endpoint = ensure_started(root)
    api = Api(root, endpoint)
    vm_id = await api.create()
    key = await api.key(vm_id)
    async with await login(root, endpoint, vm_id, key) as connection:
        assert "canary" not in str((await connection.run("env")).stdout)
    assert b"canary" not in _process_file(endpoint.pid, "environ")
    assert read_token(root).encode() not in _process_file(endpoint.pid, "cmdline")
    log = (root / "serve.log").read_text()
    assert read_token(root) not in log
    assert "PRIVATE KEY" not in log


async def test_agents_outlive_a_killed_server_and_are_adopted(roots: Callable[[], Path]) -> None:
    require_program("tmux")
    root = roots()
    first = ensure_started(root)
    api = Api(root, first)
    running, paused = await api.create(), await api.create()
    homes = {vm_id: FleetLayout(root).sandbox(vm_id).home for vm_id in (running, paused)}
    keys = {vm_id: await api.key(vm_id) for vm_id in homes}
    tick = "tmux new-session -d -s agent 'while :; do echo x >> ticks; sleep 0.01; done'"
    for vm_id in homes:
        async with await login(root, first, vm_id, keys[vm_id]) as connection:
            await connection.run(tick, check=True)
        await grows(homes[vm_id] / "ticks")
    await api.power(paused, "Paused")
    lost = await login(root, first, running, keys[running])
    orphan = await lost.create_process("trap '' HUP PIPE; echo $$; exec sleep 1000")
    orphan_pid = on_host(int(await orphan.stdout.readline()), running)
    kill(first, root)
    await lost.wait_closed()
    await grows(homes[running] / "ticks")
    await stays(homes[paused] / "ticks", 0.1)

    second = ensure_started(root)
    assert second.pid != first.pid
    assert (second.base_url, second.ssh_port, second.ca_file) == (
        first.base_url,
        first.ssh_port,
        first.ca_file,
    )
    await until(lambda: read_entry(orphan_pid) is None)
    api = Api(root, second)
    assert await api.states() == {running: "running", paused: "paused"}
    await grows(homes[running] / "ticks")
    await stays(homes[paused] / "ticks", 0.1)
    await api.power(paused, "Running")
    for vm_id in homes:
        assert await api.key(vm_id) == keys[vm_id]
        await grows(homes[vm_id] / "ticks")
        async with await login(root, second, vm_id, keys[vm_id]) as connection:
            sessions = await connection.run("tmux list-sessions -F '#{session_name}'", check=True)
            assert sessions.stdout == "agent\n"
    await api.delete(running)
    assert not processes_of(running)
    assert not homes[running].exists()
    assert list(await api.states()) == [paused]


async def test_a_stop_leaves_agents_alive_and_ends_sessions(roots: Callable[[], Path]) -> None:
    root = roots()
    endpoint = ensure_started(root)
    api = Api(root, endpoint)
    vm_id = await api.create()
    home = FleetLayout(root).sandbox(vm_id).home
    connection = await login(root, endpoint, vm_id, await api.key(vm_id))
    await connection.run(
        "setsid sh -c 'while :; do echo x >> ticks; sleep 0.01; done' < /dev/null > /dev/null 2>&1 &",
        check=True,
    )
    session = await connection.create_process("trap '' HUP; echo $$; exec sleep 1000")
    pid = on_host(int(await session.stdout.readline()), vm_id)
    await grows(home / "ticks")
    assert await asyncio.to_thread(stop, root)
    await until(lambda: read_entry(pid) is None)
    assert read_endpoint(root) is None
    assert not stop(root)
    await connection.wait_closed()
    await grows(home / "ticks")
    again = ensure_started(root)
    assert (await Api(root, again).states())[vm_id] == "running"


async def test_two_homes_do_not_meet(roots: Callable[[], Path]) -> None:
    first_root, second_root = roots(), roots()
    first, second = ensure_started(first_root), ensure_started(second_root)
    assert first.pid != second.pid
    assert {first.base_url, first.ssh_port}.isdisjoint({second.base_url, second.ssh_port})
    assert read_token(first_root) != read_token(second_root)
    first_api, second_api = Api(first_root, first), Api(second_root, second)
    vm_id = await first_api.create()
    assert await second_api.states() == {}
    with pytest.raises(AssertionError, match="403"):
        await Api(first_root, second).create()
    with pytest.raises((asyncssh.Error, OSError)):
        key = await first_api.key(vm_id)
        await connect(second.ssh_port, Path(second.ca_file), vm_id, key)
    await asyncio.to_thread(remove, second_root)
    assert not second_root.exists()
    assert await first_api.states() == {vm_id: "running"}


async def test_a_second_server_refuses_the_root(roots: Callable[[], Path]) -> None:
    root = roots()
    endpoint = ensure_started(root)
    second = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, *ROOT_COMMAND, str(root)],
        check=False,
        capture_output=True,
        timeout=30,
    )
    assert second.returncode == 3
    assert b"served already" in second.stderr
    assert read_endpoint(root) == endpoint


def test_a_taken_port_is_replaced(roots: Callable[[], Path]) -> None:
    root = roots()
    first = ensure_started(root)
    stop(root)
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", first.ssh_port))
        squatter.listen()
        second = ensure_started(root)
    assert second.base_url == first.base_url
    assert second.ssh_port != first.ssh_port


def test_a_stale_endpoint_is_not_believed(roots: Callable[[], Path]) -> None:
    root = roots()
    assert read_endpoint(root) is None
    endpoint = ensure_started(root)
    text = endpoint_file(root).read_text()
    stop(root)
    endpoint_file(root).write_text(text)
    assert read_endpoint(root) is None
    with held_lock(lock_file(root)) as mine:
        assert mine
        # Somebody holds the lock, but it is not the server of the file.
        assert read_endpoint(root) is None
    endpoint_file(root).write_text("{broken")
    assert ensure_started(root).pid != endpoint.pid


@pytest.mark.races_the_clock("a server must say within a bound that it cannot start")
def test_a_server_that_cannot_start_says_why(roots: Callable[[], Path]) -> None:
    root = roots()
    (root / "start.lock").touch()
    (root / "vms").symlink_to("/")
    began = time.monotonic()
    with pytest.raises(Refused, match="symbolic link"):
        ensure_started(root)
    assert time.monotonic() - began < 10
    (root / "vms").unlink()


def test_only_a_fleet_is_removed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    with pytest.raises(ConfigError, match="nothing was removed"):
        remove(precious)
    assert (precious / "file").exists()
    remove(tmp_path / "absent")
