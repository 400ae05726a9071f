"""Whether a host shows a key that OpenSSH's `known_hosts`, or the operator here, trusts; anything else is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh

from cockpit.remote.errors import HostKeyChanged
from cockpit.remote.hosts.host import DEFAULT_PORT
from cockpit.remote.ssh.client import SshClient
from cockpit.remote.ssh.host_keys import HostKeyCheck, key_line
from cockpit.remote.ssh.trust import HostKeyStore


class KnownHostsCheck(HostKeyCheck):
    """The verdict of one attempt; asyncssh asks only where `known_hosts` does not have the key that is shown."""

    def __init__(self, identity: str, store: HostKeyStore) -> None:
        super().__init__(identity, store)
        self._host = identity
        self.known_hosts: Any = ()
        """As asyncssh resolved it; empty is the usual file."""

    def accepts_at(self, host: str, address: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Say whether a key may be used that `known_hosts` does not have for the place; a refusal is kept."""
        if key in self._known:
            return True
        lines = [*self._in_known_hosts(host, address, port), *self._known]
        pinned = tuple(dict.fromkeys(known.get_fingerprint() for known in lines))
        offered = key.get_fingerprint()
        place = host if port == DEFAULT_PORT else f"[{host}]:{port}"
        if pinned:
            said = f"{self._host} shows host key {offered}, but {' or '.join(pinned)} is known for it: refused"
            way = f"`cockpit trust-host-key AGENT`, or `ssh-keygen -R '{place}'` and `ssh` to it once"
            hint = f"if you know why the key changed: {way}; if not, somebody may be in between"
        else:
            said = f"{self._host} shows host key {offered}, and known_hosts has none for {place}: refused"
            hint = "compare the key with the host's own, and let `ssh` connect to it once: that writes it down"
        self.conflict = HostKeyChanged(
            said, hint=hint, identity=self._host, pinned=pinned, offered=offered, offered_key=key_line(key)
        )
        return False

    def _in_known_hosts(self, host: str, address: str, port: int) -> list[asyncssh.SSHKey]:
        known: Any = self.known_hosts or _usual_file()
        try:
            found = asyncssh.match_known_hosts(known, host, address, None if port == DEFAULT_PORT else port)
        except (OSError, ValueError):
            return []
        return list(found[0])


def _usual_file() -> str | bytes:
    usual = Path("~/.ssh/known_hosts").expanduser()
    return str(usual) if usual.is_file() else b""


class KnownHostsClient(SshClient):
    """The owner of a connection to a plain host."""

    def __init__(self, check: KnownHostsCheck, lost: Callable[[Exception | None], None]) -> None:
        super().__init__(check, lost)
        self._known = check

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Say whether a key is the host's that its `known_hosts` does not have."""
        return self._known.accepts_at(host, addr, port, key)
