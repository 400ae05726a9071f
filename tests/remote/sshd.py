"""A private OpenSSH server on loopback with its own keys, whose processes are all known and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import asyncssh
import psutil  # type: ignore[import-untyped]

from cockpit.remote.ssh.endpoint import SshEndpoint, Tls
from tests.requirements import require_program

START_BOUND = 10.0


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Sshd:
    """One server. Its sessions are the current user's, in a home of their own: shells read no rc file of that user."""

    def __init__(self, directory: Path, *options: str, name: str = "vm-1") -> None:
        self.directory = directory
        self.name = name
        self.port = free_port()
        self.private_key = ""
        self._options = options
        self._program = require_program("sshd")
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        self._write_client_key()
        self.change_host_key()

    def _write_client_key(self) -> None:
        key = asyncssh.generate_private_key("ssh-ed25519")
        self.private_key = key.export_private_key("openssh").decode()
        (self.directory / "authorized_keys").write_bytes(key.export_public_key("openssh"))

    def change_host_key(self) -> None:
        """Make a new host key; the next start uses it."""
        path = self.directory / "host_key"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh"))

    def revoke_client_key(self) -> None:
        """Accept the client's key no longer."""
        (self.directory / "authorized_keys").write_text("")

    def _environment(self) -> str:
        """Return the line that sets the sessions' environment; a server takes only one of them."""
        given = next((option for option in self._options if option.startswith("SetEnv ")), "SetEnv")
        if "HOME=" in given or "PermitUserEnvironment yes" in self._options:
            return given
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        return f"{given} HOME={home}"

    def start(self) -> None:
        """Start the listener and return when it accepts."""
        config = self.directory / "sshd_config"
        environment = self._environment()
        config.write_text(
            "\n".join(
                (
                    f"ListenAddress 127.0.0.1:{self.port}",
                    f"HostKey {self.directory}/host_key",
                    f"AuthorizedKeysFile {self.directory}/authorized_keys",
                    f"PidFile {self.directory}/sshd.pid",
                    "StrictModes no",
                    "UsePAM no",
                    "PermitRootLogin yes",
                    "PasswordAuthentication no",
                    "KbdInteractiveAuthentication no",
                    "PrintMotd no",
                    "LogLevel VERBOSE",
                    *([environment] if " " in environment else []),
                    *(option for option in self._options if not option.startswith("SetEnv ")),
                    "",
                )
            )
        )
        Path("/run/sshd").mkdir(exist_ok=True) if os.getuid() == 0 else None
        self._process = subprocess.Popen(
            [str(self._program), "-D", "-f", str(config), "-E", str(self.directory / "sshd.log")],
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_BOUND
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise AssertionError(f"sshd ended: {(self.directory / 'sshd.log').read_text()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise AssertionError("sshd does not listen")

    def stop(self) -> None:
        """End the listener and every process below it."""
        if self._process is None:
            return
        family = self.family()
        self._process.terminate()
        for process in family:
            _signal(process, signal.SIGKILL)
        self._process.wait(timeout=10)
        self._process = None

    def family(self) -> list[psutil.Process]:
        """Return every process below the listener, also those whose direct parent has gone."""
        if self._process is None:
            return []
        return list(psutil.Process(self._process.pid).children(recursive=True))

    def sessions(self) -> list[psutil.Process]:
        """Return the server's own processes, one or two per connection."""
        return [process for process in self.family() if name_of(process) == "sshd"]

    @staticmethod
    def readers(path: Path | str) -> list[psutil.Process]:
        """Return processes anywhere that name `path` in their arguments and are no zombies."""
        found = []
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
                alive = process.status() != psutil.STATUS_ZOMBIE
            except psutil.Error:
                continue
            if alive and process.pid != os.getpid() and any(str(path) == word for word in words):
                found.append(process)
        return found

    def kill_sessions(self) -> None:
        """Kill the server's process of every connection, as the kernel would."""
        for process in self.sessions():
            _signal(process, signal.SIGKILL)

    def stop_everything(self) -> None:
        """Freeze every session and what runs in it, like a paused VM."""
        for process in self.family():
            _signal(process, signal.SIGSTOP)

    def continue_everything(self) -> None:
        """Thaw."""
        for process in self.family():
            _signal(process, signal.SIGCONT)

    def endpoint(self, *, port: int | None = None, identity: str = "", tls: Tls | None = None) -> SshEndpoint:
        """Return how to reach the server, directly or through a relay's port."""
        username = psutil.Process().username()
        return SshEndpoint("127.0.0.1", port or self.port, username, identity or self.name, tls)


def name_of(process: psutil.Process) -> str:
    """Return a process's name, empty if it is gone by now."""
    try:
        return str(process.name())
    except psutil.Error:
        return ""


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        pass  # It ended meanwhile, some of them because another one did.
