"""A stream to a port on a VM, as a channel of its SSH connection (`direct-tcpip`, RFC 4254, section 7.2)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import asyncssh

from cockpit.remote.errors import ChannelRefused, PortClosed

STREAM_WINDOW = 1 << 18
"""Bytes one stream may be ahead of whoever reads it: what hundreds of them hold together must not grow."""


@dataclass(frozen=True, slots=True)
class RemoteStream:
    """Both directions of a stream; each ends by itself."""

    reader: asyncssh.SSHReader[bytes]
    writer: asyncssh.SSHWriter[bytes]

    async def read(self, most: int) -> bytes:
        """Return bytes, or none at the end of what the port says.

        Raises:
            ConnectionError: the connection was lost; what was read need not be all.
        """
        try:
            return await self.reader.read(most)
        except (asyncssh.Error, OSError) as error:
            raise ConnectionResetError(str(error)) from error

    async def write(self, data: bytes) -> None:
        """Send bytes; returns when the port takes more.

        Raises:
            ConnectionError: nobody takes them any more.
        """
        try:
            self.writer.write(data)
            await self.writer.drain()
        except (asyncssh.Error, OSError) as error:
            raise ConnectionResetError(str(error)) from error

    def write_eof(self) -> None:
        """End what is sent; what the port says goes on."""
        if not self.writer.is_closing():
            self.writer.write_eof()

    def abort(self) -> None:
        """Close both directions at once."""
        self.writer.channel.abort()


async def open_stream(
    ssh: asyncssh.SSHClientConnection, where: str, host: str, port: int, *, wait: float
) -> RemoteStream:
    """Open a stream to a port.

    Args:
        ssh: the connection.
        where: the VM, for messages.
        host: an address or a name as the VM knows it.
        port: its number.
        wait: seconds it may take.

    Raises:
        PortClosed: nothing takes the connection there.
        ChannelRefused: the server opens none, or not in time.
    """
    try:
        async with asyncio.timeout(wait):
            # Type stubs leave the arguments open; the encoding decides that both ends carry bytes.
            reader, writer = await ssh.open_connection(host, port, encoding=None, window=STREAM_WINDOW)
    except TimeoutError as error:
        raise ChannelRefused(
            f"{where} did not connect to its port {port} within {wait:g} s", hint="the link or the VM is stuck"
        ) from error
    except asyncssh.ChannelOpenError as error:
        if error.code == asyncssh.OPEN_CONNECT_FAILED:
            raise PortClosed(
                f"nothing takes connections on port {port} of {where}", hint="start the server there, then try again"
            ) from error
        raise ChannelRefused(
            f"{where} forwards nothing to its port {port}: {error.reason or f'code {error.code}'}",
            hint="its sshd_config may say AllowTcpForwarding no",
        ) from error
    return RemoteStream(reader, writer)
