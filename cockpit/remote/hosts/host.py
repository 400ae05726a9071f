"""How a plain SSH host is reached: what the configuration says of it, and what OpenSSH's files add."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.remote.ssh.endpoint import SshEndpoint

DEFAULT_PORT = 22
OPENSSH_CONFIG = "~/.ssh/config"
SYSTEM_CONFIG = "/etc/ssh/ssh_config"
"""Read after the user's own, as OpenSSH does where no other file is named."""


@dataclass(frozen=True, slots=True)
class PlainHost:
    """One host. What is empty is left to OpenSSH's configuration, and then to its defaults."""

    name: str
    """How it is called here; the source's name."""
    address: str
    """A host name, an address, or an alias of OpenSSH's configuration."""
    user: str = ""
    port: int = 0
    identity_file: str = ""
    """A private key on this machine; empty takes the agent's and the usual files."""
    agent: bool = True
    """Whether the keys of the SSH agent are tried."""
    jump: str = ""
    """`USER@HOST:PORT` on the way, several with commas between; empty takes OpenSSH's `ProxyJump`."""
    known_hosts: str = ""
    """The file of trusted host keys; empty takes OpenSSH's."""
    config_file: str = OPENSSH_CONFIG

    def options(self) -> dict[str, Any]:
        """Return what asyncssh is told of the files and the keys; a missing file of OpenSSH is none."""
        files = [self.config_file, *([SYSTEM_CONFIG] if self.config_file == OPENSSH_CONFIG else [])]
        paths = [path for path in (Path(file).expanduser() for file in files) if path.is_file()]
        options: dict[str, Any] = {"config": [str(path) for path in paths]}
        if self.user:
            options["username"] = self.user
        if self.port:
            options["port"] = self.port
        if self.identity_file:
            options["client_keys"] = [str(Path(self.identity_file).expanduser())]
            # The agent may hold what this file has under a passphrase.
            options["ignore_encrypted"] = self.agent
        if not self.agent:
            options["agent_path"] = None
        return options

    def endpoint(self) -> SshEndpoint:
        """Return where its server is, for messages, and under which name a key of it is trusted here."""
        called = f"host {self.name}"
        return SshEndpoint(self.address, self.port or DEFAULT_PORT, self.user, called, called=called)
