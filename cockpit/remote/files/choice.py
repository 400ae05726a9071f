"""Chooses the way to the files of a VM, once for each connection: SFTP where it is and shows the same files."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import asyncssh

from cockpit.remote.errors import RemoteError
from cockpit.remote.files.sftp import SftpFiles
from cockpit.remote.files.shell import ShellFiles

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

ANSWER_LIMIT = 10.0
"""Seconds a server gets to say whether it has SFTP."""

LOOKS = 3
"""Times the two ways may differ."""


class FileWays:
    """The way to the files over one connection. A file transfer session takes a channel while it is open."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._shell = ShellFiles(connection)
        self._client: asyncssh.SFTPClient | None = None
        self._by_shell = False

    async def chosen(self, known: bytes) -> SftpFiles | ShellFiles:
        """Return the way, and choose it if that was not done yet.

        Args:
            known: the real path of a directory that is there for the shell; a server may show other files by SFTP.

        Raises:
            RemoteError: the connection gave out, or gives no channel now.
        """
        if self._by_shell:
            return self._shell
        if self._client is None:
            self._client = await self.connection.open_sftp(ANSWER_LIMIT)
            if self._client is None:
                self._decide_for_shell("the server has no SFTP")
                return self._shell
            files = SftpFiles(self.connection, self._client, self._shell)
            try:
                same = await self._shows_the_same(files, known)
            except RemoteError as error:
                if not self.connection.connected:
                    raise
                self.rest()
                self._decide_for_shell(str(error))
                return self._shell
            if not same:
                self.rest()
                self._decide_for_shell("SFTP shows other files than the shell")
                return self._shell
        return SftpFiles(self.connection, self._client, self._shell)

    async def _shows_the_same(self, files: SftpFiles, known: bytes) -> bool:
        """Compare a directory by both ways; it may change between two looks, but not each time."""
        for _ in range(LOOKS):
            if await files.status(known) == await self._shell.status(known):
                return True
        return False

    def _decide_for_shell(self, why: str) -> None:
        log.info("files of %s by the shell: %s", self.connection.endpoint, why)
        self._by_shell = True

    def rest(self) -> None:
        """Give the channel back until somebody wants a file again; also of a session that is stuck or gone."""
        client, self._client = self._client, None
        if client is not None:
            client.exit()
