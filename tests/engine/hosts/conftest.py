"""A plain host under test: a private server of SSH, a home with a short path, and everything in it ended afterwards."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.config import HostSettings
from tests.leftovers import short_directory
from tests.remote.hosts.conftest import known_line
from tests.remote.sshd import Sshd


class HostUnderTest:
    """One server, and how the configuration names it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root = short_directory("ckh")
        self.home = self.root / "home"
        self.home.mkdir()
        self.sshd = Sshd(self.root / "sshd", f"SetEnv HOME={self.home} PATH={os.environ['PATH']}", name=name)
        self.sshd.start()
        self.key = self.root / "id"
        self.key.touch(mode=0o600)
        self.key.write_text(self.sshd.private_key)
        self.known = self.root / "known_hosts"
        self.trust()

    def trust(self) -> None:
        """Write the server's present key into `known_hosts`."""
        self.known.write_text(known_line(self.sshd))

    @property
    def settings(self) -> HostSettings:
        """Return its table of the configuration."""
        return HostSettings(
            name=self.name,
            address="127.0.0.1",
            port=self.sshd.port,
            user=self.sshd.endpoint().username,
            identity_file=str(self.key),
            agent=False,
            known_hosts=str(self.known),
            config_file="/nowhere",
            look_in=("~/pi-rpc",),
        )

    def remove(self) -> None:
        """End the server and all that works below its directory, and take that away."""
        self.sshd.stop()
        for process in psutil.process_iter():
            try:
                words = [*process.cmdline(), process.cwd(), process.environ().get("HOME", "")]
            except psutil.Error:
                continue
            if any(str(self.root) in word for word in words):
                try:
                    process.send_signal(signal.SIGCONT)
                    process.kill()
                    process.wait(10)
                except (psutil.Error, psutil.TimeoutExpired):
                    continue
        shutil.rmtree(self.root, ignore_errors=True)


@pytest.fixture
def plain_host() -> Iterator[HostUnderTest]:
    """A running host."""
    host = HostUnderTest("alpha")
    yield host
    host.remove()


def scaffolds_of(host: HostUnderTest) -> list[Path]:
    """Return the directories of agents that were spawned on a host."""
    return sorted((host.home / "agents").glob("*/pi-rpc"))


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """A running server alone."""
    server = Sshd(tmp_path / "sshd", name="alpha")
    server.start()
    yield server
    server.stop()
