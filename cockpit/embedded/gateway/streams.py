"""A stream that a client has forwarded to a port of loopback; its channel ends as one of OpenSSH's server does."""

from __future__ import annotations

import asyncio

import asyncssh
from asyncssh.forward import SSHForwarder


class _Stream(SSHForwarder):
    """One end of the two. Once neither has more to say both are closed; the library left that to the client.

    `ssh -W`, with which one VM is reached through another, waits for the server to close the channel.
    """

    def eof_received(self) -> bool:
        more = super().eof_received()
        if not more:
            self.close()  # what was not sent yet is sent before
        return more


async def forwarded(host: str, port: int) -> asyncssh.SSHTCPSession[bytes]:
    """Connect to what listens on a port; return what carries a channel there.

    Raises:
        asyncssh.ChannelOpenError: nobody listens there.
    """
    try:
        _, there = await asyncio.get_running_loop().create_connection(_Stream, host, port)
    except OSError as error:
        raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, str(error)) from None
    return _Stream(there)  # type: ignore[return-value]  # asyncssh asks of a session what this has
