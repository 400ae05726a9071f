"""Sandboxes of every freezer kind this machine allows, with a check that nothing of them is left."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.embedded.gateway.gateway import Gateway, quiet_ssh_log
from cockpit.embedded.sandbox.groups import find_group_base
from cockpit.embedded.sandbox.sandboxes import Sandboxes
from tests.embedded.tunnel import loopback_socket
from tests.leftovers import short_directory
from tests.requirements import missing

KINDS = ("cgroup2", "cgroup1", "signals")
OPEN = " without walls"


def processes_of(vm_id: str) -> set[int]:
    """Return the live processes of a VM: those that work in its directory, carry its name, or share their sessions."""
    found: set[int] = set()
    others: list[int] = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            signs = [process.cwd(), *process.cmdline(), process.environ().get("COCKPIT_SANDBOX", "")]
        except psutil.Error:
            continue
        if any(vm_id in sign for sign in signs):
            found.add(process.pid)
        else:
            others.append(process.pid)
    sessions = {os.getsid(pid) for pid in found if psutil.pid_exists(pid)} - {os.getsid(0)}
    return found | {pid for pid in others if _session(pid) in sessions}


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return -1


def first_processes_of(root: Path) -> list[int]:
    """Return the first processes of a fleet's sandboxes: they name a socket below its directory."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and any(str(root) in word and word.endswith("/init") for word in process.info["cmdline"] or ())
    ]


def groups_of(mark: str) -> list[Path]:
    """Return the control groups of a fleet."""
    bases = {base for kind in KINDS[:2] if (base := find_group_base(kind)) is not None}
    return [path for base in bases for path in base.glob(f"cockpit-{mark}-*")]


@pytest.fixture
def short_root() -> Iterator[Path]:
    """A directory whose path is short enough for sockets."""
    directory = short_directory("ckb")
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(params=["cgroup2", "cgroup1", "cgroup1" + OPEN, "signals" + OPEN])
def freezer_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way to freeze, with the walls that this machine allows and without."""
    kind = str(request.param).removesuffix(OPEN)
    monkeypatch.setenv("COCKPIT_WALLS", "off" if kind != request.param else "auto")
    if kind != "signals" and find_group_base(kind) is None:
        missing(f"{kind} groups cannot be made by this user")
    return kind


@dataclass
class Fleet:
    """Sandboxes for a test."""

    sandboxes: Sandboxes

    async def create(self) -> str:
        """Make a VM and return its id."""
        vm_id = str(uuid.uuid4())
        await self.sandboxes.create(vm_id)
        return vm_id

    def home(self, vm_id: str) -> Path:
        """Return a VM's home."""
        return self.sandboxes.layout.sandbox(vm_id).home

    def inner_home(self, vm_id: str) -> str:
        """Return a VM's home as its own commands call it."""
        sandbox = self.sandboxes.find(vm_id)
        return "/root" if sandbox is not None and sandbox.walled else str(self.home(vm_id))


async def check_empty(sandboxes: Sandboxes) -> None:
    """Destroy everything and make sure that nothing is left."""
    vm_ids = sandboxes.vm_ids()
    sockets = [sandboxes.layout.socket_directory(vm_id) for vm_id in vm_ids]
    await sandboxes.destroy_all()
    sandboxes.close()
    for vm_id in vm_ids:
        assert not processes_of(vm_id)
    assert not first_processes_of(sandboxes.layout.root)
    assert not groups_of(sandboxes.layout.mark)
    assert not list(sandboxes.layout.vms.iterdir())
    assert not list(sandboxes.layout.commits.iterdir())
    assert not [path for path in sockets if path.exists()]


@pytest.fixture
async def fleet(short_root: Path, freezer_kind: str) -> AsyncIterator[Fleet]:
    """An empty fleet of each freezer kind; nothing of it may be left afterwards."""
    sandboxes = Sandboxes(short_root, freezer=freezer_kind)
    await sandboxes.adopt()
    try:
        yield Fleet(sandboxes)
    finally:
        await check_empty(sandboxes)


@dataclass
class Served(Fleet):
    """Sandboxes behind a gateway."""

    gateway: Gateway


@pytest.fixture
async def served(short_root: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """A fleet with a gateway, by the best freezer of this machine and with the walls that it allows."""
    quiet_ssh_log()
    monkeypatch.setenv("COCKPIT_WALLS", "auto")
    sandboxes = Sandboxes(short_root)
    await sandboxes.adopt()
    gateway = Gateway(sandboxes, short_root / "tls", paused_delay=0.5)
    await gateway.start(loopback_socket())
    try:
        yield Served(sandboxes, gateway)
    finally:
        await gateway.close()
        assert gateway.connections == 0
        await check_empty(sandboxes)
