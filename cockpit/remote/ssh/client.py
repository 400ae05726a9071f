"""Answers asyncssh's questions about one connection: is the host the right one, and that it is lost."""

from __future__ import annotations

from collections.abc import Callable

import asyncssh

from cockpit.remote.ssh.host_keys import HostKeyCheck


class SshClient(asyncssh.SSHClient):
    """The owner of one connection."""

    def __init__(self, check: HostKeyCheck, lost: Callable[[Exception | None], None]) -> None:
        self._check = check
        self._lost = lost

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Say whether a key is the host's."""
        return self._check.accepts(key)

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass the end on."""
        self._lost(exc)
